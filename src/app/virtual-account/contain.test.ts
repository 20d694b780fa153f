import { beforeEach, describe, expect, test } from 'vitest';
import type { Deps } from '#app/deps.ts';
import type { Caller } from '#domain/caller.ts';
import { programPrincipal } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { ACCOUNT_RULES, type AccountRules } from '#domain/virtual-account.ts';
import { accountWith } from '#support/accounts.ts';
import { nodeBeside } from '#support/beside.ts';
import { type Core, openCore } from '#support/core.ts';
import { flushed } from '#support/flushed.ts';
import type { Added } from './add.ts';
import { containReuse } from './contain.ts';
import { endValue } from './end-value.ts';
import { freezeAccount, thawAccount } from './freeze.ts';
import { getAccount } from './list.ts';
import { regenerateToken } from './regenerate.ts';
import { removeAccount } from './remove.ts';
import { putAccountRules } from './rules.ts';
import { readAccountToken } from './value.ts';

const HOUR_MS = 3_600_000;

let core: Core;
let deps: Deps;
let root: Caller;
let robot: Added;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  root = await core.user('root', 'tenant-admin');
  robot = await accountWith(core, root, 'robot', { roles: ['tenant-member'] });
});

const id = () => robot.view.account.id;
const account = () => getAccount(deps, root, id());
const regenerate = async (graceMs: number) => (await regenerateToken(deps, root, id(), graceMs)).value;
const rule = (afterRetirement: AccountRules['afterRetirement']) =>
  putAccountRules(deps, root, { ...ACCOUNT_RULES, afterRetirement });
/** Somebody presents it, and what is written behind that is. */
async function presented(value: Sensitive, by: Deps = deps): Promise<string> {
  const standing = await core.standing(value, by);
  await flushed(by, true);
  return standing;
}
const entriesOf = async (action: string) => (await core.audit()).filter((entry) => entry.action === action);
const used = () => entriesOf('virtual-account:UseAfterRetirement');
const contained = () => entriesOf('virtual-account:Contain');

describe('a value that is presented after it was replaced, once its grace is over', () => {
  test('is an event, with who presented what from where, and is shown with the account; by itself nothing else happens', async () => {
    const next = await regenerate(HOUR_MS);
    core.clock.advance(HOUR_MS);
    expect(await presented(robot.value)).toBe('expired');
    const [entry, ...others] = await used();
    expect([entry, others]).toMatchObject([
      {
        ...{
          resource: `virtual-account/${id()}`,
          decision: 'denied',
          principal: id(),
          principalKind: 'virtual_account',
        },
        ...{ credential: robot.view.current?.id, surface: 'rest', details: { preview: robot.view.current?.preview } },
      },
      [],
    ]);
    expect(await core.rows('select address from audit_entry where id = ?', entry?.id as string)).toEqual([
      { address: '192.0.2.7' },
    ]);
    expect(await account()).toMatchObject({ isActive: true, deadUse: { at: core.clock.now(), address: '192.0.2.7' } });
    expect([await contained(), await presented(next)]).toEqual([[], 'ok']);
  });

  test('freezes the account where the tenant says so: its current value is refused until somebody thaws it', async () => {
    await rule('freeze');
    const next = await regenerate(HOUR_MS);
    core.clock.advance(HOUR_MS);
    expect(await presented(robot.value)).toBe('expired');
    expect([await presented(next), (await account()).isActive]).toEqual(['revoked', false]);
    expect(await contained()).toMatchObject([
      {
        ...{ principal: programPrincipal('watch').id, surface: 'job', resource: `virtual-account/${id()}` },
        details: { active: false, presented: robot.view.current?.id },
      },
    ]);
    await thawAccount(deps, root, id());
    expect(await presented(next)).toBe('ok');
  });

  test('ends all its values where the tenant says so; the account stays, and can have another', async () => {
    await rule('revoke');
    const values = [robot.value, await regenerate(HOUR_MS), await regenerate(3 * HOUR_MS)];
    core.clock.advance(HOUR_MS);
    expect(await presented(values[0] as Sensitive)).toBe('expired');
    expect(await Promise.all(values.map((value) => core.standing(value)))).toEqual(['revoked', 'revoked', 'revoked']);
    expect(await account()).toMatchObject({ isActive: true, current: undefined, values: [] });
    await expect(readAccountToken(deps, root, id())).rejects.toMatchObject({ code: 'not_found' });
    expect(await core.rows('select token from virtual_account_value')).toEqual([]);
    expect(await contained()).toMatchObject([{ details: { count: 3, reason: 'reused' } }]);
    expect(await presented(await regenerate(0))).toBe('ok');
  });

  test.each(['freeze', 'revoke'] as const)(
    'and ended by hand is the same: the account is contained by %s',
    async (what) => {
      await rule(what);
      await regenerate(HOUR_MS);
      await endValue(deps, root, id(), robot.view.current?.id as never);
      expect(await presented(robot.value)).toBe('revoked');
      expect(await contained()).toHaveLength(1);
    },
  );

  test('many times is one event in an hour, and contained once', async () => {
    await rule('freeze');
    await regenerate(0);
    for (let at = 0; at < 5; at += 1) await presented(robot.value);
    expect([(await used()).length, (await contained()).length]).toEqual([1, 1]);
    core.clock.advance(HOUR_MS);
    await presented(robot.value);
    expect([(await used()).length, (await contained()).length]).toEqual([2, 1]);
  });

  test('at two nodes at the same moment contains the account once', async () => {
    await rule('revoke');
    const beside = await nodeBeside(core);
    await regenerate(0);
    const use = { tenant: core.tenant, account: id(), token: robot.view.current?.id as never, at: core.clock.now() };
    const hold = async () => {};
    await Promise.all([deps, beside, deps].map((node) => containReuse(node, { ...use, hold })));
    const { current, values } = await account();
    expect([current, values]).toEqual([undefined, []]);
  });
});

describe.each(['report', 'freeze', 'revoke'] as const)('where the tenant says %s, nothing follows', (what) => {
  beforeEach(() => rule(what));

  test('from a value in its grace, nor from the current one', async () => {
    const next = await regenerate(HOUR_MS);
    core.clock.advance(HOUR_MS - 1);
    expect([await presented(robot.value), await presented(next)]).toEqual(['ok', 'ok']);
    expect([await used(), await contained(), (await account()).isActive]).toEqual([[], [], true]);
  });

  test('from the use of a value in its grace that is written only when the grace is over', async () => {
    const next = await regenerate(HOUR_MS);
    await freezeAccount(deps, root, id());
    expect(await core.standing(robot.value)).toBe('revoked'); // it is refused because the account is frozen
    core.clock.advance(2 * HOUR_MS);
    await thawAccount(deps, root, id());
    await flushed(deps, true);
    expect([await contained(), await presented(next)]).toEqual([[], 'ok']);
  });

  test('from the current value of an account that is frozen, is over, or was removed', async () => {
    await freezeAccount(deps, root, id());
    expect(await presented(robot.value)).toBe('revoked');
    expect(await contained()).toEqual([]);
    const over = await accountWith(core, root, 'over', { expiresAt: core.clock.now() + 1, format: 'jwt' });
    core.clock.advance(1);
    expect(await presented(over.value)).toBe('expired');
    const gone = await accountWith(core, root, 'gone');
    await removeAccount(deps, root, gone.view.account.id);
    expect(await presented(gone.value)).toBe('revoked');
    expect([await contained(), (await used()).length]).toEqual([[], 3]);
  });

  test('from a value that never was, or is another account’s that works', async () => {
    const other = await accountWith(core, root, 'other');
    expect(await presented(other.value)).toBe('ok');
    await regenerate(0);
    const strange = { tenant: core.tenant, account: id(), at: core.clock.now(), hold: async () => {} };
    await containReuse(deps, { ...strange, token: other.view.current?.id as never });
    expect(await core.standing(other.value)).toBe('ok');
  });
});

test('what is decided when the use is looked into is what the tenant says by then', async () => {
  await rule('freeze');
  await regenerate(0);
  expect(await core.standing(robot.value)).toBe('revoked');
  await rule('report');
  await flushed(deps, true);
  expect([await contained(), (await account()).isActive]).toEqual([[], true]);
});

test('a person’s token that is used after its end is a person’s event, whatever a tenant does about accounts', async () => {
  await rule('revoke');
  const ada = await core.user('ada', 'tenant-member');
  const token = await core.pat(ada, 'deploy', core.clock.now() + 1);
  core.clock.advance(1);
  expect(await presented(token)).toBe('expired');
  expect([await used(), await contained()]).toEqual([[], []]);
  expect(await entriesOf('personal-access-token:UseAfterEnd')).toHaveLength(1);
});

test('a value that ended because another was presented is no such itself: who still has it does not end the next one', async () => {
  await rule('revoke');
  const second = await regenerate(HOUR_MS);
  core.clock.advance(HOUR_MS);
  await presented(robot.value);
  const third = await regenerate(0);
  expect(await presented(second)).toBe('revoked');
  expect(await presented(third)).toBe('ok');
});

test('and neither does whoever has the value that was presented first, once all of them have ended', async () => {
  await rule('revoke');
  await regenerate(HOUR_MS);
  core.clock.advance(HOUR_MS);
  await presented(robot.value);
  const next = await regenerate(0);
  core.clock.advance(HOUR_MS);
  expect(await presented(robot.value)).toBe('revoked');
  expect([await presented(next), (await contained()).length, (await used()).length]).toEqual(['ok', 1, 2]);
});

test('a value that was ended by hand after it had been used is not made one of those by that use', async () => {
  await rule('freeze');
  await freezeAccount(deps, root, id());
  expect(await core.standing(robot.value)).toBe('revoked'); // because the account is frozen
  await thawAccount(deps, root, id());
  core.clock.advance(1);
  await regenerate(0);
  await flushed(deps, true);
  expect([await contained(), (await account()).isActive]).toEqual([[], true]);
});

describe('what is looked into later than it happened', () => {
  test('is judged by what stood then: a value that was still current when it was presented sets nothing off', async () => {
    await rule('revoke');
    await freezeAccount(deps, root, id());
    expect(await core.standing(robot.value)).toBe('revoked'); // it is frozen, and the use waits to be written
    core.clock.advance(1_000);
    const next = await regenerate(0);
    await thawAccount(deps, root, id());
    await flushed(deps, true);
    expect(await contained()).toEqual([]);
    expect(await core.standing(next)).toBe('ok');
  });

  test('a value that was ended by this very rule sets it off no more: a program that is late does not end the next one', async () => {
    await rule('revoke');
    const second = await regenerate(0);
    expect(await presented(robot.value)).toBe('revoked');
    expect(await contained()).toHaveLength(1);
    const third = await regenerate(0);
    core.clock.advance(2 * HOUR_MS);
    expect(await presented(second)).toBe('revoked');
    expect(await contained()).toHaveLength(1);
    expect(await core.standing(third)).toBe('ok');
  });
});
