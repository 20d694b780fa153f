import { Refusal } from '#domain/refusal.ts';
import type { TenantName } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { programCaller } from '../program-caller.ts';
import type { Home } from './at.ts';
import { actOn, noSuchTenant } from './named.ts';

/** From when this resolves on, nobody of the tenant is let in here, by whatever they hold, and elsewhere within the bound. */
export const disableTenant = (deps: Deps, home: Home, name: TenantName): Promise<void> =>
  setDisabled(deps, home, name, 'tenant:Disable');

/** What had not ended by itself is good again. */
export const enableTenant = (deps: Deps, home: Home, name: TenantName): Promise<void> =>
  setDisabled(deps, home, name, 'tenant:Enable');

async function setDisabled(deps: Deps, home: Home, name: TenantName, action: 'tenant:Disable' | 'tenant:Enable') {
  const caller = programCaller(home.tenant, 'operator', [action]);
  await change(deps, caller, await actOn(deps, action, name), async (tx, { id }) => {
    if (id === home.tenant.id && action === 'tenant:Disable') throw isHome(name);
    await tx.tenants.hold(id);
    await tx.tenants.setDisabled(id, action === 'tenant:Disable' ? deps.clock.now() : undefined);
    return { result: undefined, moved: [{ kind: 'tenant', id }] };
  }).catch(noSuchTenant(name));
}

const isHome = (name: TenantName): Refusal =>
  new Refusal('conflict', `${name} is this server's own tenant, which it cannot be without. Stop the server instead.`);
