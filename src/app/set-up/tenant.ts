import { makeKey } from '#crypto/keyring.ts';
import type { Tenant, TenantName } from '#domain/tenant.ts';
import type { KeyPlace } from '#ports/key-wrapper.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { newId } from '../new-id.ts';
import { programCaller } from '../program-caller.ts';

/** The tenant of this name, with a KEK of its own; made when there is none. */
export async function setUpTenant(deps: Deps, name: TenantName): Promise<Tenant> {
  const known = await deps.store.tenants.byName(name);
  if (known !== undefined) return known;
  const tenant: Tenant = { id: newId(deps), name };
  const place: KeyPlace = { id: newId(deps), purpose: 'tenant-kek', tenant: tenant.id };
  const { wrapped, bytes } = await makeKey(deps.wrapper, place, deps.clock.now(), deps.random);
  const what = { action: 'tenant:SetUp', resource: `tenant/${tenant.id}` } as const;
  await change(deps, programCaller(tenant, 'setup', ['tenant:SetUp']), what, async (tx) => {
    if (!(await tx.tenants.insert(tenant)))
      throw new Error('there is one start at a time, and a moment ago there was none');
    await tx.keys.insert(wrapped);
    return { result: undefined };
  });
  deps.keyring.hold(place, bytes);
  return tenant;
}
