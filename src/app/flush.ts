import { type Act, type AuditEntry, entryOf } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import type { NewJob } from '#ports/jobs.ts';
import type { DeadTokenUse, TokenUse } from '#ports/tokens.ts';
import type { Summary } from './audit/denials.ts';
import type { Deps } from './deps.ts';
import { append } from './doors.ts';
import { newId } from './new-id.ts';
import type { DeadUse } from './token/uses.ts';
import { jobOfUses } from './token/uses-batch.ts';
import { jobOfRefused } from './virtual-account/refused-uses.ts';

/** One job's worth: merging it keeps the event loop for a few milliseconds. */
const BATCH_MAX = 200;

/**
 * Writes what was left to be written behind: repeated denials and uses of dead tokens as entries, and all uses as jobs
 * that merge them into the rows of their tokens. What cannot be written stays, and is tried again, under the same ids:
 * a commit whose answer was lost may have written it. `atEnd` also takes what the current minute is still collecting.
 */
export async function flush(deps: Deps, atEnd = false): Promise<void> {
  const summaries = deps.denials.take(deps.clock.now(), atEnd);
  await writeSummaries(
    deps,
    summaries.map((one) => ({ entry: { id: newId(deps), at: deps.clock.now() }, ...one })),
  );
  for (;;) {
    const live = deps.uses.takeLive(BATCH_MAX);
    const dead = deps.uses.takeDead(BATCH_MAX).map((use) => ({ entry: newId<'AuditEntry'>(deps), ...use }));
    if (live.length + dead.length === 0) return;
    const entries = dead.map((use) => ({ caller: callerOf(use), entry: deadEntry(use) }));
    const jobs = jobsOf(deps, live, dead);
    try {
      await deps.store.transact(async (tx) => {
        for (const job of jobs) await tx.jobs.add(job);
        for (const { caller, entry } of entries) await append(tx, caller, entry);
      });
    } catch (error) {
      deps.uses.giveBack(live, dead);
      throw error;
    }
  }
}

type Numbered<Each extends { readonly entry?: unknown }> = Each & Required<Pick<Each, 'entry'>>;

async function writeSummaries(deps: Deps, summaries: readonly Numbered<Summary>[]): Promise<void> {
  for (const [at, summary] of summaries.entries()) {
    try {
      await writeSummary(deps, summary);
    } catch (error) {
      deps.denials.giveBack(summaries.slice(at));
      throw error;
    }
  }
}

const writeSummary = (deps: Deps, { caller, act, details, entry }: Numbered<Summary>): Promise<void> =>
  deps.store.transact((tx) => append(tx, caller, entryOf(caller, act, { ...entry, decision: 'denied', details })));

/** Whether anything is to be done about a use is looked at where that can wait. */
function jobsOf(deps: Deps, live: readonly TokenUse[], dead: readonly DeadUse[]): readonly NewJob[] {
  const refused = dead.filter(isOfAccount).map(({ known, at }) => ({
    ...{ tenant: known.tenant.id, account: known.principal.id, token: known.credential.id, at },
  }));
  const uses = jobOfUses(deps, { live, dead: dead.map(useOf) });
  return refused.length === 0 ? [uses] : [uses, jobOfRefused(deps, refused)];
}

const isOfAccount = ({ known }: DeadUse): boolean => known.principal.kind === 'virtual_account';

const useOf = ({ known, origin, at }: DeadUse): DeadTokenUse => ({
  ...{ tenant: known.tenant.id, pat: known.credential.pat, token: known.credential.id, at },
  ...{ surface: origin.surface, address: origin.address },
});

const callerOf = ({ known, origin }: DeadUse): Caller => ({ ...known, origin });

function deadEntry(use: Numbered<DeadUse>): AuditEntry {
  const { credential } = use.known;
  const act: Act = isOfAccount(use)
    ? { action: 'virtual-account:UseAfterRetirement', resource: `virtual-account/${use.known.principal.id}` }
    : { action: 'personal-access-token:UseAfterEnd', resource: `personal-access-token/${credential.pat}` };
  const details = { preview: credential.preview };
  return entryOf(callerOf(use), act, { id: use.entry, at: use.at, decision: 'denied', details });
}
