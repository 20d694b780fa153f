import type { TenantName, TenantOrigin, TenantRecord } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';
import { view } from '../doors.ts';
import { programCaller } from '../program-caller.ts';
import type { Home } from './at.ts';

/** A tenant as its operator sees it. */
export type ShownTenant = TenantRecord & {
  /** Its links begin with the first. */
  readonly origins: readonly (TenantOrigin | string)[];
  readonly aliases: readonly TenantName[];
};

/** By name. */
export const listTenants = (deps: Deps, home: Home): Promise<readonly ShownTenant[]> =>
  view(
    deps,
    programCaller(home.tenant, 'operator', ['tenant:List']),
    { action: 'tenant:List', collection: 'tenant/' },
    async () => {
      const tenants = await deps.store.tenants.list();
      return Promise.all(tenants.map((tenant) => shown(deps, home, tenant)));
    },
  );

async function shown({ store }: Deps, home: Home, tenant: TenantRecord): Promise<ShownTenant> {
  const named = await store.tenants.originsOf(tenant.id);
  const origins = tenant.id === home.tenant.id ? [home.origin, ...named.filter((one) => one !== home.origin)] : named;
  return { ...tenant, origins, aliases: await store.tenants.aliasesOf(tenant.id) };
}
