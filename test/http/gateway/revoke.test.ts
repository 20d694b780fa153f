import { beforeEach, describe, expect, test } from 'vitest';
import { regenerateToken } from '#app/virtual-account/regenerate.ts';
import { readAccountToken } from '#app/virtual-account/value.ts';
import { mint } from '#crypto/opaque.ts';
import type { Caller } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { flushed } from '#support/flushed.ts';
import { statementsOf } from '#support/statements.ts';
import { openWorld, type World } from '#support/world.ts';
import { formOf } from '../../authz/matrix.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { give, roleOf } from '../../authz/things.ts';
import { asking, rowNamed, saidIn, statusOf } from '../asked.ts';
import { accountOf, basic, gateway, REVOKE } from './presenting.ts';

const DONE = { status: 200, body: {} };

let world: World;
let caller: Caller;
let token: Sensitive;
let alice: Awaited<ReturnType<World['person']>>;
beforeEach(async () => {
  world = await openWorld();
  caller = await world.user('gateway', 'tenant-member');
  await give(world, caller, await roleOf(world, caller, 'revoker', ['token:RevokePresented']));
  token = await world.pat(caller, 'first');
  alice = await world.person('alice', 'tenant-member');
});

const idOf = async (of: Sensitive, name = 'first') => (await rowNamed(asking(world, of).list, name)).id;
const lastEntry = async () => (await world.audit()).at(-1);

describe('by whoever may', () => {
  test('a token ends at once, all its values, in either form, and the entry says by whom', async () => {
    for (const format of ['opaque', 'jwt'] as const) {
      const presented = await world.pat(alice.caller, format, undefined, format);
      const again = (await asking(world, alice.token).getOrCreate(format)).body.token;
      const id = await idOf(alice.token, format);
      expect(await statusOf(world, presented.reveal())).toBe(200);
      expect(await gateway(world, token).revoke(presented.reveal(), { token_type_hint: 'access_token' })).toEqual(DONE);
      expect([await statusOf(world, presented.reveal()), await statusOf(world, again)]).toEqual([401, 401]);
      expect(await lastEntry()).toMatchObject({
        ...{ action: 'token:RevokePresented', resource: `personal-access-token/${id}`, decision: 'allowed' },
        ...{ principal: caller.principal.id, details: { generation: 1, reason: 'deleted' } },
      });
    }
  });

  test('of a virtual account that value ends, and no other; one that was current is not to be had again', async () => {
    const { id, admin, value } = await accountOf(world, 'robot');
    const { value: next } = await regenerateToken(world.deps, admin, id, 3_600_000);
    expect(await gateway(world, token).revoke(value.reveal())).toEqual(DONE);
    expect([await statusOf(world, value.reveal()), await statusOf(world, next.reveal())]).toEqual([401, 200]);
    expect(await lastEntry()).toMatchObject({
      ...{ action: 'token:RevokePresented', resource: `virtual-account/${id}`, decision: 'allowed' },
      details: { generation: 1, reason: 'deleted' },
    });
    expect(await gateway(world, next).revoke(next.reveal())).toEqual(DONE);
    expect(await statusOf(world, next.reveal())).toBe(401);
    expect(await lastEntry()).toMatchObject({ action: 'token:RevokeItself', resource: `virtual-account/${id}` });
    await expect(readAccountToken(world.deps, admin, id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test.each<[string, () => Promise<string> | string]>([
    ['never issued', () => mint('pat', world.random).reveal()],
    ['no token', () => 'secret'],
    ['another tenant’s', async () => (await (await secondTenant(world)).person('bob', 'tenant-admin')).token.reveal()],
  ])('%s is as over as what was ended before, and nothing is done', async (_, presented) => {
    const value = await presented();
    const before = await world.audit();
    expect(await gateway(world, token).revoke(value)).toEqual(DONE);
    expect(await world.audit()).toEqual(before);
  });

  test('another tenant’s is looked for by the statements of one that was never issued, and goes on', async () => {
    const { token: theirs } = await (await secondTenant(world)).person('bob', 'tenant-admin');
    await gateway(world, token).revoke('x'); // in memory from here on
    await flushed(world.deps);
    const cost = async (value: string) => (await statementsOf(() => gateway(world, token).revoke(value))).statements;
    expect(await cost(theirs.reveal())).toEqual(await cost(mint('pat', world.random).reveal()));
    expect(await statusOf(world, theirs.reveal())).toBe(200);
  });

  test('what was ended, and what has expired, ends again without a word, and the first end stays', async () => {
    const short = await world.pat(alice.caller, 'short', world.clock.now() + 1);
    const spare = await world.pat(alice.caller, 'spare');
    await asking(world, alice.token).remove(await idOf(alice.token, 'spare'));
    world.clock.advance(1);
    for (const value of [short, spare, spare]) expect(await gateway(world, token).revoke(value.reveal())).toEqual(DONE);
    const rows = await world.rows(`select ended_by from personal_access_token where name = 'spare'`);
    expect(rows).toEqual([{ ended_by: alice.caller.principal.id }]);
  });

  test('being presented to be ended is no use of a token', async () => {
    await gateway(world, token).revoke(alice.token.reveal());
    await flushed(world.deps);
    const used = await world.rows(`select t.subject from token_use u join token t on t.id = u.token`);
    expect(used).toEqual([{ subject: caller.principal.id }]);
    expect((await world.audit()).filter(({ action }) => action.endsWith('UseAfterEnd'))).toEqual([]);
  });
});

describe('by whoever may not', () => {
  test('nothing ends, and whether there is such a token is not looked at', async () => {
    const answers = [];
    for (const value of [token.reveal(), mint('pat', world.random).reveal(), 'x']) {
      const { result, statements } = await statementsOf(() => gateway(world, alice.token).revoke(value));
      answers.push(result);
      world.clock.advance(60_000); // each is the first denial of its minute
      expect(statements.filter((sql) => sql.includes('digest'))).toHaveLength(1); // their own
    }
    const denied = { statusCode: 403, code: 'forbidden', message: 'This needs token:RevokePresented.' };
    expect(answers).toEqual(answers.map(() => ({ status: 403, body: denied })));
    expect(await statusOf(world, token.reveal())).toBe(200);
    expect(await lastEntry()).toMatchObject({ action: 'token:RevokePresented', decision: 'denied' });
  });

  test('a session ends nothing', async () => {
    const headers = { ...formOf({}).headers, ...(await world.browserOf(await world.user('root', 'tenant-admin'))) };
    const answer = await world.send({ method: 'POST', path: REVOKE, ...formOf({ token: token.reveal() }), headers });
    expect(answer.status).toBe(401);
  });
});

describe('the very token that asks', () => {
  test.each(['Bearer', 'Basic'])('by %s, ends without a permission, on the record, and once', async (scheme) => {
    const id = await idOf(alice.token);
    const authorization = { authorization: `Bearer ${alice.token.reveal()}` };
    const headers = {
      ...formOf({}).headers,
      ...(scheme === 'Bearer' ? authorization : basic('x', alice.token.reveal())),
    };
    const asked = async () =>
      world.send({ method: 'POST', path: REVOKE, ...formOf({ token: alice.token.reveal() }), headers });
    expect(saidIn(await asked())).toEqual(DONE);
    expect(await lastEntry()).toMatchObject({
      ...{ action: 'token:RevokeItself', resource: `personal-access-token/${id}`, decision: 'allowed' },
      principal: alice.caller.principal.id,
    });
    expect((await asked()).status).toBe(401);
    expect(await statusOf(world, alice.token.reveal())).toBe(401);
  });

  test('is that value alone: another of the same owner takes the permission', async () => {
    const other = await world.pat(alice.caller, 'other');
    expect((await gateway(world, alice.token).revoke(other.reveal())).status).toBe(403);
    expect(await statusOf(world, other.reveal())).toBe(200);
  });
});

test('an entry that cannot be written keeps the token as it was (I2)', async () => {
  await gateway(world, token).revoke('x');
  const { mended } = await world.breakAudit();
  expect((await gateway(world, token).revoke(alice.token.reveal())).status).toBe(500);
  await mended();
  expect(await statusOf(world, alice.token.reveal())).toBe(200);
});
