import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import type { Action } from '#domain/permission.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Deps } from './deps.ts';
import { recordDenial } from './doors.ts';

const NAMED_MAX = 3;

/**
 * Nobody gives, or acts upon, more than they hold: `missing` is what they do not (rights.ts). Refused on the record, in
 * words for whoever may do the act by itself. To be asked after the decision, and again in the transaction.
 */
export async function refuseBeyond(deps: Deps, caller: Caller, act: Act, missing: readonly Action[]): Promise<void> {
  if (missing.length === 0) return;
  await recordDenial(deps, caller, act);
  const named = missing.slice(0, NAMED_MAX).join(', ');
  const more = missing.length > NAMED_MAX ? ` and ${missing.length - NAMED_MAX} more` : '';
  throw new Refusal('forbidden', `Nobody gives, or acts upon, more than they hold: you lack ${named}${more}.`, {
    isExact: true,
  });
}
