import type { Caller } from '#domain/caller.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Deps } from '../deps.ts';
import { viewOne } from '../doors.ts';
import { accountAct } from './upon.ts';

/** Whoever manages the account is told why nothing is delivered. */
export async function refuseSync(deps: Deps, caller: Caller, id: PrincipalId): Promise<never> {
  const locate = () => deps.store.virtualAccounts.get(caller.tenant.id, id);
  await viewOne(deps, caller, { ...accountAct('Manage', id), locate });
  throw new Refusal(
    'invalid_request',
    'This virtual account has no secret_store_config: there is no store to write its token to.',
  );
}
