import type { Caller } from '#domain/caller.ts';
import type { AccountRules } from '#domain/virtual-account.ts';
import type { Deps } from '../deps.ts';
import { change, made, view } from '../doors.ts';

export const readAccountRules = (deps: Deps, caller: Caller): Promise<AccountRules> =>
  view(deps, caller, { action: 'settings:ListSettings', collection: 'settings/' }, () =>
    deps.store.tokenSettings.accountRules(caller.tenant.id),
  );

/** Where none can be had again from now on, what is kept of values is shredded with it. */
export function putAccountRules(deps: Deps, caller: Caller, rules: AccountRules): Promise<AccountRules> {
  const tenant = caller.tenant.id;
  const act = { action: 'settings:ManageSettings', resource: 'settings/virtual-accounts' } as const;
  return change(deps, caller, { ...act, locate: made }, async (tx) => {
    await tx.tenants.hold(tenant);
    await tx.tokenSettings.putAccountRules(tenant, rules);
    if (!rules.isReadable) await tx.virtualAccounts.dropValues(tenant);
    return { result: rules, details: { accountRules: rules } };
  });
}
