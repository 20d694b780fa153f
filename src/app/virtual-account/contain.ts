import type { Instant } from '#domain/instant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { TokenId } from '#domain/token.ts';
import type { VirtualAccount } from '#domain/virtual-account.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { type Changed, change } from '../doors.ts';
import { untilNotOvertaken } from '../overtaken.ts';
import { programCaller } from '../program-caller.ts';
import { heldAccount } from './upon.ts';

/** A value of an account that was presented and refused. */
export type RefusedUse = { readonly account: PrincipalId; readonly token: TokenId; readonly at: Instant };

type Containing = RefusedUse & {
  readonly tenant: Tenant;
  readonly hold: (tx: Transaction) => Promise<void>;
};

/**
 * What the tenant wants done where somebody still holds a value that was replaced, once its grace is over. The value that
 * is current, of an account that is frozen or over, is no such; nor is one that its grace still lets work.
 */
export function containReuse(deps: Deps, { tenant, account: id, token, at, hold }: Containing): Promise<void> {
  const action = 'virtual-account:Contain';
  const caller = programCaller(tenant, 'watch', [action]);
  const what = { action, resource: `virtual-account/${id}` } as const;
  return untilNotOvertaken(async () => {
    const { afterRetirement } = await deps.store.tokenSettings.accountRules(tenant.id);
    const known = await deps.store.virtualAccounts.get(tenant.id, id);
    if (afterRetirement === 'report' || known === undefined) return;
    if (afterRetirement === 'freeze' && !(await deps.store.principals.get(tenant.id, id))?.active) return;
    if (!(await isRetired(deps.store, tenant, known, { token, at }))) return;
    await change(deps, caller, { ...what, locate: async () => known }, async (tx) => {
      await hold(tx);
      const held = await heldAccount(tx, caller, what, { id });
      const done = { freeze, revoke }[afterRetirement];
      const { details, moved } = await done(deps, tx, tenant, held);
      return { result: undefined, details: { ...details, presented: token }, moved };
    });
  });
}

type Use = Pick<RefusedUse, 'token' | 'at'>;

async function isRetired({ tokens }: Deps['store'], tenant: Tenant, account: VirtualAccount, { token, at }: Use) {
  if (token === account.current) return false;
  const value = await tokens.get(tenant.id, account.pat, token);
  if (value?.ended?.reason === 'reused') return false; // the program that held it has done nothing wrong
  const overAt = value?.ended?.at ?? value?.expiresAt;
  return value === undefined || (overAt !== undefined && overAt <= at);
}

type Done = Promise<Required<Pick<Changed<undefined>, 'details' | 'moved'>>>;

async function freeze({ clock }: Deps, tx: Transaction, { id: tenant }: Tenant, { id }: VirtualAccount): Done {
  await tx.principals.setActive(tenant, id, false, clock.now());
  return { details: { active: false }, moved: [{ kind: 'principal', id }] };
}

async function revoke({ clock }: Deps, tx: Transaction, tenant: Tenant, account: VirtualAccount): Done {
  const at = clock.now();
  const { id: by } = programCaller(tenant, 'watch', []).principal;
  const ended = { at, by, reason: 'reused' } as const;
  const standing = await tx.tokens.standing(tenant.id, account.pat);
  for (const { id } of standing) await tx.tokens.endOne(tenant.id, account.pat, id, ended);
  const changed = { current: undefined, version: account.version + 1, updatedAt: at };
  await tx.virtualAccounts.update(tenant.id, { ...account, ...changed });
  return { details: { count: standing.length, reason: ended.reason }, moved: [{ kind: 'principal', id: account.id }] };
}
