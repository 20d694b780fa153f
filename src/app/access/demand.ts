import type { Caller } from '#domain/caller.ts';
import type { Permission } from '#domain/permission.ts';
import type { Deps } from '../deps.ts';
import { made, viewOne } from '../doors.ts';

/** That the caller holds all of these on the whole tenant: the first that is missing is denied, on the record. */
export async function demand(deps: Deps, caller: Caller, permissions: readonly Permission[]): Promise<void> {
  const resource = `tenant/${caller.tenant.id}`;
  for (const action of permissions) await viewOne(deps, caller, { action, resource, locate: made });
}
