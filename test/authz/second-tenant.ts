import { newId } from '#app/new-id.ts';
import { createPat } from '#app/token/create.ts';
import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import { newUser, parseEmail } from '#domain/principal.ts';
import { compile, tenantWide } from '#domain/rights.ts';
import { type BuiltInRoleId, builtIn } from '#domain/role.ts';
import { parseTenantName, type Tenant } from '#domain/tenant.ts';
import { parseTokenName } from '#domain/token.ts';
import { addKey, ORIGIN } from '#support/core.ts';
import type { World } from '#support/world.ts';

/** Another tenant in the same database, and how its people come to their tokens. */
export async function secondTenant({ deps }: Pick<World, 'deps'>, name = 'other') {
  const tenant: Tenant = { id: newId(deps), name: parseTenantName(name) };
  await deps.store.transact((tx) => tx.tenants.insert(tenant));
  await addKey(deps, 'tenant-kek', tenant);
  async function person(localPart: string, role: BuiltInRoleId, ...tokenNames: readonly string[]) {
    const principal = newUser(newId(deps), parseEmail(`${localPart}@example.com`), deps.clock.now());
    await deps.store.transact(async (tx) => {
      await tx.principals.insert(tenant.id, principal);
      await tx.grants.add(tenant.id, onTenant(newId(deps), principal.id, role));
    });
    const credential = { kind: 'none', id: undefined } as const;
    const rights = compile(tenantWide(builtIn(role)));
    const caller: Caller = { tenant, principal, credential, rights, origin: ORIGIN };
    const wanted = (token: string) => ({ name: parseTokenName(token), expiresAt: undefined });
    const { value: token } = await createPat(deps, caller, wanted('first'));
    for (const other of tokenNames) await createPat(deps, caller, wanted(other));
    return { caller, token };
  }
  return { tenant, person };
}
