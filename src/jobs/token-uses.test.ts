import { beforeEach, expect, test } from 'vitest';
import { flush } from '#app/flush.ts';
import { Uses } from '#app/token/uses.ts';
import { jobOfUses } from '#app/token/uses-batch.ts';
import { verifyToken } from '#app/token/verify.ts';
import type { Caller } from '#domain/caller.ts';
import { JOB_KINDS } from '#domain/job.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { type Core, ORIGIN, openCore } from '#support/core.ts';
import { runDueJobs } from './worker.ts';

let core: Core;
let ada: Caller;
let token: Sensitive;
beforeEach(async () => {
  core = await openCore();
  ada = await core.user('ada', 'tenant-member');
  token = await core.pat(ada, 'deploy');
});

const uses = () => core.rows('select at, address from token_use');
const jobs = () => core.deps.store.jobs.list(core.clock.now(), 99);
/** As another process on the same database. */
const elsewhere = () => ({ ...core.deps, uses: new Uses() });

test('a batch that was written is merged by whichever process comes to it, though the one that wrote it is gone', async () => {
  await core.standing(token);
  const at = core.clock.now();
  await flush(core.deps);
  expect([await uses(), await jobs()]).toMatchObject([[], [{ kind: 'token-uses', state: 'due' }]]);
  await runDueJobs(elsewhere());
  expect([await uses(), await jobs()]).toEqual([[{ at, address: ORIGIN.address }], []]);
});

test('batches of several processes come in any order: the newest use stays', async () => {
  const [one, two] = [core.deps, elsewhere()];
  const used = (deps: typeof one, address: string) => verifyToken(deps, token, { ...ORIGIN, address });
  await used(one, '192.0.2.1');
  core.clock.advance(5_000);
  await used(two, '192.0.2.2');
  await flush(two);
  await runDueJobs(two);
  await flush(one);
  await runDueJobs(one);
  expect(await uses()).toEqual([{ at: core.clock.now(), address: '192.0.2.2' }]);
});

test('a batch that somebody put into the database keeps no token alive: it is run by nobody, and told of', async () => {
  await core.standing(token);
  await flush(core.deps);
  const [{ id } = expect.unreachable()] = await jobs();
  const [row] = await core.rows('select payload from job where id = ?', id);
  const later = String(row?.payload).replace(/"at":\d+/g, `"at":${core.clock.now() + 86_400_000}`);
  expect(await core.tamper('update job set payload = ? where id = ?', later, id)).toBe(1);
  const told: unknown[] = [];
  await runDueJobs(core.deps, (error, of) => told.push([String(error), of]));
  expect(await uses()).toEqual([]);
  expect(told).toEqual([['Error: a job is dead: unproved', { job: id, kind: 'token-uses', isDead: true }]]);
  expect(await jobs()).toMatchObject([{ id, state: 'dead', lastError: 'unproved' }]);
});

test('a merge that fails leaves nothing, is tried again later, and says no more of it than its kind of error', async () => {
  const batch = { live: [{ tenant: core.tenant.id, token: 'x', at: 'tfy_pat_secret', surface: null }], dead: [] };
  const bad = jobOfUses(core.deps, batch as never);
  await core.deps.store.transact((tx) => tx.jobs.add(bad));
  const told: string[] = [];
  await runDueJobs(core.deps, (error) => told.push((error as Error).name));
  const [job] = await jobs();
  expect(job).toMatchObject({ state: 'waiting', attempts: 1, dueAt: core.clock.now() + 1_000 });
  expect(job?.lastError).toMatch(/^\w+$/);
  expect(job?.lastError).not.toContain('secret');
  expect(told).toHaveLength(1);
});

test('one that fails again and again waits twice as long each time, and is dead in the end', async () => {
  const bad = jobOfUses(core.deps, { live: [{ token: 'x' }], dead: [] } as never);
  await core.deps.store.transact((tx) => tx.jobs.add(bad));
  const waits: number[] = [];
  for (;;) {
    await runDueJobs(core.deps);
    const [job = expect.unreachable()] = await jobs();
    if (job.state === 'dead') break;
    waits.push((job.dueAt - core.clock.now()) / 1_000);
    core.clock.advance(job.dueAt - core.clock.now());
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, ...Array<number>(11).fill(3_600)]);
  expect(await core.deps.store.jobs.next(JOB_KINDS, core.clock.now() + 1e12)).toBeUndefined();
});

test('two that merge the same tokens at once wait for each other, and neither fails', async () => {
  const tokens = await Promise.all(Array.from({ length: 40 }, (_, at) => core.pat(ada, `token-${at}`)));
  const many = [core.deps, elsewhere(), elsewhere(), elsewhere()];
  for (const [at, deps] of many.entries()) {
    core.clock.advance(1_000);
    for (const one of at % 2 === 0 ? tokens : tokens.toReversed()) await verifyToken(deps, one, ORIGIN);
    await flush(deps);
  }
  const told: unknown[] = [];
  await Promise.all(many.map((deps) => runDueJobs(deps, (error) => told.push(error))));
  await runDueJobs(core.deps);
  expect([told, await jobs()]).toEqual([[], []]);
  expect((await uses()).map(({ at }) => at)).toEqual(tokens.map(() => core.clock.now()));
});
