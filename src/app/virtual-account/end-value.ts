import type { Caller } from '#domain/caller.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Ended, TokenId } from '#domain/token.ts';
import type { VirtualAccount } from '#domain/virtual-account.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { changeAccount } from './upon.ts';

/** Ends one value at once, be it current or in its grace; the account and its other values stay. */
export function endValue(deps: Deps, caller: Caller, id: PrincipalId, token: TokenId): Promise<void> {
  return changeAccount(deps, caller, { verb: 'Manage', id }, async (tx, held) => {
    const ended = { at: deps.clock.now(), by: caller.principal.id, reason: 'deleted' } as const;
    if (!(await endOne(tx, caller.tenant.id, { held, token, ended }))) throw absent();
    const details = { superseded: [token], reason: ended.reason };
    return { result: undefined, details, moved: [{ kind: 'token', id: token }] };
  });
}

type Ending = { readonly held: VirtualAccount; readonly token: TokenId; readonly ended: Ended };

/** Of an account that the transaction holds; false for a value that does not stand. One that was current is not to be had again. */
export async function endOne(tx: Transaction, tenant: TenantId, { held, token, ended }: Ending): Promise<boolean> {
  if (!(await tx.tokens.endOne(tenant, held.pat, token, ended))) return false;
  const current = held.current === token ? undefined : held.current;
  await tx.virtualAccounts.update(tenant, { ...held, current, version: held.version + 1, updatedAt: ended.at });
  return true;
}

const absent = (): Refusal =>
  new Refusal('not_found', 'This account has no value of this id that stands.', { isExact: true });
