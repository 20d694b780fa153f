import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { asking, rowNamed, statusOf } from '../asked.ts';

let world: World;
let caller: Awaited<ReturnType<World['person']>>['caller'];
let alice: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  const person = await world.person('alice', 'tenant-member');
  caller = person.caller;
  alice = asking(world, person.token);
});

test('the answer is the token as it ended, with the numbers that hold from then on (I3)', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  world.clock.advance(1_000);
  const by = { id: caller.principal.id, name: 'alice@example.com' };
  const revoked = { at: '2026-01-15T10:00:01.000Z', by, reason: 'leaked' };
  expect(await alice.ownRevoke(token.id, { reason: 'leaked' })).toEqual({
    status: 200,
    body: {
      token: { ...token, state: 'revoked', revoked },
      revocation: { boundMs: 1_000, staleMsMax: 5_000 },
    },
  });
});

test('whoever waits is told which nodes refuse it by now; alone, this one does', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  expect((await alice.ownRevoke(token.id, { wait: true })).body.revocation).toEqual({
    ...{ boundMs: 1_000, staleMsMax: 5_000 },
    nodes: { acknowledged: ['here'], silent: [], late: [] },
  });
});

test.each(['opaque', 'jwt'])('every value of the form %s ends with it, at the very next request', async (format) => {
  const root = asking(world, (await world.person('root', 'tenant-admin')).token);
  await root.putSettings({ formatDefault: format });
  const { token, value } = (await alice.ownCreate({ name: 'deploy' })).body;
  const values = [value];
  for (const _ of [2, 3]) values.push((await alice.getOrCreate('deploy')).body.token);
  for (const one of values) expect(await statusOf(world, one)).toBe(200); // from here on in memory
  await alice.ownRevoke(token.id);
  for (const one of values) expect(await statusOf(world, one)).toBe(401);
});

test('a token ends itself, and then no more', async () => {
  const [{ id }] = (await alice.ownList('?name=first')).body.data;
  expect((await alice.ownRevoke(id)).status).toBe(200);
  expect((await alice.ownList()).status).toBe(401);
});

test('again changes nothing: who ended it first, when and why stays', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  const first = await alice.ownRevoke(token.id, { reason: 'unused' });
  world.clock.advance(5_000);
  expect(await alice.ownRevoke(token.id, { reason: 'leaked' })).toEqual(first);
  await alice.remove(token.id);
  expect((await alice.ownGet(token.id)).body.token).toEqual(first.body.token);
});

test('of 20 at once, all are answered and the first of them is what happened', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  const reasons = ['deleted', 'unused', 'replaced', 'leaked'];
  const asked = Array.from({ length: 20 }, (_, n) => alice.ownRevoke(token.id, { reason: reasons[n % 4] }));
  const answers = await Promise.all(asked);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const ends = new Set(answers.map(({ body }) => JSON.stringify(body.token.revoked)));
  expect([...ends]).toEqual([JSON.stringify((await alice.ownGet(token.id)).body.token.revoked)]);
});

test('without a reason it was deleted, and a body may be left out', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  const { status, body } = await alice.ask({ method: 'POST', path: `/api/v1/tokens/${token.id}/revoke` });
  expect([status, body.token.revoked.reason]).toEqual([200, 'deleted']);
});

test.each(['revoked_all', 'superseded', 'stolen', '', 7])('%j is no reason that a person gives', async (reason) => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  const { status, body } = await alice.ownRevoke(token.id, { reason });
  expect({ status, message: body.message }).toEqual({
    status: 400,
    message: 'reason must be "deleted" or "unused" or "replaced" or "leaked".',
  });
  expect((await alice.ownGet(token.id)).body.token.state).toBe('live');
});

test('on the wire it is gone from the list, as after a delete', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  await alice.ownRevoke(token.id);
  expect(await rowNamed(alice.list, 'deploy')).toBeUndefined();
  expect((await world.audit()).at(-1)).toMatchObject({
    action: 'personal-access-token:Revoke',
    resource: `personal-access-token/${token.id}`,
    ...{ decision: 'allowed', details: { reason: 'deleted' } },
  });
});

test('nothing ends when the entry cannot be written', async () => {
  const { token, value } = (await alice.ownCreate({ name: 'deploy' })).body;
  const { mended } = await world.breakAudit();
  expect((await alice.ownRevoke(token.id)).status).toBe(500);
  await mended();
  expect(await statusOf(world, value)).toBe(200);
});
