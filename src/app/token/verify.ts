import { isExternalShaped } from '#crypto/external-jwt-read.ts';
import { isJwtShaped, isOurJwt } from '#crypto/jwt.ts';
import { digestsOf } from '#crypto/opaque.ts';
import { kindOf } from '#crypto/opaque-form.ts';
import type { Caller, Origin } from '#domain/caller.ts';
import type { VerificationResult } from '#domain/counts.ts';
import type { Instant } from '#domain/instant.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { TOKEN_KINDS } from '#domain/token.ts';
import { type Known, standingOf } from '#domain/verification.ts';
import type { Deps } from '../deps.ts';
import { learnKeys } from '../key/learn.ts';
import { knownExternal } from './external.ts';

/** Expected outcomes are values; only an outage throws, and an outage never looks like a bad credential. */
export type Verification =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown' | 'revoked' | 'expired' };

type VerifyDeps = Pick<
  Deps,
  'store' | 'keyring' | 'keySets' | 'issuer' | 'wrapper' | 'clock' | 'verified' | 'uses' | 'strangers' | 'counts'
>;

/** Whether it can be one of these at all, and how it is looked up where it is not in memory. */
type Way = { readonly isOurs: boolean; readonly look: () => Promise<Known | undefined> };

/** At once where the credential is in memory: this stands before every request. */
export type Verified = Verification | Promise<Verification>;

/** An access token of either form, or one that a provider has signed, as it stands behind `Bearer`. */
export function verifyToken(deps: VerifyDeps, token: Sensitive, origin: Origin): Verified {
  const look = () => deps.store.tokens.byDigest(digestsOf(deps.keyring, token));
  if (!isExternalShaped(token)) {
    return verify(deps, token, origin, { isOurs: kindOf(token, TOKEN_KINDS) !== undefined, look });
  }
  const signed = async () => ((await isIssued(deps, token)) ? look() : knownExternal(deps, token));
  return verify(deps, token, origin, { isOurs: true, look: signed });
}

/** What spares the read of our file whatever we never signed. */
const isIssued = async (deps: VerifyDeps, token: Sensitive): Promise<boolean> =>
  isJwtShaped(token) && isOurJwt(deps.keyring, token, async () => (deps.store.isShared ? learnKeys(deps) : undefined));

/** A browser session, by the value of its cookie. */
export const verifySession = (deps: VerifyDeps, cookie: Sensitive, origin: Origin): Verified =>
  verify(deps, cookie, origin, {
    isOurs: kindOf(cookie, ['session']) !== undefined,
    look: () => deps.store.sessions.byDigest(digestsOf(deps.keyring, cookie)),
  });

/** Checksum, memory, signature, one indexed read: each step only when the one before cannot tell. Writes nothing. */
function verify(deps: VerifyDeps, credential: Sensitive, origin: Origin, { isOurs, look }: Way): Verified {
  if (!isOurs) return ended(deps, 'malformed');
  const now = deps.clock.now();
  const found = deps.verified.find(credential, now, (wasKnown) =>
    wasKnown ? look() : deps.strangers.read(origin.address, now, look),
  );
  return found instanceof Promise
    ? found.then((known) => judged(deps, known, origin, deps.clock.now()), unanswered(deps)) // it may have waited long
    : judged(deps, found, origin, now);
}

/** Whether it is good now; of a token, that is a use of it, or one after its end. */
export function judged(deps: VerifyDeps, known: Known | undefined, origin: Origin, now: Instant): Verification {
  if (known === undefined) {
    deps.strangers.noticed();
    return ended(deps, 'unknown');
  }
  const standing = standingOf(known, now, deps.uses.lastOf(known));
  if (standing !== 'live') {
    deps.uses.refused(known, origin, now);
    return ended(deps, standing);
  }
  deps.uses.accepted(known, origin, now);
  deps.counts.verifications.ok += 1;
  return { ok: true, caller: callerOf(known, origin) };
}

type Bad = Extract<Verification, { ok: false }>;

function ended({ counts }: Pick<Deps, 'counts'>, reason: Bad['reason']): Bad {
  counts.verifications[reason] += 1;
  return { ok: false, reason };
}

/** What a refusal of the look-up counts as; anything else that is thrown is our fault. */
const UNANSWERED: Readonly<Record<string, VerificationResult>> = { unavailable: 'outage', rate_limited: 'refused' };

const unanswered =
  ({ counts }: Pick<Deps, 'counts'>) =>
  (error: unknown): never => {
    counts.verifications[(error instanceof Refusal && UNANSWERED[error.code]) || 'failed'] += 1;
    throw error;
  };

const callerOf = ({ tenant, principal, credential, rights }: Known, origin: Origin): Caller => ({
  ...{ tenant, principal, credential, rights },
  origin,
});
