import type { Deps } from '#app/deps.ts';
import type { Tenant, TenantId } from '#domain/tenant.ts';

/** Of a row that names it. */
export async function tenantOf({ store }: Pick<Deps, 'store'>, id: TenantId): Promise<Tenant> {
  const tenant = (await store.tenants.list()).find((one) => one.id === id);
  if (tenant === undefined) throw new Error('a row of a tenant that is not there: the database itself forbids it');
  return tenant;
}
