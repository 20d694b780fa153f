import { beforeEach, expect, test } from 'vitest';
import { statementsOf } from '#support/statements.ts';
import { openWorld, type World } from '#support/world.ts';
import { asking } from '../asked.ts';
import { PATS } from '../provoked.ts';

/** The words that the seed has for whoever lost one. */
const NOWHERE =
  'Token values are only shown at creation time. If lost, delete the old token and create a new one, then update all ' +
  'services that used the old token.';
const REFUSED = { status: 403, body: { statusCode: 403, code: 'forbidden', message: NOWHERE } };

let world: World;
let caller: Awaited<ReturnType<World['person']>>['caller'];
let alice: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  const person = await world.person('alice', 'tenant-member');
  caller = person.caller;
  alice = asking(world, person.token);
});
const askFor = (name: string) => ({ method: 'GET', path: `${PATS}/${name}/token` });

test.each([
  'deploy',
  'not-there',
  'first',
  'NO NAME'.replace(' ', '%20'),
  'p4t9w2k7m1q8z3x6c5v0b9n2',
  '%2E%2E',
  '__proto__',
])('a value is read again by nobody: %s, there or not, is one answer that says what to do', async (name) => {
  await alice.create({ name: 'deploy' });
  expect(await alice.ask(askFor(name))).toEqual(REFUSED);
  const root = asking(world, (await world.person('root', 'tenant-admin')).token);
  expect(await root.ask(askFor(name))).toEqual(REFUSED);
  const headers = await world.browserOf(caller);
  const { status, text } = await world.send({ ...askFor(name), headers });
  expect({ status, body: JSON.parse(text) }).toEqual(REFUSED);
});

test('asking is on the record as denied, and looks for nothing', async () => {
  const before = (await world.audit()).length;
  await alice.ask({ method: 'GET', path: '/api/v1/whoami' }); // from here on the token is remembered
  const { result, statements } = await statementsOf(() => alice.ask(askFor('deploy')));
  expect(result).toEqual(REFUSED);
  expect(statements.filter((sql) => sql.startsWith('select'))).toEqual([]);
  expect((await world.audit()).slice(before)).toMatchObject([
    {
      ...{ action: 'personal-access-token:List', resource: 'personal-access-token/', decision: 'denied' },
      principal: caller.principal.id,
    },
  ]);
  const { mended } = await world.breakAudit();
  world.clock.advance(60_000); // a minute in which the next denial is the first
  expect((await alice.ask(askFor('deploy'))).status).toBe(500);
  await mended();
});

test('asking makes nothing and issues nothing', async () => {
  const before = [await world.rows('select * from personal_access_token'), await world.rows('select * from token')];
  await alice.ask(askFor('deploy'));
  expect([await world.rows('select * from personal_access_token'), await world.rows('select * from token')]).toEqual(
    before,
  );
});

test('whoever may not manage tokens at all is told the same, and it is on the record', async () => {
  const token = await world.pat(caller, 'second');
  await world.tamper('delete from role_grant where subject = ?', caller.principal.id);
  world.deps.verified.forgetAll();
  expect(await asking(world, token).ask(askFor('deploy'))).toEqual(REFUSED);
  expect((await world.audit()).at(-1)).toMatchObject({ action: 'personal-access-token:List', decision: 'denied' });
});
