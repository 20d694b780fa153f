import { expect } from 'vitest';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Sent, World } from '#support/world.ts';

const TABLES = [
  ...['personal_access_token', 'token', 'principal', 'role_grant', 'invitation', 'session', 'password'],
  ...['token_settings', 'replay', 'identity_provider', 'identity_audience', 'identity_mapping'],
] as const;
/** All that a refused request must leave as it was. */
export const remembered = ({ rows }: Pick<World, 'rows'>) =>
  Promise.all(TABLES.map((table) => rows(`select * from ${table}`)));

/** One request with one thing wrong with it; refused or not, it leaves the program as it should. */
export async function outcomeOf(world: World, token: Sensitive, sent: Sent): Promise<number> {
  const before = await remembered(world);
  const { status, text } = await world.send({ token, ...sent });
  expect(status, text).toBeLessThan(500);
  if (status < 400) return status;
  expect(await remembered(world), text).toEqual(before);
  const { message, details = [] } = JSON.parse(text);
  expect(message).toMatch(/^.{10,3500}$/s);
  for (const { problem } of details) expect(problem).toMatch(/^.{3,300}$/s);
  return status;
}
