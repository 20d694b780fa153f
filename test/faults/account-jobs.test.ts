import { expect, test } from 'vitest';
import { onlyJob } from '#domain/job.ts';
import type { StepLabel } from '#ports/step.ts';
import { rawOf } from '#support/database-of.ts';
import { type Served, serving } from '#support/process.ts';
import { byAdmin } from './act.ts';
import { setUpOnce } from './base.ts';
import { standingOf } from './client.ts';
import { defectsIn } from './database.ts';
import { stepsOf, stepsOfJob, stopsAt } from './labels.ts';

const DAY_MS = 24 * 3_600_000;
/** Longer than any lease, by the clock of the next process. */
const LEASE_OVER_MS = 61_000;
/** An account that was made now and rotates each 30 days is due by then. */
const DUE_MS = 31 * DAY_MS;
const ROTATION = onlyJob('account-rotation');

const [ROTATION_CLAIMED, ...ROTATION_SETTLED] = stepsOfJob('account-rotation');
const [USES_CLAIMED, ...USES_SETTLED] = stepsOfJob('refused-uses');
/** In the order in which they come. */
const OF_ROTATION = [ROTATION_CLAIMED as StepLabel, ...stepsOf('virtual-account:Rotate'), ...ROTATION_SETTLED];
const OF_USES = [USES_CLAIMED as StepLabel, ...stepsOf('virtual-account:Contain'), ...USES_SETTLED];
const stops = stopsAt([...OF_ROTATION, ...OF_USES]);

/** Patience for a slow machine. */
const MINUTES = { timeout: 120_000 };
const soon = { timeout: 60_000, interval: 50 };
const ahead = (ms: number) => ({ env: { COUNTERSIGN_TEST_CLOCK: String(ms) } });
const rows = (data: string, sql: string, ...values: readonly string[]) => rawOf(data).all(sql, ...values);
const entries = async (data: string, action: string, account: string) =>
  (
    await rows(
      data,
      `select id from audit_entry where action = ? and resource = ?`,
      action,
      `virtual-account/${account}`,
    )
  ).length;

async function stopped({ process, ended }: Served): Promise<void> {
  process.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0 });
}

async function killedAt(label: StepLabel, served: Served): Promise<void> {
  expect(await served.ended).toMatchObject({ signal: 'SIGKILL' });
  stops.stopped(label);
}

type Made = { readonly id: string; readonly value: string };

async function made(served: Served, data: string, name: string, more: object = {}): Promise<Made> {
  const { status, text } = await byAdmin(served, data, 'POST', '/api/v1/virtual-accounts', { name, ...more });
  expect({ status, text }).toMatchObject({ status: 200 });
  const { account, value } = JSON.parse(text) as { account: { id: string }; value: string };
  return { id: account.id, value };
}

let rotating: Made | undefined;
const withRotating = setUpOnce(async (data) => {
  const served = await serving(data);
  rotating = await made(served, data, 'robot', { autoRotate: { intervalDays: 30, graceDays: 1 } });
  await stopped(served);
});

/** Until the job has been settled by a process whose clock is so far ahead. */
async function settledBy(data: string, aheadMs: number): Promise<void> {
  const served = await serving(data, ahead(aheadMs));
  const dueAt = async () => Number((await rows(data, 'select due_at from job where id = ?', ROTATION))[0]?.due_at);
  await expect.poll(dueAt, soon).toBeGreaterThan(Date.now() + aheadMs);
  await stopped(served);
}

test.each(OF_ROTATION)(
  'killed at %s, an account that is due has one new value, on the record once',
  MINUTES,
  async (label) => {
    const data = await withRotating.copy();
    const { id } = rotating ?? expect.unreachable();
    const values = async () =>
      (await rows(data, 'select generation from token where subject = ? order by generation', id)).length;
    expect(await values()).toBe(1);
    await killedAt(label, await serving(data, { ...ahead(DUE_MS), stopAt: label }));
    const isRotated = OF_ROTATION.indexOf(label) > OF_ROTATION.indexOf('virtual-account:Rotate.written');
    expect([await values(), defectsIn(data)]).toEqual([isRotated ? 2 : 1, []]);
    await settledBy(data, DUE_MS + LEASE_OVER_MS);
    expect([await values(), await entries(data, 'virtual-account:Rotate', id)]).toEqual([2, 1]);
    const [account] = await rows(
      data,
      'select a.version, a.rotates_at, t.generation from virtual_account a join token t on t.id = a.current_token',
    );
    expect([Number(account?.version), Number(account?.generation)]).toEqual([2, 2]);
    expect(Number(account?.rotates_at)).toBeGreaterThan(Date.now() + DUE_MS + 29 * DAY_MS);
    expect(defectsIn(data)).toEqual([]);
  },
);

/** For each label an account whose first value was replaced, in a tenant that freezes where such a one is used. */
const retired = new Map<StepLabel, Made>();
const withRetired = setUpOnce(async (data) => {
  const served = await serving(data);
  const rules = { tokenReadable: true, afterRetirement: 'freeze' };
  expect((await byAdmin(served, data, 'PUT', '/api/v1/settings/virtual-accounts', rules)).status).toBe(200);
  for (const [at, label] of OF_USES.entries()) {
    const one = await made(served, data, `robot-${at}`);
    const path = `/api/v1/virtual-accounts/${one.id}/regenerate`;
    expect((await byAdmin(served, data, 'POST', path, { graceMinutes: 0 })).status).toBe(200);
    retired.set(label, one);
  }
  await stopped(served);
});

test.each(OF_USES)(
  'killed at %s, an account whose replaced value was used is frozen once by the next process',
  MINUTES,
  async (label) => {
    const data = await withRetired.itself();
    const { id, value } = retired.get(label) ?? expect.unreachable();
    const killed = await serving(data, { stopAt: label });
    expect(await standingOf(killed, value)).toBe(401);
    await killedAt(label, killed);
    const isActive = async () => Number((await rows(data, 'select active from principal where id = ?', id))[0]?.active);
    const isFrozen = OF_USES.indexOf(label) > OF_USES.indexOf('virtual-account:Contain.written');
    expect([await isActive(), defectsIn(data)]).toEqual([isFrozen ? 0 : 1, []]);
    await stopped(await serving(data, ahead(LEASE_OVER_MS))); // a stop does what is due
    expect([await isActive(), await entries(data, 'virtual-account:Contain', id)]).toEqual([0, 1]);
    expect([await entries(data, 'virtual-account:UseAfterRetirement', id), defectsIn(data)]).toEqual([1, []]);
  },
);
