import type { Deps } from '#app/deps.ts';
import { change, view } from '#app/doors.ts';
import { programCaller } from '#app/program-caller.ts';
import { type JobId, type JobKind, onlyJob } from '#domain/job.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { ShownJob } from '#ports/jobs.ts';
import { JOBS } from './table.ts';

/** More than that many are not for reading; dead ones come first. */
const LISTED_MAX = 1_000;

/** Jobs as an operator sees them. */
export const listJobs = (deps: Deps, tenant: Tenant): Promise<readonly ShownJob[]> =>
  view(deps, programCaller(tenant, 'operator', ['job:List']), { action: 'job:List', collection: 'job/' }, () =>
    deps.store.jobs.list(deps.clock.now(), LISTED_MAX),
  );

/** Has a dead one run again, at once. */
export function retryJob(deps: Deps, tenant: Tenant, id: JobId): Promise<void> {
  const caller = programCaller(tenant, 'operator', ['job:Retry']);
  const what = {
    action: 'job:Retry',
    resource: `job/${id}`,
    locate: () => deps.store.jobs.find(id, deps.clock.now()),
  } as const;
  return change(deps, caller, what, async (tx, { kind, state, lastError }) => {
    const dueAt = deps.clock.now();
    if (state !== 'dead') throw new Refusal('conflict', 'This job is not dead: it runs by itself.');
    if (lastError !== 'unproved') {
      await tx.jobs.retry(id, dueAt);
      return { result: undefined };
    }
    const payload = firstPayloadOf(kind);
    if (payload === undefined || id !== onlyJob(kind)) throw forged();
    await tx.jobs.remove(id); // what it knew is not to be believed: it begins anew
    await tx.jobs.add({ id, kind, payload, dueAt });
    return { result: undefined };
  });
}

/** A row may name a kind that there is not: its kind is of the database, and nobody has proved it. */
const firstPayloadOf = (kind: JobKind): string | undefined =>
  Object.hasOwn(JOBS, kind) ? JOBS[kind].firstPayload : undefined;

const forged = (): Refusal =>
  new Refusal('conflict', 'Somebody else wrote or changed this job, so it is never run, whoever asks for it.');
