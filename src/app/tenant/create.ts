import { Refusal } from '#domain/refusal.ts';
import type { Tenant, TenantName, TenantOrigin } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
import { newId } from '../new-id.ts';
import { programCaller } from '../program-caller.ts';
import { type Kek, newKek } from '../set-up/kek.ts';
import type { Home } from './at.ts';
import { addOrigin } from './name.ts';

export type WantedTenant = { readonly name: TenantName; readonly origins: readonly TenantOrigin[] };

/** One more tenant, with a key of its own and nobody in it. An act of the operator's, as all that is done to a tenant. */
export async function createTenant(deps: Deps, home: Home, { name, origins }: WantedTenant): Promise<Tenant> {
  const tenant: Tenant = { id: newId(deps), name };
  const what = {
    action: 'tenant:Create',
    resource: `tenant/${tenant.id}`,
    locate: made,
    prepare: () => newKek(deps, tenant.id),
  } as const;
  const caller = programCaller(home.tenant, 'operator', ['tenant:Create']);
  const kek = await change(deps, caller, what, async (tx, _, kek: Kek) => {
    if (!(await tx.tenants.insert(tenant))) throw nameTaken(name);
    await tx.keys.insert(kek.wrapped);
    for (const origin of origins) await addOrigin(tx, home, tenant.id, origin);
    return { result: kek, details: { count: origins.length }, moved: kek.moved };
  });
  kek.hold();
  return tenant;
}

const nameTaken = (name: TenantName): Refusal =>
  new Refusal('conflict', `${name} is taken already: a tenant has that name, or has it as an alias. Choose another.`);
