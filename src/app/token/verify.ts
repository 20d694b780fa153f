import { digestsOf } from '#crypto/opaque.ts';
import { kindOf, type OpaqueKind } from '#crypto/opaque-form.ts';
import type { Caller, Origin } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { TOKEN_KINDS } from '#domain/token.ts';
import { type Known, standingOf } from '#domain/verification.ts';
import type { Digest } from '#ports/digest.ts';
import type { Deps } from '../deps.ts';

/** Expected outcomes are values; only an outage throws, and an outage never looks like a bad credential. */
export type Verification =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown' | 'revoked' | 'expired' };

type VerifyDeps = Pick<Deps, 'store' | 'keyring' | 'clock' | 'verified' | 'uses' | 'strangers'>;

/** An access token, as it stands behind `Bearer`. */
export const verifyToken = (deps: VerifyDeps, token: Sensitive, origin: Origin): Promise<Verification> =>
  verify(deps, token, origin, TOKEN_KINDS, (digests) => deps.store.tokens.byDigest(digests));

/** A browser session, by the value of its cookie. */
export const verifySession = (deps: VerifyDeps, cookie: Sensitive, origin: Origin): Promise<Verification> =>
  verify(deps, cookie, origin, ['session'], (digests) => deps.store.sessions.byDigest(digests));

/** Checksum, memory, one indexed read: each step only when the one before cannot tell. Writes nothing. */
async function verify(
  deps: VerifyDeps,
  credential: Sensitive,
  origin: Origin,
  kinds: readonly OpaqueKind[],
  read: (digests: readonly Digest[]) => Promise<Known | undefined>,
): Promise<Verification> {
  if (kindOf(credential, kinds) === undefined) return { ok: false, reason: 'malformed' };
  const now = deps.clock.now();
  const look = () => read(digestsOf(deps.keyring, credential));
  const known = await deps.verified.find(credential, now, (wasKnown) =>
    wasKnown ? look() : deps.strangers.read(origin.address, now, look),
  );
  if (known === undefined) {
    deps.strangers.noticed();
    return { ok: false, reason: 'unknown' };
  }
  const standing = standingOf(known, now);
  if (standing !== 'live') {
    deps.uses.refused(known, origin, now);
    return { ok: false, reason: standing };
  }
  deps.uses.accepted(known, origin, now);
  return { ok: true, caller: callerOf(known, origin) };
}

const callerOf = ({ tenant, principal, credential, rights }: Known, origin: Origin): Caller => ({
  ...{ tenant, principal, credential, rights },
  origin,
});
