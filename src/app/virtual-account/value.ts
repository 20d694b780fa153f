import { openAccountValue } from '#crypto/account-value.ts';
import type { Caller } from '#domain/caller.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { VirtualAccount } from '#domain/virtual-account.ts';
import type { Deps } from '../deps.ts';
import { recordDenial, reveal, viewOne } from '../doors.ts';
import { refuseByToken } from '../token/limits.ts';
import { accountAct, refuseBeyondAccount } from './upon.ts';

/** The value that is current, once more, on the record; where the tenant has not decided that none can be had again. */
export async function readAccountToken(deps: Deps, caller: Caller, id: PrincipalId): Promise<Sensitive> {
  const tenant = caller.tenant.id;
  const act = accountAct('Manage', id);
  const what = { ...act, locate: () => deps.store.virtualAccounts.get(tenant, id) };
  const account = await viewOne(deps, caller, what);
  await refuseBeyondAccount(deps, caller, act, account);
  await refuseByToken(deps, caller, act);
  await refuseUnreadable(deps, caller, id);
  return reveal(deps, caller, what, (found) => opened(deps, caller, found));
}

async function refuseUnreadable(deps: Deps, caller: Caller, id: PrincipalId): Promise<void> {
  if ((await deps.store.tokenSettings.accountRules(caller.tenant.id)).isReadable) return;
  await recordDenial(deps, caller, accountAct('Manage', id));
  throw new Refusal(
    'forbidden',
    'Here the tokens of virtual accounts can be read only in the answer that makes them. Regenerate the token for a new one.',
    { isExact: true },
  );
}

async function opened({ store, keyring, clock }: Deps, { tenant }: Caller, { id, pat, current }: VirtualAccount) {
  const value = current && (await store.tokens.get(tenant.id, pat, current));
  const works = value !== undefined && value.ended === undefined && (value.expiresAt ?? Infinity) > clock.now();
  const sealed = current && (await store.virtualAccounts.sealedValue(tenant.id, id, current));
  if (!works || sealed === undefined || current === undefined) throw nothing();
  return openAccountValue(keyring, sealed, { tenant: tenant.id, account: id, token: current });
}

const nothing = (): Refusal =>
  new Refusal('not_found', 'This account has no token that can be read. Regenerate it for a new one.', {
    isExact: true,
  });
