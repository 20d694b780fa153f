import { digestOf, mint, previewOf } from '#crypto/opaque.ts';
import type { Instant } from '#domain/instant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { PersonalAccessToken, Token, TokenName } from '#domain/token.ts';
import type { PepperedDigest } from '#ports/digest.ts';
import type { Deps } from '../deps.ts';
import { newId } from '../new-id.ts';

/** A value that was minted and is nowhere yet, with all that its rows need. */
export type Issue = {
  readonly value: Sensitive;
  readonly digest: PepperedDigest;
  readonly pat: PersonalAccessToken;
  readonly token: Omit<Token, 'generation'>;
};

export type WantedPat = { readonly name: TokenName; readonly expiresAt: Instant | undefined };

/** Made outside the transaction, which may run more than once. */
export function issueFor(
  deps: Pick<Deps, 'random' | 'clock' | 'keyring'>,
  owner: PrincipalId,
  wanted: WantedPat,
): Issue {
  const value = mint('pat', deps.random);
  const now = deps.clock.now();
  const pat = { ...wanted, id: newId(deps), owner, createdAt: now, updatedAt: now, ended: undefined } as const;
  const token = { id: newId(deps), kind: 'pat', pat: pat.id, subject: owner, preview: previewOf(value) } as const;
  const life = { createdAt: now, expiresAt: wanted.expiresAt, ended: undefined };
  return { value, digest: digestOf(deps.keyring, value), pat, token: { ...token, ...life } } as Issue;
}
