import { makeKey } from '#crypto/keyring.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Tenant, TenantName } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
import { learnKeys } from '../key/learn.ts';
import { newId } from '../new-id.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { programCaller } from '../program-caller.ts';

/** The tenant of this name, with a KEK of its own; made when there is none at all. */
export const setUpTenant = (deps: Deps, name: TenantName): Promise<Tenant> =>
  untilNotOvertaken(() => foundOrMade(deps, name));

/** Another process may start at the same moment: whoever is second finds the tenant, and learns its key. */
async function foundOrMade(deps: Deps, name: TenantName): Promise<Tenant> {
  const tenants = await deps.store.tenants.list();
  const known = tenants.find((tenant) => tenant.name === name);
  if (known !== undefined) {
    if (deps.store.isShared) await learnKeys(deps);
    return known;
  }
  if (tenants.length > 0) throw noSuchTenant(name, tenants);
  const tenant: Tenant = { id: newId(deps), name };
  const making = {
    id: newId<'Key'>(deps),
    purpose: 'tenant-kek',
    tenant: tenant.id,
    createdAt: deps.clock.now(),
  } as const;
  const { wrapped, bytes } = await makeKey(deps.wrapper, making, deps.random);
  const what = { action: 'tenant:SetUp', resource: `tenant/${tenant.id}`, locate: made } as const;
  await change(deps, programCaller(tenant, 'setup', ['tenant:SetUp']), what, async (tx) => {
    if (!(await tx.tenants.insertFirst(tenant))) throw new Overtaken();
    await tx.keys.insert(wrapped);
    return { result: undefined, moved: [{ kind: 'key', id: making.id }] };
  });
  deps.keyring.hold(making, bytes);
  return tenant;
}

/** A typing error must not become a second tenant, with a set-up link for whoever reads the terminal. */
const noSuchTenant = (name: TenantName, tenants: readonly Tenant[]): Refusal => {
  const there = tenants.map((tenant) => tenant.name).join(', ');
  return new Refusal(
    'conflict',
    `There is no tenant ${name} in this data folder; there is ${there}. Set COUNTERSIGN_TENANT to it.`,
  );
};
