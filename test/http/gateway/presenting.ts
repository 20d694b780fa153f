import type { Sensitive } from '#domain/sensitive.ts';
import type { World } from '#support/world.ts';
import { formOf } from '../../authz/matrix.ts';
import { type Said, saidIn } from '../asked.ts';

export const INTROSPECT = '/oauth2/introspect';
export const REVOKE = '/oauth2/revoke';
export const INACTIVE: Said = { status: 200, body: { active: false } };

export const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

/** A user whose token a gateway has. */
export async function introspector(world: World) {
  const caller = await world.user('gateway', 'tenant-member', 'token-introspector');
  return { caller, token: await world.pat(caller, 'first') };
}

/** A gateway’s requests, by its own token. */
export function gateway(world: Pick<World, 'send'>, token: Sensitive) {
  const ask = async (path: string, presented: string, more: object = {}): Promise<Said> =>
    saidIn(await world.send({ method: 'POST', path, token, ...formOf({ token: presented, ...more }) }));
  return {
    introspect: (presented: string, more?: object) => ask(INTROSPECT, presented, more),
    revoke: (presented: string, more?: object) => ask(REVOKE, presented, more),
  };
}
