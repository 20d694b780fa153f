import { isJwtShaped, isOurJwt } from '#crypto/jwt.ts';
import { digestsOf } from '#crypto/opaque.ts';
import { kindOf } from '#crypto/opaque-form.ts';
import type { Caller } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { TOKEN_KINDS } from '#domain/token.ts';
import type { Known } from '#domain/verification.ts';
import type { Deps } from '../deps.ts';
import { learnKeys } from '../key/learn.ts';

/** A token of ours, whatever its standing. */
export type KnownToken = Known & { readonly credential: { readonly kind: 'token' } };

/**
 * A token that somebody presents who need not be whom it speaks for. Of their tenant alone: another's is as unknown as
 * one that was never issued, by the same statements. Nobody has judged it yet, and being looked at is no use of it. Too
 * many unknown ones are charged to whoever asks, so that a gateway is no way around that limit.
 */
export async function presentedToken(
  deps: Deps,
  { tenant, origin }: Pick<Caller, 'tenant' | 'origin'>,
  token: Sensitive,
): Promise<KnownToken | undefined> {
  const isJwt = isJwtShaped(token);
  if (!isJwt && kindOf(token, TOKEN_KINDS) === undefined) return undefined;
  const now = deps.clock.now();
  const look = async () => {
    if (isJwt && !(await isIssued(deps, token))) return undefined;
    return deps.store.tokens.byDigest(digestsOf(deps.keyring, token), tenant.id);
  };
  const found = await deps.verified.findWithin(tenant.id, token, now, (wasKnown) =>
    wasKnown ? look() : deps.strangers.read(origin.address, now, look),
  );
  return found as KnownToken | undefined; // `byDigest` of tokens finds no other
}

const isIssued = (deps: Deps, token: Sensitive): Promise<boolean> =>
  isOurJwt(deps.keyring, token, async () => (deps.store.isShared ? learnKeys(deps) : undefined));
