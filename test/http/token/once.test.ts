import { beforeEach, describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { openWorld, type Sent, type World } from '#support/world.ts';
import { asking, saidIn, statusOf } from '../asked.ts';
import { OWN_TOKENS, PATS, post } from '../provoked.ts';
import { answerIn, rawSocket, saidOn } from '../raw-socket.ts';

const MINUTE_MS = 60_000;
const ENDED = 'The token that this request created has expired or been revoked since. Use a new Idempotency-Key.';
const KEY = { 'idempotency-key': '5b0e77c1-9c1f-4d53-8f0e-6d1f2f3a4b5c' } as const;
const OTHER_KEY = { 'idempotency-key': 'another' } as const;

let world: World;
let root: ReturnType<typeof asking>;
let alice: ReturnType<typeof asking>;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  root = asking(world, (await world.person('root', 'tenant-admin')).token);
  ({ token } = await world.person('alice', 'tenant-member'));
  alice = asking(world, token);
});
const made = async () => (await world.rows(`select name from personal_access_token where name <> 'first'`)).length;

type Create = (headers: Readonly<Record<string, string>>) => ReturnType<typeof root.ask>;
const CREATES: Readonly<Record<string, Create>> = {
  'one of ours, opaque': (headers) => root.ownCreate({ name: 'deploy' }, headers),
  'one of ours, a JWT': (headers) => root.ownCreate({ name: 'deploy', format: 'jwt' }, headers),
  'one of the wire’s': (headers) => root.create({ name: 'deploy' }, headers),
  'one for another': (headers) => root.createFor({ name: 'deploy', userEmail: 'alice@example.com' }, headers),
};

test.each(Object.entries(CREATES))('%s that is sent again has the same answer, and is made once', async (_, create) => {
  const first = await create(KEY);
  expect(first.status).toBe(200);
  expect([await create(KEY), await create(KEY)]).toEqual([first, first]);
  expect(await made()).toBe(1);
  expect(await statusOf(world, first.body.value ?? first.body.token)).toBe(200);
  expect(await create(OTHER_KEY)).toMatchObject({ status: 409 });
});

test.each(Object.entries(CREATES))('%s that 20 ask for at once is made once, and all have it', async (_, create) => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => create(KEY)));
  expect(answers[0]?.status).toBe(200);
  expect(answers).toEqual(answers.map(() => answers[0]));
  expect(await made()).toBe(1);
});

test('what is given again is the value as it was and the token as it is', async () => {
  const first = (await alice.ownCreate({ name: 'deploy' }, KEY)).body;
  await alice.ownRename(first.token.id, 'renamed');
  await alice.ownCreate({ name: 'deploy' });
  const again = await alice.ownCreate({ name: 'deploy' }, KEY);
  expect(again).toEqual({ status: 200, body: { token: { ...first.token, name: 'renamed' }, value: first.value } });
});

describe('another request under a key that was used', () => {
  const REFUSED = {
    status: 422,
    body: {
      ...{ statusCode: 422, code: 'unprocessable' },
      message: 'This Idempotency-Key was used for another request. Use a new key for each request.',
    },
  };
  test.each<[string, Sent]>([
    ['another name', post(OWN_TOKENS, { name: 'other' })],
    ['a field more', post(OWN_TOKENS, { name: 'deploy', format: 'opaque' })],
    ['another surface', post(PATS, { name: 'deploy' })],
  ])('by %s is refused, and makes nothing', async (_, { headers, ...sent }) => {
    await alice.ownCreate({ name: 'deploy' }, KEY);
    expect(await alice.ask({ ...sent, headers: { ...headers, ...KEY } })).toEqual(REFUSED);
    expect(await made()).toBe(1);
  });

  test('at the same moment is refused too, whichever was faster', async () => {
    const names = Array.from({ length: 10 }, (_, n) => `name-${n}`);
    const answers = await Promise.all(names.map((name) => alice.ownCreate({ name }, KEY)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 422)]);
    expect(await made()).toBe(1);
  });
});

test('a key is its credential’s own: whoever sends it by another one, also of the same user, makes their own', async () => {
  const first = (await alice.ownCreate({ name: 'deploy' }, KEY)).body;
  const same = asking(world, new Sensitive((await alice.ownCreate({ name: 'spare' })).body.value));
  expect((await same.ownCreate({ name: 'deploy' }, KEY)).status).toBe(409);
  const bob = asking(world, (await world.person('bob', 'tenant-member')).token);
  const theirs = (await bob.ownCreate({ name: 'deploy' }, KEY)).body;
  expect(theirs.token.createdBy.name).toBe('bob@example.com');
  expect(theirs.value).not.toBe(first.value);
  expect((await alice.ownCreate({ name: 'deploy' }, KEY)).body.value).toBe(first.value);
});

test('a browser session may send again what it sent, another session of the same person may not', async () => {
  const user = await world.user('bob', 'tenant-member');
  const [one, other] = [await world.browserOf(user), await world.browserOf(user)];
  const sent = post(OWN_TOKENS, { name: 'deploy' });
  const by = async (browser: typeof one) =>
    saidIn(await world.send({ ...sent, headers: { ...sent.headers, ...browser, ...KEY } }));
  const first = await by(one);
  expect(first.status).toBe(200);
  expect(await by(one)).toEqual(first);
  expect((await by(other)).status).toBe(409);
});

test('after ten minutes, to the millisecond, a key is as new', async () => {
  const first = await alice.ownCreate({ name: 'deploy' }, KEY);
  world.clock.advance(10 * MINUTE_MS - 1);
  expect(await alice.ownCreate({ name: 'deploy' }, KEY)).toEqual(first);
  world.clock.advance(1);
  expect((await alice.ownCreate({ name: 'deploy' }, KEY)).status).toBe(409);
  expect((await alice.ownCreate({ name: 'another' }, KEY)).status).toBe(200);
  world.clock.advance(-1); // what lies in the past is given again as long as nothing took its place
  expect((await alice.ownCreate({ name: 'another' }, KEY)).status).toBe(200);
});

test('what asking again needs is replaced, once it is over, by the next create of the same key', async () => {
  await alice.ownCreate({ name: 'deploy' }, KEY);
  world.clock.advance(10 * MINUTE_MS);
  await alice.ownCreate({ name: 'another' }, KEY);
  expect(await world.rows('select count(*) as n from replay')).toEqual([{ n: 1 }]);
});

test.each([
  { what: 'revoked', end: (id: string) => alice.ownRevoke(id) },
  { what: 'deleted on the wire', end: (id: string) => alice.remove(id) },
])('a value that was $what is not given again', async ({ end }) => {
  const { token: created, value } = (await alice.ownCreate({ name: 'deploy' }, KEY)).body;
  await end(created.id);
  const again = await alice.ownCreate({ name: 'deploy' }, KEY);
  expect(again).toMatchObject({
    status: 409,
    body: { message: ENDED },
  });
  expect(JSON.stringify(again)).not.toContain(value);
});

test('nor is one that has expired, or whose place newer values of its token took', async () => {
  const expiresAt = '2026-01-15T10:00:01Z';
  await alice.ownCreate({ name: 'dated', expiresAt }, KEY);
  await alice.create({ name: 'busy' }, OTHER_KEY);
  for (const _ of [2, 3, 4, 5, 6]) await alice.getOrCreate('busy');
  expect(await alice.create({ name: 'busy' }, OTHER_KEY)).toMatchObject({ status: 409, body: { message: ENDED } });
  world.clock.advance(1_000);
  expect(await alice.ownCreate({ name: 'dated', expiresAt }, KEY)).toMatchObject({
    status: 409,
    body: { message: ENDED },
  });
});

test('who lost the right to it is not given it again, and who lost the token that asked is not let in', async () => {
  const sent = { name: 'deploy', userEmail: 'alice@example.com' };
  const carol = await world.person('carol', 'tenant-admin');
  await asking(world, carol.token).createFor(sent, KEY);
  await world.tamper('delete from role_grant where subject = ?', carol.caller.principal.id);
  world.deps.verified.forgetAll();
  expect((await asking(world, carol.token).createFor(sent, KEY)).status).toBe(403);
  await alice.ownCreate({ name: 'mine' }, KEY);
  const [{ id }] = (await alice.ownList('?name=first')).body.data;
  await alice.ownRevoke(id);
  expect((await alice.ownCreate({ name: 'mine' }, KEY)).status).toBe(401);
});

test('giving it again is on the record before it is given, as one of the same act', async () => {
  const { token: created } = (await alice.ownCreate({ name: 'deploy' }, KEY)).body;
  await alice.ownCreate({ name: 'deploy' }, KEY);
  expect((await world.audit()).at(-1)).toMatchObject({
    ...{ action: 'personal-access-token:Create', resource: `personal-access-token/${created.id}` },
    ...{ decision: 'allowed', details: { replayed: true } },
  });
  const { mended } = await world.breakAudit();
  const unrecorded = await alice.ownCreate({ name: 'deploy' }, KEY);
  await mended();
  expect([unrecorded.status, JSON.stringify(unrecorded).includes('tfy_pat_')]).toEqual([500, false]);
});

test('what was refused is not remembered: the same request may succeed later', async () => {
  const body = { name: 'first' };
  expect((await alice.ownCreate(body, KEY)).status).toBe(409);
  const [{ id }] = (await root.ownList('?name=first')).body.data;
  const spare = asking(world, new Sensitive((await root.ownCreate({ name: 'spare' })).body.value));
  expect((await spare.ownCreate(body, KEY)).status).toBe(409);
  await spare.ownRevoke(id);
  expect((await spare.ownCreate(body, KEY)).status).toBe(200);
});

describe('a key', () => {
  const BAD = 'An Idempotency-Key has 1 to 255 visible ASCII characters. A new UUID will do.';
  test.each([
    { what: 'that is empty', key: '' },
    { what: 'of spaces', key: '   ' },
    { what: 'with a space within', key: 'a b' },
    { what: 'with a tab within', key: 'a\tb' },
    { what: 'of 256 characters', key: 'x'.repeat(256) },
    { what: 'beyond ASCII', key: 'sch\u00fcssel' },
  ])('$what is none, and nothing is made', async ({ key }) => {
    for (const create of [alice.ownCreate, alice.create]) {
      const { status, body } = await create({ name: 'deploy' }, { 'idempotency-key': key });
      expect({ status, message: body.message }).toEqual({ status: 400, message: BAD });
    }
    expect(await made()).toBe(0);
  });

  test.each(['x', 'x'.repeat(255), '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', '__proto__', 'constructor'])(
    '%s is one',
    async (key) => {
      const first = await alice.ownCreate({ name: 'deploy' }, { 'idempotency-key': key });
      expect(first.status).toBe(200);
      expect(await alice.ownCreate({ name: 'deploy' }, { 'idempotency-key': key })).toEqual(first);
    },
  );

  const raw = async (keys: readonly string[]) => {
    const body = JSON.stringify({ name: 'deploy' });
    const head = [
      ...[`POST ${OWN_TOKENS} HTTP/1.1`, 'host: here', 'connection: close', 'content-type: application/json'],
      ...[`authorization: Bearer ${token.reveal()}`, `content-length: ${body.length}`],
      ...keys.map((key) => `Idempotency-Key: ${key}`),
    ];
    const socket = await rawSocket(world.origin);
    const said = saidOn(socket);
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    return answerIn(await said);
  };

  test('that is given twice is refused, as two would be: which of them counts is not ours to guess', async () => {
    for (const keys of [
      ['one', 'two'],
      ['one', 'one'],
    ]) {
      expect((await raw(keys)).status).toBe(400);
    }
    expect(await made()).toBe(0);
  });

  test('with a control character in it never becomes a request', async () => {
    expect((await raw(['a\u0001b'])).status).toBe(400);
    expect(await made()).toBe(0);
  });

  test('says nothing to what is not created, and a bad one neither', async () => {
    const { token: created } = (await alice.ownCreate({ name: 'deploy' })).body;
    const asked: readonly Sent[] = [
      { method: 'GET', path: OWN_TOKENS },
      { ...post(`${OWN_TOKENS}/${created.id}`, { name: 'renamed' }), method: 'PATCH' },
      post(`${OWN_TOKENS}/${created.id}/revoke`, {}),
      { method: 'GET', path: `${PATS}/by-name` },
      { method: 'GET', path: `${PATS}/by-name` },
      { method: 'GET', path: '/api/v1/whoami' },
    ];
    for (const key of ['good', '', 'x'.repeat(300)]) {
      for (const { headers, ...sent } of asked.slice(key === 'good' ? 0 : 3)) {
        expect((await alice.ask({ ...sent, headers: { ...headers, 'idempotency-key': key } })).status).toBe(200);
      }
    }
    expect(await world.rows('select count(*) as n from replay')).toEqual([{ n: 0 }]);
    const [one, two] = [await byName(), await byName()];
    expect(one).not.toBe(two); // a new value each time, also under one key
  });
  const byName = async () =>
    (await alice.ask({ method: 'GET', path: `${PATS}/by-name`, headers: KEY })).body.token as string;

  test('is looked at only behind the door: a stranger with a bad one is a stranger', async () => {
    const { headers, ...sent } = post(OWN_TOKENS, { name: 'deploy' });
    const answer = await world.send({ ...sent, headers: { ...headers, 'idempotency-key': '' } });
    expect(answer.status).toBe(401);
  });
});

test('what is kept to give it again opens by the asking credential alone, and names neither it nor the key', async () => {
  const { value } = (await alice.ownCreate({ name: 'deploy' }, KEY)).body;
  const [row] = await world.rows('select * from replay');
  const kept = JSON.stringify(row) + Buffer.from(row?.sealed as Uint8Array).toString('latin1');
  for (const secret of [value, KEY['idempotency-key'], token.reveal()]) expect(kept).not.toContain(secret);
});

test('a replay that somebody puts in the place of another in the database opens for nobody', async () => {
  await alice.ownCreate({ name: 'deploy' }, KEY);
  const bob = asking(world, (await world.person('bob', 'tenant-member')).token);
  await bob.ownCreate({ name: 'deploy' }, KEY);
  const [first, second] = await world.rows(`select id, sealed, pat, owner from replay order by ${world.asWritten}`);
  await world.tamper(
    'update replay set sealed = ?, pat = ? where id = ?',
    first?.sealed as Uint8Array,
    String(first?.pat),
    String(second?.id),
  );
  await world.tamper('update replay set owner = ? where id = ?', String(first?.owner), String(second?.id));
  const answer = await bob.ownCreate({ name: 'deploy' }, KEY);
  expect([answer.status, JSON.stringify(answer).includes('tfy_pat_')]).toEqual([500, false]);
});
