import { makeKey } from '#crypto/keyring.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Moved } from '#ports/changes.ts';
import type { WrappedKey } from '#ports/keys.ts';
import type { Deps } from '../deps.ts';
import { newId } from '../new-id.ts';

export type Kek = {
  readonly wrapped: WrappedKey;
  readonly moved: readonly Moved[];
  hold(): void;
};

/** The key under which a tenant's values are sealed: to be written with the tenant, and held once that is committed. */
export async function newKek(deps: Deps, tenant: TenantId): Promise<Kek> {
  const making = { id: newId<'Key'>(deps), purpose: 'tenant-kek', tenant, createdAt: deps.clock.now() } as const;
  const { wrapped, bytes } = await makeKey(deps.wrapper, making, deps.random);
  return { wrapped, moved: [{ kind: 'key', id: making.id }], hold: () => deps.keyring.hold(making, bytes) };
}
