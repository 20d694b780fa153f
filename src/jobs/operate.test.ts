import { beforeEach, expect, test } from 'vitest';
import { jobOfUses } from '#app/token/uses-batch.ts';
import { type JobId, onlyJob } from '#domain/job.ts';
import type { NewJob } from '#ports/jobs.ts';
import { type Core, openCore } from '#support/core.ts';
import { listJobs, retryJob } from './operate.ts';
import { makeReady, runDueJobs } from './worker.ts';

let core: Core;
beforeEach(async () => {
  core = await openCore();
});

const add = (job: NewJob) => core.deps.store.transact((tx) => tx.jobs.add(job));
const listed = () => listJobs(core.deps, core.tenant);
const retry = (id: JobId) => retryJob(core.deps, core.tenant, id);
const entries = async () =>
  (await core.audit())
    .filter(({ action }) => action.startsWith('job:'))
    .map(({ action, resource, decision, principalKind }) => ({ action, resource, decision, principalKind }));
/** One that can never be done. */
async function dead(): Promise<JobId> {
  const job = jobOfUses(core.deps, { live: [{ token: 'x' }], dead: [] } as never);
  await add(job);
  for (let attempt = 0; attempt < 24; attempt++) {
    await runDueJobs(core.deps);
    core.clock.advance(3_600_000);
  }
  return job.id;
}

test('a dead job is seen, and runs again when an operator asks for it, on the record', async () => {
  const id = await dead();
  expect(await listed()).toMatchObject([{ id, kind: 'token-uses', state: 'dead', attempts: 24 }]);
  await retry(id);
  expect(await listed()).toMatchObject([{ id, state: 'due', attempts: 0 }]);
  const told: unknown[] = [];
  await runDueJobs(core.deps, (_, of) => told.push(of));
  expect(told).toEqual([{ job: id, kind: 'token-uses', isDead: false }]);
  const by = { resource: `job/${id}`, principalKind: 'operator' } as const;
  expect(await entries()).toEqual([{ action: 'job:Retry', decision: 'allowed', ...by }]);
});

test('one that is not dead, or not there, is left as it is', async () => {
  await makeReady(core.deps);
  await expect(retry(onlyJob('retention'))).rejects.toMatchObject({ code: 'conflict' });
  await expect(retry(onlyJob('token-uses'))).rejects.toMatchObject({ code: 'not_found' });
  expect(await listed()).toMatchObject([
    { state: 'due', attempts: 0 },
    { state: 'due', attempts: 0 },
  ]);
});

test('one that somebody else wrote is not run for an operator either; of what runs always, one begins anew', async () => {
  await makeReady(core.deps);
  const forged = jobOfUses(core.deps, { live: [], dead: [] });
  await add(forged);
  const all = (await listed()).length;
  await core.tamper(`update job set payload = '{"former":{"at":9999999999999,"sequence":9}}'`);
  await runDueJobs(core.deps);
  expect((await listed()).map(({ state, lastError }) => [state, lastError])).toEqual([
    ...Array.from({ length: all }, () => ['dead', 'unproved']),
  ]);
  await expect(retry(forged.id)).rejects.toMatchObject({ code: 'conflict' });
  await retry(onlyJob('retention'));
  await retry(onlyJob('account-rotation'));
  const told: unknown[] = [];
  await runDueJobs(core.deps, (error) => told.push(error));
  expect(told).toEqual([]);
  expect((await listed()).map(({ id, state }) => [id, state])).toEqual([
    [forged.id, 'dead'],
    [onlyJob('account-rotation'), 'waiting'],
    [onlyJob('retention'), 'waiting'],
  ]);
});

test('one of a kind that there is not is refused like any that somebody else wrote', async () => {
  const forged = jobOfUses(core.deps, { live: [], dead: [] });
  await add(forged);
  await core.tamper(`update job set kind = 'toString', dead_at = 1, last_error = 'unproved'`);
  await expect(retry(forged.id)).rejects.toMatchObject({ code: 'conflict' });
});

test('one is found by its id behind a thousand others', async () => {
  await makeReady(core.deps);
  const others = `with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
    insert into job (id, kind, payload, due_at, attempts, dead_at, mac)
    select 'z0000000000000000000' || (1000 + i), 'token-uses', '{}', 1, 0, 1, 'x' from n`;
  await core.tamper(others);
  await expect(retry(onlyJob('retention'))).rejects.toMatchObject({ code: 'conflict' });
});
