import type { Caller } from '#domain/caller.ts';
import type { RoleBindingId, RoleBindingName } from '#domain/role-binding.ts';
import type { Listing } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { view, viewOne } from '../doors.ts';
import { type ShownBinding, shownBindings } from './show.ts';

const LISTING = { action: 'tenant:AssignRole', collection: 'role-binding/' } as const;

type Page = { readonly limit: number; readonly offset: number };

/** By name. */
export const listRoleBindings = (deps: Deps, caller: Caller, page: Page): Promise<Listing<ShownBinding>> =>
  view(deps, caller, LISTING, async () => {
    const { rows, total } = await deps.store.roleBindings.list(caller.tenant.id, page);
    return { rows: await shownBindings(deps.store, caller, rows), total };
  });

export async function getRoleBinding(deps: Deps, caller: Caller, id: RoleBindingId): Promise<ShownBinding> {
  const locate = () => deps.store.roleBindings.get(caller.tenant.id, id);
  const act = { action: 'tenant:AssignRole', resource: `role-binding/${id}` } as const;
  const found = await viewOne(deps, caller, { ...act, locate });
  return (await shownBindings(deps.store, caller, [found]))[0] as ShownBinding;
}

export const roleBindingExists = (deps: Deps, caller: Caller, name: RoleBindingName): Promise<boolean> =>
  view(deps, caller, LISTING, async () => (await deps.store.roleBindings.byName(caller.tenant.id, name)) !== undefined);
