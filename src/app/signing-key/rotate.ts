import { SIGNING_OVERLAP_MS, signingKey } from '#crypto/jwt.ts';
import { makeKey } from '#crypto/keyring.ts';
import type { Instant } from '#domain/instant.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { KeyId } from '#ports/digest.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
import { newId } from '../new-id.ts';
import { programCaller } from '../program-caller.ts';

export type Rotated = { readonly made: KeyId; readonly signsAt: Instant; readonly dropped: readonly KeyId[] };

/**
 * A new key for JWTs. It is published at once and signs an hour later, so that whoever verifies elsewhere knows it by
 * then; the old ones stay published while anything lives that they signed.
 */
export async function rotateSigningKey(deps: Deps, tenant: Tenant): Promise<Rotated> {
  const { keyring, clock, wrapper, random } = deps;
  const [id, createdAt] = [newId<'Key'>(deps), clock.now()];
  const making = { id, purpose: 'token-signing', tenant: undefined, createdAt } as const;
  const what = {
    action: 'signing-key:Rotate',
    resource: `signing-key/${making.id}`,
    locate: made,
    prepare: () => makeKey(wrapper, making, random),
  } as const;
  const caller = programCaller(tenant, 'operator', [what.action]);
  type Made = Awaited<ReturnType<typeof makeKey>>;
  const { bytes, dropped } = await change(deps, caller, what, async (tx, _, { wrapped, bytes }: Made) => {
    await tx.keys.insert(wrapped);
    return { result: { bytes, dropped: await dropUnneeded(deps, tx) } };
  });
  keyring.hold(making, bytes);
  for (const id of dropped) keyring.drop(id);
  return { made: making.id, signsAt: making.createdAt + SIGNING_OVERLAP_MS, dropped };
}

/** Those before the one that signs, once it has done so for long enough that nothing is being signed by another. */
async function dropUnneeded({ keyring, clock }: Deps, tx: Transaction): Promise<readonly KeyId[]> {
  const now = clock.now();
  const signing = signingKey(keyring, now);
  if (signing.createdAt + 2 * SIGNING_OVERLAP_MS > now) return [];
  const dropped: KeyId[] = [];
  for (const { id, createdAt } of keyring.all('token-signing')) {
    if (createdAt >= signing.createdAt || (await tx.tokens.anyLiveSignedBy(id, now))) continue;
    await tx.keys.remove(id);
    dropped.push(id);
  }
  return dropped;
}
