import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { rotateSigningKey } from '#app/signing-key/rotate.ts';
import { OPERATION_IDS, OPERATIONS } from '#contract/operations.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { ISSUER } from '#support/core.ts';
import { openWorld, type World } from '#support/world.ts';
import { requestFor } from '../../authz/matrix.ts';
import { asking, rowNamed, saidIn, statusOf } from '../asked.ts';
import { exchanged } from '../raw-socket.ts';

const PATHS = ['/.well-known/jwks.json', '/api/svc/v1/keys/jwks'];
const HOUR_MS = 3_600_000;

let world: World;
let caller: Awaited<ReturnType<World['person']>>['caller'];
let alice: ReturnType<typeof asking>;
let jwt: string;
let tokenId: string;
beforeEach(async () => {
  world = await openWorld();
  const person = await world.person('alice', 'tenant-member');
  caller = person.caller;
  alice = asking(world, person.token);
  const made = (await alice.ownCreate({ name: 'signed', format: 'jwt', expiresAt: '2026-09-01T10:00:00.900Z' })).body;
  [jwt, tokenId] = [made.value, made.token.id];
});

const keysOf = async (path = PATHS[0] ?? ''): Promise<readonly Jwk[]> =>
  saidIn(await world.send({ method: 'GET', path })).body.keys;
type Jwk = { readonly kid: string; readonly kty: string; readonly n: string; readonly e: string };

/** As somebody verifies who has the key set and Node alone. */
function read(token: string, keys: readonly Jwk[]) {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString());
  const jwk = keys.find(({ kid }) => kid === header.kid);
  if (jwk === undefined) throw new Error('no key of that id is published');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const isGood = verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'));
  return { header, claims: JSON.parse(Buffer.from(claims, 'base64url').toString()), isGood };
}

describe('the key set', () => {
  test('is the same bytes at both paths, to anybody, and public keys alone', async () => {
    const answers = [];
    for (const path of PATHS) {
      for (const token of [undefined, new Sensitive(jwt), new Sensitive('tfy_pat_no')]) {
        const { status, text, headers } = await world.send({ method: 'GET', path, token });
        expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
        answers.push(text);
      }
    }
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0] ?? '')).toEqual({
      keys: [
        {
          ...{ kid: expect.stringMatching(/^[a-z][a-z0-9]{23}$/), kty: 'RSA', use: 'sig', alg: 'RS256' },
          ...{ n: expect.stringMatching(/^[\w-]{342,}$/), e: 'AQAB' },
        },
      ],
    });
    const keys = await keysOf();
    expect(keys.flatMap((key) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].filter((part) => part in key))).toEqual([]);
  });

  test('verifies a token by hand, and its claims are what public clients read', async () => {
    const { header, claims, isGood } = read(jwt, await keysOf());
    expect(isGood).toBe(true);
    expect(header).toEqual({ alg: 'RS256', typ: 'access+jwt', kid: expect.any(String) });
    const row = await rowNamed(alice.list, 'signed');
    expect(claims).toEqual({
      ...{ iss: ISSUER, aud: ISSUER, sub: caller.principal.id, jti: row.jwtId },
      rnd: expect.stringMatching(/^[0-9A-Za-z]{43}$/),
      ...{ iat: Date.UTC(2026, 0, 15, 10) / 1000, exp: Date.UTC(2026, 8, 1, 10) / 1000 }, // rounded down
      ...{ tenantName: 'default', subjectType: 'serviceaccount', userType: 'user' },
      ...{ username: 'alice@example.com', email: 'alice@example.com' },
    });
  });

  test('keeps an older key while anything lives that it signed, and offers a new one before it signs', async () => {
    const [old] = await keysOf();
    const rotated = await rotateSigningKey(world.deps, world.tenant);
    expect((await keysOf()).map(({ kid }) => kid).toSorted()).toEqual([old?.kid, rotated.made].toSorted());
    const early = (await alice.ownCreate({ name: 'early', format: 'jwt' })).body.value;
    world.clock.advance(HOUR_MS);
    const late = (await alice.ownCreate({ name: 'late', format: 'jwt' })).body.value;
    const keys = await keysOf();
    const kids = [jwt, early, late].map((token) => read(token, keys).header.kid);
    expect(kids).toEqual([old?.kid, old?.kid, rotated.made]);
    for (const token of [jwt, early, late])
      expect([read(token, keys).isGood, await statusOf(world, token)]).toEqual([true, 200]);
  });
});

test('what never expires says a day far away, which clients need', async () => {
  const { value } = (await alice.ownCreate({ name: 'for-ever', format: 'jwt' })).body;
  expect(read(value, await keysOf()).claims.exp).toBe(Date.UTC(2999, 11, 31) / 1000);
});

test('both surfaces say of each token, and the wire of each value, which form it has', async () => {
  const wire = await alice.create({ name: 'by-the-wire', tokenType: 'jwt' });
  expect(read(wire.body.token, await keysOf()).isGood).toBe(true);
  await alice.getOrCreate('by-the-wire'); // whose form is the tenant’s, opaque
  const { manifest, jwts } = await rowNamed(alice.list, 'by-the-wire');
  expect([manifest.token_type, jwts.map(({ tokenType }: { tokenType: string }) => tokenType)]).toEqual([
    'opaque',
    ['opaque', 'jwt'],
  ]);
  const formats = (await alice.ownList()).body.data.map(({ name, format }: Record<string, string>) => [name, format]);
  expect(Object.fromEntries(formats)).toEqual({ first: 'opaque', signed: 'jwt', 'by-the-wire': 'opaque' });
});

test.each(OPERATION_IDS.filter((id) => OPERATIONS[id].access === 'caller'))(
  '%s takes a JWT wherever an opaque token goes',
  async (id) => {
    const opaque = await world.send({ ...requestFor(id), token: (await world.person('root', 'tenant-admin')).token });
    const other = await openWorld();
    const { caller: admin } = await other.person('root', 'tenant-admin');
    const token = await other.pat(admin, 'signed', undefined, 'jwt');
    const answer = await other.send({ ...requestFor(id), token });
    expect(opaque.status).not.toBe(401);
    expect(answer.status).toBe(opaque.status);
  },
);

describe('no other spelling of a token is taken', () => {
  const parts = () => jwt.split('.') as [string, string, string];
  const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = () => JSON.parse(Buffer.from(parts()[0], 'base64url').toString());
  const claims = () => JSON.parse(Buffer.from(parts()[1], 'base64url').toString());
  const last = (text: string, by: number) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    return text.slice(0, -1) + alphabet[(alphabet.indexOf(text.at(-1) ?? '') + by) % 64];
  };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signed = (head: object, body: object) => {
    const text = `${b64(head)}.${b64(body)}`;
    return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
  };
  const SPELLINGS: Readonly<Record<string, () => string>> = {
    'a signature with other idle bits': () => [...parts().slice(0, 2), last(parts()[2], 1)].join('.'),
    padded: () => `${jwt}==`,
    'in the alphabet of base64': () =>
      [...parts().slice(0, 2), parts()[2].replaceAll('-', '+').replaceAll('_', '/')].join('.'),
    'without a signature': () => `${parts()[0]}.${parts()[1]}.`,
    'without an algorithm': () => `${b64({ ...header(), alg: 'none' })}.${parts()[1]}.`,
    'of two parts': () => `${parts()[0]}.${parts()[1]}`,
    'of four parts': () => `${jwt}.${parts()[2]}`,
    'signed by another': () => signed(header(), claims()),
    'signed by another under another id': () => signed({ ...header(), kid: 'a00000000000000000000000' }, claims()),
    'that brings its own key': () =>
      signed({ ...header(), jwk: createPublicKey(privateKey).export({ format: 'jwk' }) }, claims()),
    'of another purpose': () => signed({ ...header(), typ: 'JWT' }, claims()),
    'with a later end': () => `${parts()[0]}.${b64({ ...claims(), exp: 4e9 })}.${parts()[2]}`,
    'with a name of its own': () => `${parts()[0]}.${b64({ ...claims(), username: 'root@example.com' })}.${parts()[2]}`,
    'with spaces in its header': () =>
      `${Buffer.from(`{ ${JSON.stringify(header()).slice(1)}`).toString('base64url')}.${parts()[1]}.${parts()[2]}`,
  };
  test.each(Object.entries(SPELLINGS))('%s', async (_, spelled) => {
    expect(spelled()).not.toBe(jwt);
    expect(await statusOf(world, spelled())).toBe(401);
    expect(await statusOf(world, jwt)).toBe(200);
    expect(await statusOf(world, spelled())).toBe(401); // nor once the right one is remembered
  });

  test('an HMAC under the public key is none either', async () => {
    const [jwk] = await keysOf();
    const pem = createPublicKey({ key: jwk as Jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const text = `${b64({ ...header(), alg: 'HS256' })}.${parts()[1]}`;
    expect(await statusOf(world, `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`)).toBe(401);
  });

  test('one that our key has signed and that is not on file is unknown', async () => {
    const { key } = world.deps.keyring.all('token-signing')[0] ?? {};
    const text = `${b64(header())}.${b64({ ...claims(), jti: 'a00000000000000000000000' })}`;
    const forged = `${text}.${sign('sha256', Buffer.from(text), key as KeyObject).toString('base64url')}`;
    expect(read(forged, await keysOf()).isGood).toBe(true);
    expect(await statusOf(world, forged)).toBe(401);
  });
});

describe('how long a token may be', () => {
  const asked = async (token: string) => {
    const { status } = await exchanged(
      world.origin,
      `GET /api/v1/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${token}\r\n\r\n`,
    );
    return status;
  };
  test('just below what headers may hold it is unknown, just above the headers are too large; nothing is our fault', async () => {
    const [head, body, signature] = jwt.split('.');
    for (const length of [4_000, 4_097, 8_000, 15_000]) {
      expect(await asked(`${head}.${body}${'A'.repeat(length)}.${signature}`)).toBe(401);
      expect(await asked(`eyJ${'a'.repeat(length)}`)).toBe(401);
      expect(await asked(`tfy_pat_${'a'.repeat(length)}`)).toBe(401);
    }
    expect(await asked(`${head}.${'A'.repeat(17_000)}.${signature}`)).toBe(431);
    expect(world.reported).toEqual([]);
  });
});

test('a JWT ends with its token, with its date, and with its user, like any other', async () => {
  expect(await statusOf(world, jwt)).toBe(200);
  await alice.ownRevoke(tokenId);
  expect(await statusOf(world, jwt)).toBe(401);
  expect(read(jwt, await keysOf()).isGood).toBe(true); // which is why others must ask
  const dated = (await alice.ownCreate({ name: 'dated', format: 'jwt', expiresAt: '2026-01-15T10:00:01.500Z' })).body
    .value;
  world.clock.advance(1_499);
  expect(await statusOf(world, dated)).toBe(200);
  world.clock.advance(1);
  expect(await statusOf(world, dated)).toBe(401);
  world.clock.advance(-1);
  expect(await statusOf(world, dated)).toBe(200); // the clock decides, whichever way it goes
});

test('a credential is good in its own place only', async () => {
  const browser = await world.browserOf(caller);
  const session = String(browser.cookie).split('=')[1] ?? '';
  expect(await statusOf(world, session)).toBe(401);
  const name = String(browser.cookie).split('=')[0];
  for (const value of [jwt, (await alice.ownCreate({ name: 'opaque' })).body.value]) {
    const headers = { ...browser, cookie: `${name}=${value}` };
    expect((await world.send({ method: 'GET', path: '/api/v1/whoami', headers })).status).toBe(401);
    for (const place of ['x-api-key', 'x-tfy-api-key', 'proxy-authorization']) {
      expect((await world.send({ method: 'GET', path: '/api/v1/whoami', headers: { [place]: value } })).status).toBe(
        401,
      );
    }
    for (const query of ['access_token', 'token', 'apiKey']) {
      expect((await world.send({ method: 'GET', path: `/api/svc/v1/session?${query}=${value}` })).status).toBe(401);
    }
  }
});
