import { Refusal } from '#domain/refusal.ts';
import type { Tenant, TenantName } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
import { learnKeys } from '../key/learn.ts';
import { newId } from '../new-id.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { programCaller } from '../program-caller.ts';
import { newKek } from './kek.ts';

/** The tenant of this name, with a KEK of its own; made when there is none at all. */
export const setUpTenant = (deps: Deps, name: TenantName): Promise<Tenant> =>
  untilNotOvertaken(() => foundOrMade(deps, name));

/** Another process may start at the same moment: whoever is second finds the tenant, and learns its key. */
async function foundOrMade(deps: Deps, name: TenantName): Promise<Tenant> {
  const tenants = await deps.store.tenants.list();
  const known = tenants.find((tenant) => tenant.name === name);
  if (known !== undefined) {
    if (known.disabledAt !== undefined) throw isDisabled(name);
    if (deps.store.isShared) await learnKeys(deps);
    return { id: known.id, name };
  }
  if (tenants.length > 0) throw noSuchTenant(name, tenants);
  const tenant: Tenant = { id: newId(deps), name };
  const { wrapped, moved, hold } = await newKek(deps, tenant.id);
  const what = { action: 'tenant:SetUp', resource: `tenant/${tenant.id}`, locate: made } as const;
  await change(deps, programCaller(tenant, 'setup', ['tenant:SetUp']), what, async (tx) => {
    if (!(await tx.tenants.insertFirst(tenant))) throw new Overtaken();
    await tx.keys.insert(wrapped);
    return { result: undefined, moved };
  });
  hold();
  return tenant;
}

/** Its own tenant is what a server cannot be without. */
const isDisabled = (name: TenantName): Refusal =>
  new Refusal(
    'conflict',
    `The tenant ${name} is disabled. Set COUNTERSIGN_TENANT to another, and then: countersign tenants enable ${name}`,
  );

/** A typing error must not become a second tenant, with a set-up link for whoever reads the terminal. */
const noSuchTenant = (name: TenantName, tenants: readonly Tenant[]): Refusal => {
  const there = tenants.map((tenant) => tenant.name).join(', ');
  return new Refusal(
    'conflict',
    `There is no tenant ${name} in this data folder; there is ${there}. Set COUNTERSIGN_TENANT to it.`,
  );
};
