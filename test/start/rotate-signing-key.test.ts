import { createPublicKey, verify } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { temporaryFolder } from '#support/folder.ts';
import { bootstrapToken, type Served, serve, serving, spawned, unattended } from '#support/process.ts';
import { usingRaw } from '#support/raw-sqlite.ts';
import { JSON_TYPE } from '#support/world.ts';
import { rowsIn } from '../faults/database.ts';

const HOUR_MS = 60 * 60 * 1000;
type Jwk = { readonly kid: string; readonly n: string; readonly e: string };

const keysOf = async ({ send }: Served): Promise<readonly Jwk[]> =>
  JSON.parse((await send({ method: 'GET', path: '/.well-known/jwks.json' })).text).keys;

const rotate = (data: string) => spawned(['rotate-signing-key', '--data', data]).ended;
const withdraw = (data: string) => spawned(['withdraw-signing-keys', '--data', data]).ended;

async function newJwt({ send }: Served, data: string, name: string): Promise<Sensitive> {
  const body = JSON.stringify({ name, tokenType: 'jwt' });
  const token = bootstrapToken(data);
  const asked = { method: 'POST', path: '/api/svc/v1/personal-access-tokens', token, headers: JSON_TYPE, body };
  return new Sensitive(JSON.parse((await send(asked)).text).token);
}

const headOf = (jwt: Sensitive) => JSON.parse(Buffer.from(jwt.reveal().split('.')[0] ?? '', 'base64url').toString());

/** As somebody does it who has nothing but the key set. */
function isSignedBy(jwt: Sensitive, { n, e }: Jwk): boolean {
  const [head, claims, signature = ''] = jwt.reveal().split('.');
  const key = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
  return verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'));
}

const isTaken = async ({ send }: Served, token: Sensitive): Promise<boolean> =>
  (await send({ method: 'GET', path: '/api/v1/whoami', token })).status === 200;

test('a new key is published at once, signs an hour later, and what the old one signed stays good, over restarts', async () => {
  const data = join(temporaryFolder(), 'data');
  const served = await serving(data, unattended(data));
  const [first] = await keysOf(served);
  const old = await newJwt(served, data, 'signed-before');
  const { code, said } = await rotate(data);
  expect({ code, said }).toEqual({
    code: 0,
    said: expect.stringMatching(/^The key [a-z0-9]{24} is published now, and signs from 20\S+Z on\.\n$/),
  });
  const [second, other, ...more] = await keysOf(served);
  expect([other, ...more]).toEqual([first]);
  expect(headOf(await newJwt(served, data, 'signed-meanwhile')).kid).toBe(first?.kid);
  served.process.kill('SIGTERM');
  await served.ended;
  const later = await serving(data, { env: { COUNTERSIGN_TEST_CLOCK: String(HOUR_MS) } });
  const fresh = await newJwt(later, data, 'signed-after');
  expect(headOf(fresh)).toEqual({ alg: 'RS256', typ: 'access+jwt', kid: second?.kid });
  expect([isSignedBy(old, first as Jwk), isSignedBy(fresh, second as Jwk), isSignedBy(old, second as Jwk)]).toEqual([
    ...[true, true, false],
  ]);
  expect(await Promise.all([isTaken(later, old), isTaken(later, fresh)])).toEqual([true, true]);
  const asked = `select json_extract(entry, '$.principalKind') as who, decision from audit_entry where action = 'signing-key:Rotate'`;
  expect(rowsIn(data, asked)).toEqual([{ who: 'operator', decision: 'allowed' }]);
});

test('keys that leaked are gone at once with all that they signed, over restarts; opaque tokens stay', async () => {
  const data = join(temporaryFolder(), 'data');
  const served = await serving(data, unattended(data));
  const first = await newJwt(served, data, 'by-the-first');
  await rotate(data);
  const [second, old] = await keysOf(served);
  const signed = [first, await newJwt(served, data, 'by-the-first-too')];
  expect(await Promise.all(signed.map((token) => isTaken(served, token)))).toEqual([true, true]);
  const { code, said } = await withdraw(data);
  const [made, ...more] = await keysOf(served);
  const lines = said.trimEnd().split('\n');
  expect([code, lines[0], lines.slice(1, 3).toSorted(), lines.slice(3)]).toEqual([
    ...[0, expect.stringMatching(new RegExp(`^The key ${made?.kid} is published now, and signs from 20\\S+Z on\\.$`))],
    [old, second].map((key) => `The key ${key?.kid} is gone.`).toSorted(),
    ['2 JWTs have ended with the keys that signed them.'],
  ]);
  expect(more).toEqual([]);
  const fresh = await newJwt(served, data, 'by-the-new-one');
  expect([headOf(fresh).kid, isSignedBy(fresh, made as Jwk)]).toEqual([made?.kid, true]);
  const standings = (on: Served) =>
    Promise.all([...signed, fresh, bootstrapToken(data)].map((token) => isTaken(on, token)));
  expect(await standings(served)).toEqual([false, false, true, true]);
  served.process.kill('SIGTERM');
  await served.ended;
  const later = await serving(data);
  expect([await standings(later), await keysOf(later)]).toEqual([[false, false, true, true], [made]]);
  const asked = `select json_extract(entry, '$.principalKind') as who, json_extract(entry, '$.details.count') as count,
    json_array_length(entry, '$.details.dropped') as dropped from audit_entry where action = 'signing-key:Rotate'`;
  expect(rowsIn(data, asked)).toEqual([
    { who: 'operator', count: 0, dropped: 0 },
    { who: 'operator', count: 2, dropped: 2 },
  ]);
});

test.each([
  { how: 'made to sign at once', set: 'created_at = created_at - 3600001' },
  { how: 'made the older one', set: 'created_at = created_at - 1' },
  { how: 'put off', set: 'created_at = created_at + 1' },
])('where a key was $how in the database, nothing starts with it, and it says so', async ({ set }) => {
  const data = join(temporaryFolder(), 'data');
  const served = await serving(data, unattended(data));
  await rotate(data);
  served.process.kill('SIGTERM');
  await served.ended;
  const changed = usingRaw(join(data, 'countersign.db'), (raw) =>
    raw.prepare(`update wrapped_key set ${set} where created_at = (select max(created_at) from wrapped_key)`).run(),
  );
  expect(changed.changes).toBe(1);
  expect(await serve(data)).toMatchObject({
    code: 1,
    said: expect.stringMatching(
      /A key in the database does not open under its root key.* Put the database back from its backup\.\n$/,
    ),
  });
});

test.each([
  ['rotate', rotate],
  ['withdraw', withdraw],
])('without a server there is nothing to %s on, and it says so', async (_, ask) => {
  expect(await ask(join(temporaryFolder(), 'data'))).toMatchObject({
    code: 1,
    said: expect.stringContaining('No server runs on'),
  });
});
