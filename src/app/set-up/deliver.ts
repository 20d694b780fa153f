import { openDelivery } from '#crypto/delivery.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';
import { change, reveal } from '../doors.ts';
import { programCaller } from '../program-caller.ts';

/**
 * Hands a pending first token over; false when none is pending. Killed anywhere, the next start does it again with the
 * same token, so `write` must take a second time with the same value for success.
 */
export async function deliver(deps: Deps, tenant: Tenant, write: (token: Sensitive) => void): Promise<boolean> {
  const pending = await deps.store.deliveries.pending(tenant.id);
  if (pending === undefined) return false;
  const { token, pat, sealed } = pending;
  const action = 'personal-access-token:Deliver';
  const caller = programCaller(tenant, 'setup', [action]);
  const what = { action, resource: `personal-access-token/${pat}`, locate: async () => pending } as const;
  const open = async () => openDelivery(deps.keyring, sealed, { tenant: tenant.id, pat, token });
  write(await reveal(deps, caller, what, open));
  await change(deps, caller, what, async (tx) => {
    await tx.deliveries.markDelivered(tenant.id, token, deps.clock.now());
    return { result: undefined };
  });
  return true;
}
