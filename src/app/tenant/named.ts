import type { Action } from '#domain/permission.ts';
import { Refusal } from '#domain/refusal.ts';
import type { TenantName } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';

/** One act on the tenant of this name, or with this alias. */
export async function actOn(deps: Pick<Deps, 'store'>, action: Action, name: TenantName) {
  const found = await deps.store.tenants.byNameOrAlias(name);
  return { action, resource: `tenant/${found?.id ?? ''}`, locate: async () => found } as const;
}

/** The operator sees all there are, and is told so. */
export const noSuchTenant =
  (name: TenantName) =>
  (error: unknown): never => {
    throw error instanceof Refusal && error.code === 'not_found' ? absent(name) : error;
  };

export const absent = (name: TenantName): Refusal =>
  new Refusal('not_found', `There is no tenant ${name}. To see those that there are: countersign tenants list`);
