import { beforeEach, describe, expect, test } from 'vitest';
import type { Deps } from '#app/deps.ts';
import { applyAccount } from '#app/virtual-account/apply.ts';
import { freezeAccount, thawAccount } from '#app/virtual-account/freeze.ts';
import { getAccount } from '#app/virtual-account/list.ts';
import { regenerateToken } from '#app/virtual-account/regenerate.ts';
import { removeAccount } from '#app/virtual-account/remove.ts';
import { rotateAccount } from '#app/virtual-account/rotate.ts';
import { readAccountToken } from '#app/virtual-account/value.ts';
import type { Caller } from '#domain/caller.ts';
import { onlyJob } from '#domain/job.ts';
import { programPrincipal } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { accountWith, wanting } from '#support/accounts.ts';
import { nodeBeside } from '#support/beside.ts';
import { type Core, openCore } from '#support/core.ts';
import { makeReady, runDueJobs } from './worker.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONTHLY = { intervalDays: 30, graceDays: 7 };
const ROTATION = onlyJob('account-rotation');

let core: Core;
let deps: Deps;
let root: Caller;
let made: Awaited<ReturnType<typeof accountWith>>;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  root = await core.user('root', 'tenant-admin');
  await makeReady(deps);
  made = await accountWith(core, root, 'robot', { roles: ['tenant-member'], autoRotate: MONTHLY });
});

const id = () => made.view.account.id;
const account = () => getAccount(deps, root, id());
const rotations = async (of = id()) =>
  (await core.audit()).filter(
    ({ action, resource }) => action === 'virtual-account:Rotate' && resource === `virtual-account/${of}`,
  );
/** What a worker does that is woken now: at least each hour, by its own clock. */
async function works(by: Deps = deps): Promise<readonly string[]> {
  const told: string[] = [];
  const report = (error: unknown) => told.push(error instanceof Error ? error.message : String(error));
  await runDueJobs(by, report, ['account-rotation']); // others pause, and the clock goes on meanwhile
  return told;
}
async function hourly(hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour += 1) {
    core.clock.advance(HOUR_MS);
    await works();
  }
}
const job = async () => (await deps.store.jobs.list(core.clock.now(), 9)).find((one) => one.id === ROTATION);

describe('an account that rotates', () => {
  test('has a new value at the due time and not before, which is the one to be read; the old one works for the grace', async () => {
    const due = core.clock.now() + 30 * DAY_MS;
    core.clock.advance(30 * DAY_MS - HOUR_MS - 1);
    await works();
    expect(await rotations()).toEqual([]);
    core.clock.advance(HOUR_MS);
    await works();
    expect(await rotations()).toEqual([]);
    core.clock.advance(1);
    await works();
    const { account: after, values, current } = await account();
    expect([after.rotatesAt, after.version, values.length, current?.generation]).toEqual([due + 30 * DAY_MS, 2, 2, 2]);
    const next = await readAccountToken(deps, root, id());
    expect(await Promise.all([made.value, next].map((value) => core.standing(value)))).toEqual(['ok', 'ok']);
    core.clock.advance(7 * DAY_MS - 1);
    expect(await core.standing(made.value)).toBe('ok');
    core.clock.advance(1);
    expect(await Promise.all([made.value, next].map((value) => core.standing(value)))).toEqual(['expired', 'ok']);
  });

  test('is on the record, by the program itself, with no value in it', async () => {
    core.clock.advance(30 * DAY_MS);
    await works();
    const value = await readAccountToken(deps, root, id());
    const [entry, ...others] = await rotations();
    expect(entry).toMatchObject({
      ...{ principal: programPrincipal('rotation').id, surface: 'job', decision: 'allowed' },
      details: { generation: 2, superseded: [made.view.current?.id] },
    });
    expect([others, JSON.stringify(await core.audit()).includes(value.reveal())]).toEqual([[], false]);
  });

  test('says when it is next, and that is true: it happens then, and not otherwise', async () => {
    for (let round = 1; round <= 3; round += 1) {
      const said = (await account()).account.rotatesAt ?? 0;
      core.clock.advance(said - core.clock.now() - 1);
      await works();
      expect(await rotations()).toHaveLength(round - 1);
      core.clock.advance(1);
      await works();
      expect(await rotations()).toHaveLength(round);
    }
  });

  test('rotates once after a downtime of several intervals, and counts from then on', async () => {
    core.clock.advance(200 * DAY_MS);
    await makeReady(deps); // as each start does
    await works();
    expect([(await rotations()).length, (await account()).account.rotatesAt]).toEqual([
      1,
      core.clock.now() + 30 * DAY_MS,
    ]);
    await hourly(3);
    expect(await rotations()).toHaveLength(1);
    expect(await core.standing(made.value)).toBe('ok'); // its grace is counted from when it was replaced
  });

  test('rotates never twice for one date, however the clock jumps', async () => {
    core.clock.advance(30 * DAY_MS);
    await works();
    for (const jump of [-2 * DAY_MS, 2 * DAY_MS, -40 * DAY_MS, 39 * DAY_MS, DAY_MS]) {
      core.clock.advance(jump);
      await makeReady(deps);
      await works();
    }
    expect(await rotations()).toHaveLength(1);
    core.clock.advance(30 * DAY_MS);
    await makeReady(deps);
    await works();
    expect(await rotations()).toHaveLength(2);
  });

  test('is rotated by one of two nodes that come to it at the same moment', async () => {
    const beside = await nodeBeside(core);
    core.clock.advance(30 * DAY_MS);
    const due = { tenant: core.tenant, id: id(), hold: async () => {} };
    const settled = await Promise.allSettled([deps, beside, deps, beside].map((node) => rotateAccount(node, due)));
    expect(settled.map(({ status }) => status)).toEqual(settled.map(() => 'fulfilled'));
    expect([(await rotations()).length, (await account()).values.length]).toEqual([1, 2]);
    await Promise.all([works(deps), works(beside)]);
    expect(await rotations()).toHaveLength(1);
  });

  test('and is regenerated by hand at that moment, has both values or one, and a date that is true', async () => {
    const beside = await nodeBeside(core);
    core.clock.advance(30 * DAY_MS);
    const due = { tenant: core.tenant, id: id(), hold: async () => {} };
    const [byHand] = await Promise.all([regenerateToken(beside, root, id(), DAY_MS), rotateAccount(deps, due)]);
    const { account: after, values } = await account();
    expect(values.map(({ generation }) => generation)).toEqual(values.map((_, at) => values.length - at));
    expect((await rotations()).length).toBe(values.length - 2);
    expect(after.rotatesAt).toBe(core.clock.now() + 30 * DAY_MS);
    expect(await core.standing(byHand.value)).toBe('ok');
  });

  test('keeps the shorter of two graces for what was in its grace already', async () => {
    core.clock.advance(29 * DAY_MS);
    await regenerateToken(deps, root, id(), HOUR_MS);
    core.clock.advance(HOUR_MS);
    expect(await core.standing(made.value)).toBe('expired');
    core.clock.advance(30 * DAY_MS - HOUR_MS);
    await works();
    expect(await core.standing(made.value)).toBe('expired');
    expect((await account()).values.map(({ expiresAt }) => expiresAt)).toContain(core.clock.now() + 7 * DAY_MS);
  });
});

describe('an account that nobody can use', () => {
  test('is not rotated while it is frozen, and once when it is thawed', async () => {
    await freezeAccount(deps, root, id());
    core.clock.advance(100 * DAY_MS);
    await works();
    await hourly(2);
    expect(await rotations()).toEqual([]);
    await thawAccount(deps, root, id());
    await hourly(2);
    expect(await rotations()).toHaveLength(1);
  });

  test('is not rotated after its end, nor told of as something that failed, and is no work', async () => {
    const expiresAt = core.clock.now() + 31 * DAY_MS;
    await applyAccount(deps, root, wanting('robot', { autoRotate: MONTHLY, expiresAt }));
    expect((await account()).account.rotatesAt).toBe(core.clock.now() + 30 * DAY_MS);
    core.clock.advance(40 * DAY_MS); // down while it was due
    expect(await works()).toEqual([]);
    expect(await rotations()).toEqual([]);
    expect(await job()).toMatchObject({ state: 'waiting', attempts: 0 });
    expect((await job())?.dueAt).toBeGreaterThan(core.clock.now());
    await applyAccount(deps, root, wanting('robot', { autoRotate: MONTHLY }));
    await hourly(2);
    expect(await rotations()).toHaveLength(1);
  });

  test('is not rotated once it is removed, or says that it rotates no more', async () => {
    const other = await accountWith(core, root, 'other', { autoRotate: MONTHLY });
    await removeAccount(deps, root, id());
    await applyAccount(deps, root, wanting('other'));
    core.clock.advance(31 * DAY_MS);
    expect(await works()).toEqual([]);
    expect([await rotations(), await rotations(other.view.account.id)]).toEqual([[], []]);
  });

  test('of a tenant that is disabled is not rotated until that is enabled', async () => {
    const disabled = (at: number | undefined) =>
      deps.store.transact((tx) => tx.tenants.setDisabled(core.tenant.id, at));
    await disabled(5);
    core.clock.advance(31 * DAY_MS);
    await works();
    expect(await rotations()).toEqual([]);
    await disabled(undefined);
    await hourly(2);
    expect(await rotations()).toHaveLength(1);
  });
});

describe('one that cannot be rotated', () => {
  const tampered = () => core.tamper('update virtual_account set version = 99 where id = ?', id());

  test('because its row was changed by hand keeps no other waiting, is named once, and stays as it was', async () => {
    const other = await accountWith(core, root, 'other', { autoRotate: MONTHLY });
    await tampered();
    core.clock.advance(30 * DAY_MS);
    expect(await works()).toEqual([expect.stringContaining(id())]);
    expect([(await rotations()).length, (await rotations(other.view.account.id)).length]).toEqual([0, 1]);
    core.clock.advance(HOUR_MS);
    expect(await works()).toEqual([]); // what is known is not told again
    await core.tamper('update virtual_account set version = 1 where id = ?', id());
    await hourly(1);
    expect([(await rotations()).length, await core.standing(made.value)]).toEqual([1, 'ok']);
    expect(await job()).toMatchObject({ state: 'waiting', lastError: undefined });
  });

  test('because its entry cannot be written has its old value as the current one, and is tried again', async () => {
    core.clock.advance(30 * DAY_MS);
    const { mended } = await core.breakAudit();
    expect(await works()).toEqual([expect.stringContaining(id())]);
    expect([(await account()).values.length, (await account()).account.version]).toEqual([1, 1]);
    await mended();
    await hourly(1);
    expect([(await rotations()).length, (await account()).values.length]).toEqual([1, 2]);
  });

  test('because so many values work already stays as it was, and goes on once one of them is over', async () => {
    core.clock.advance(30 * DAY_MS - 1);
    for (let at = 1; at < 5; at += 1) await regenerateToken(deps, root, id(), 60 * DAY_MS);
    core.clock.advance(30 * DAY_MS);
    expect(await works()).toEqual([expect.stringContaining(id())]);
    expect([(await rotations()).length, (await account()).values.length]).toEqual([0, 5]);
    core.clock.advance(30 * DAY_MS);
    await works();
    expect(await rotations()).toHaveLength(1);
  });
});

test('forty that are due at the same moment each have one new value', async () => {
  const all: Sensitive[] = [];
  for (let at = 0; at < 39; at += 1)
    all.push((await accountWith(core, root, `robot-${at}`, { autoRotate: MONTHLY })).value);
  core.clock.advance(30 * DAY_MS);
  await works();
  const values = await core.rows('select pat, count(*) as n from token group by pat');
  expect(values.map(({ n }) => Number(n))).toEqual(Array.from({ length: 40 }, () => 2));
  expect(await core.rows('select token from virtual_account_value')).toHaveLength(40);
});
