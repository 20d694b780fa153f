import { expect, test } from 'vitest';
import { onlyJob } from '#domain/job.ts';
import type { StepLabel } from '#ports/step.ts';
import { ENGINE, testOn } from '#support/database.ts';
import { rawOf } from '#support/database-of.ts';
import { bootstrapToken, type Served, serving, spawned } from '#support/process.ts';
import { JSON_TYPE } from '#support/world.ts';
import { adminToken, setUpOnce } from './base.ts';
import { clientOf, type Issued, PATS, standingOf } from './client.ts';
import { OPERATORS_OF_JOBS, STEPS, stepsOf, stepsOfJob, stopsAt } from './labels.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Longer than any lease: as if the next process came so much later, or its clock went before that of the dead one. */
const LEASE_OVER_MS = 61_000;
const RETENTION = onlyJob('retention');

const PURGE = stepsOf('personal-access-token:Purge');
const [CLAIMED, ...SETTLED] = stepsOfJob('retention');
/** In the order in which they come. */
const OF_RETENTION = [CLAIMED as StepLabel, ...PURGE, ...SETTLED];
const OF_USES = stepsOfJob('token-uses');
const BY_ANOTHER = 'job.token-uses.claimed, with another node beside it';
const stops = stopsAt([
  ...OF_RETENTION,
  ...OF_USES,
  ...stepsOf(...OPERATORS_OF_JOBS),
  ...(ENGINE === 'postgres' ? [BY_ANOTHER] : []),
]);

const rows = (data: string, sql: string, ...values: readonly (string | number)[]) => rawOf(data).all(sql, ...values);
const jobs = (data: string) => rows(data, 'select kind, lease, dead_at, due_at from job where id = ?', RETENTION);
const waiting = (data: string) => rows(data, `select id from job where kind = 'token-uses'`);
/** Patience for a slow machine. */
const MINUTES = { timeout: 120_000 };
const soon = { timeout: 30_000, interval: 50 };

async function stopped({ process, ended }: Served): Promise<void> {
  process.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0 });
}

async function killedAt(label: StepLabel, served: Served): Promise<void> {
  expect(await served.ended).toMatchObject({ signal: 'SIGKILL' });
  stops.stopped(label);
}

const ahead = (ms: number) => ({ env: { COUNTERSIGN_TEST_CLOCK: String(ms) } });
const dueAt = async (data: string) =>
  Number((await rows(data, 'select due_at from job where id = ?', RETENTION))[0]?.due_at);

/** Until a round has ended whose clock is so far ahead. */
async function oneRound(data: string, served: Served, aheadMs: number): Promise<void> {
  await expect.poll(() => dueAt(data), soon).toBeGreaterThan(Date.now() + aheadMs);
  await stopped(served);
}

/** For each label two values, one of which ended: a use of each is to be merged. */
const ofUses = setUpOnce(async (data) => {
  const served = await serving(data);
  const client = clientOf(served, adminToken(data));
  for (const label of OF_USES) {
    const dead = await client.getOrCreate(nameOf(label, 'dead'));
    await client.revoke(dead.id);
    pairs.set(label, { live: await client.getOrCreate(nameOf(label, 'live')), dead });
  }
  await stopped(served);
});
const pairs = new Map<StepLabel, { readonly live: Issued; readonly dead: Issued }>();
const nameOf = (label: StepLabel, what: string) => `${what}-${[...OF_USES, ...OF_RETENTION].indexOf(label)}`;

test.each(OF_USES)(
  'killed at %s, uses that were written are merged once by the next process',
  MINUTES,
  async (label) => {
    const data = await ofUses.itself();
    const killed = await serving(data, { stopAt: label });
    const { live, dead } = pairs.get(label) ?? expect.unreachable();
    expect([await standingOf(killed, live.value), await standingOf(killed, dead.value)]).toEqual([200, 401]);
    await killedAt(label, killed);
    const used = () =>
      rows(data, 'select u.at from token_use u join token t on t.id = u.token where t.pat = ?', live.id);
    const isMerged = label === 'job.token-uses.settled';
    expect([(await used()).length, (await waiting(data)).length]).toEqual(isMerged ? [1, 0] : [0, 1]);
    await stopped(await serving(data, ahead(LEASE_OVER_MS))); // a stop does what is due
    expect([(await used()).length, (await waiting(data)).length]).toEqual([1, 0]);
    expect(await rows(data, 'select pat from token_dead_use where pat = ?', dead.id)).toHaveLength(1);
    const entries = `select id from audit_entry where action = 'personal-access-token:UseAfterEnd' and resource = ?`;
    expect(await rows(data, entries, `personal-access-token/${dead.id}`)).toHaveLength(1);
  },
);

/** One token for each label, over a day after the one before: a round removes one, and is the one before the next's. */
const base = setUpOnce(async (data) => {
  const served = await serving(data);
  for (const [at, label] of OF_RETENTION.entries()) {
    const expirationDate = new Date(Date.now() + at * DAY_MS + DAY_MS / 2).toISOString();
    const { status } = await served.send({
      ...{ method: 'POST', path: PATS, token: bootstrapToken(data), headers: JSON_TYPE },
      body: JSON.stringify({ name: nameOf(label, 'over'), expirationDate }),
    });
    expect(status).toBe(200);
  }
  await stopped(served);
  await oneRound(data, await serving(data, ahead(FIRST_ROUND_MS)), FIRST_ROUND_MS);
});
const FIRST_ROUND_MS = 91 * DAY_MS;

test.each(OF_RETENTION)('killed at %s, what is over goes once, on the record once', MINUTES, async (label) => {
  const data = await base.itself();
  const at = OF_RETENTION.indexOf(label);
  const left = async () =>
    (await rows(data, `select name from personal_access_token where name <> 'bootstrap'`)).map(({ name }) => name);
  const purged = () => rows(data, `select entry from audit_entry where action = 'personal-access-token:Purge'`);
  const [standing, before] = [OF_RETENTION.slice(at).map((one) => nameOf(one, 'over')), (await purged()).length];
  expect((await left()).sort()).toEqual(standing.toSorted());
  const kill = FIRST_ROUND_MS + at * DAY_MS + 2 * HOUR_MS;
  await killedAt(label, await serving(data, { ...ahead(kill), stopAt: label }));
  const next = FIRST_ROUND_MS + (at + 1) * DAY_MS;
  await oneRound(data, await serving(data, ahead(next)), next);
  expect((await left()).sort()).toEqual(standing.slice(1).toSorted());
  expect((await purged()).slice(before).map(({ entry }) => JSON.parse(String(entry)).details)).toEqual([
    { count: 1, values: 1 },
  ]);
  expect(await jobs(data)).toMatchObject([{ kind: 'retention', lease: null, dead_at: null }]);
  const halves = `select id from token where pat not in (select id from personal_access_token)
    union all select id from personal_access_token where id not in (select pat from token)`;
  expect(await rows(data, halves)).toEqual([]);
});

test.each(STEPS)(
  'killed when the retry of a dead job was %s, it is dead or due, and on the record once',
  MINUTES,
  async (step) => {
    const data = await base.itself();
    const label = `job:Retry.${step}` as const;
    const far = 3_000 * DAY_MS; // beyond every round that the tests before had
    await rawOf(data).run(`update job set dead_at = 1, last_error = 'TypeError' where id = '${RETENTION}'`);
    const killed = await serving(data, { ...ahead(far), stopAt: label });
    const retry = () => spawned(['jobs', 'retry', RETENTION, '--data', data]).ended;
    const entries = () => rows(data, `select id from audit_entry where action = 'job:Retry' and decision = 'allowed'`);
    const before = (await entries()).length;
    expect(await retry()).toMatchObject({ code: 1, said: expect.stringContaining('stopped before it answered') });
    await killedAt(label, killed);
    const isDone = step === 'committed';
    expect((await jobs(data)).map(({ dead_at }) => dead_at)).toEqual([isDone ? null : 1]);
    expect((await entries()).length - before).toBe(isDone ? 1 : 0);
    const next = await serving(data, ahead(far));
    if (!isDone) expect(await retry()).toMatchObject({ code: 0 });
    await oneRound(data, next, far);
    expect((await entries()).length - before).toBe(1);
  },
);

testOn('postgres')(
  'a node that is killed with a job is followed by another that runs beside it',
  async () => {
    const data = await base.itself();
    const other = await serving(data, ahead(LEASE_OVER_MS / 2 + 5_000)); // its clock says sooner that the lease is over
    const client = clientOf(other, adminToken(data));
    const killed = await serving(data, { stopAt: 'job.token-uses.claimed' });
    const tokens: { readonly id: string; readonly value: string }[] = [];
    let isOver = false;
    void killed.ended.then(() => {
      isOver = true;
    });
    // The other may be faster with some of them: each is one more chance of the first to be killed.
    while (!isOver) {
      const token = await client.getOrCreate(`beside-${tokens.length}`);
      if ((await standingOf(killed, token.value).catch(() => undefined)) === 200) tokens.push(token);
      await expect.poll(async () => isOver || (await waiting(data)).length === 0, soon).toBe(true);
    }
    await killedAt('job.token-uses.claimed', killed);
    stops.stopped(BY_ANOTHER);
    await expect.poll(() => waiting(data), soon).toEqual([]);
    await stopped(other);
  },
  MINUTES.timeout,
);
