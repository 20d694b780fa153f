import { SIGNING_OVERLAP_MS, signingKey } from '#crypto/jwt.ts';
import { makeKey } from '#crypto/keyring.ts';
import type { Instant } from '#domain/instant.ts';
import { programPrincipal } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import { type Ended, REVOKED_SHOWN_MS } from '#domain/token.ts';
import type { Moved } from '#ports/changes.ts';
import type { KeyId } from '#ports/digest.ts';
import type { Transaction } from '#ports/store.ts';
import type { EndedAll } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
import { learnKeys } from '../key/learn.ts';
import { newId } from '../new-id.ts';
import { programCaller } from '../program-caller.ts';

export type Rotated = {
  readonly made: KeyId;
  readonly signsAt: Instant;
  readonly dropped: readonly KeyId[];
  /** Values that ended with the keys that signed them. */
  readonly ended: number;
  /** Rows of such values, or of their tokens, that do not prove themselves: they are refused, and were left as they are. */
  readonly unproved: readonly string[];
};

/**
 * A new key for JWTs. It is published at once and signs an hour later, so that whoever verifies elsewhere knows it by
 * then. Old ones stay published while anything lives that they signed, and for as long after it as a use of it is shown.
 */
export const rotateSigningKey = (deps: Deps, tenant: Tenant): Promise<Rotated> =>
  rotated(deps, tenant, deps.clock.now(), async (tx) => ({
    dropped: await dropUnneeded(deps, tx),
    ended: [],
    unproved: [],
  }));

/**
 * For keys that leaked: a new one that signs at once. Every old one is gone, and every value that it signed has ended.
 * Owners are held first, so that nothing is made by such a value meanwhile; and again once the keys are gone, because until
 * then they sign.
 */
export function withdrawSigningKeys(deps: Deps, tenant: Tenant): Promise<Rotated> {
  const { clock } = deps;
  const ended: Ended = { at: clock.now(), by: programPrincipal('operator').id, reason: 'leaked' };
  return rotated(deps, tenant, clock.now() - SIGNING_OVERLAP_MS, async (tx) => {
    const old = (await tx.keys.all()).filter(({ purpose }) => purpose === 'token-signing').map(({ id }) => id);
    await tx.tokens.holdOwners(old);
    for (const id of old) await tx.keys.remove(id); // waits for whoever adds what it has signed, and nobody can from then on
    await tx.tokens.holdOwners(old);
    const all = { ended: [] as Moved[], unproved: [] as Moved[] };
    for (const id of old) {
      const signed = await tx.tokens.endSignedBy(id, ended);
      all.ended.push(...signed.ended);
      all.unproved.push(...signed.unproved);
    }
    return { dropped: old, ...all };
  });
}

type Swept = EndedAll<Moved> & { readonly dropped: readonly KeyId[] };
type Made = Awaited<ReturnType<typeof makeKey>>;

async function rotated(
  deps: Deps,
  tenant: Tenant,
  createdAt: Instant,
  sweep: (tx: Transaction) => Promise<Swept>,
): Promise<Rotated> {
  const making = { id: newId<'Key'>(deps), purpose: 'token-signing', tenant: undefined, createdAt } as const;
  const what = {
    action: 'signing-key:Rotate',
    resource: `signing-key/${making.id}`,
    locate: made,
    prepare: async () => {
      if (deps.store.isShared) await learnKeys(deps); // another process may have made the one that signs
      return makeKey(deps.wrapper, making, deps.random);
    },
  } as const;
  const caller = programCaller(tenant, 'operator', [what.action]);
  const { bytes, dropped, ended, unproved } = await change(
    deps,
    caller,
    what,
    async (tx, _, { wrapped, bytes }: Made) => {
      await tx.tenants.hold(tenant.id); // of two rotations the second finds the key that the first one made
      const swept = await sweep(tx);
      await tx.keys.insert(wrapped);
      const unproved = swept.unproved.map(({ id }) => id);
      const named = unproved.length > 0 && { unproved };
      const details = { dropped: swept.dropped, count: swept.ended.length, ...named };
      const keys = [making.id, ...swept.dropped].map((id) => ({ kind: 'key', id }) as const);
      return { result: { bytes, ...swept, unproved }, details, moved: [...keys, ...swept.ended, ...swept.unproved] };
    },
  );
  deps.keyring.hold(making, bytes);
  for (const id of dropped) deps.keyring.drop(id);
  return { made: making.id, signsAt: createdAt + SIGNING_OVERLAP_MS, dropped, ended: ended.length, unproved };
}

/** Those before the one that signs, once it has done so for long enough that nothing is being signed by another. */
async function dropUnneeded({ keyring, clock }: Deps, tx: Transaction): Promise<readonly KeyId[]> {
  const now = clock.now();
  const signing = signingKey(keyring, now);
  if (signing.createdAt + 2 * SIGNING_OVERLAP_MS > now) return [];
  const dropped: KeyId[] = [];
  for (const { id, createdAt } of keyring.all('token-signing')) {
    if (createdAt >= signing.createdAt || (await tx.tokens.anyLivedAfter(id, now - REVOKED_SHOWN_MS))) continue;
    await tx.keys.remove(id);
    dropped.push(id);
  }
  return dropped;
}
