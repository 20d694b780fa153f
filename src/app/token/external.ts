import { type ExternalJwtFailure, verifyExternalJwt } from '#crypto/external-jwt.ts';
import { ownFingerprints } from '#crypto/external-jwt-keys.ts';
import { readExternalJwt } from '#crypto/external-jwt-read.ts';
import type { ExternalIdentity } from '#domain/external-identity.ts';
import type { IdentityProvider } from '#domain/identity-provider.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Known } from '#domain/verification.ts';
import type { Believing } from '#ports/identity-providers.ts';
import type { Deps } from '../deps.ts';
import { Untold } from './strangers.ts';

type ExternalDeps = Pick<Deps, 'store' | 'keyring' | 'keySets' | 'clock' | 'counts' | 'issuer'>;

/** Whoever is meant by a token that somebody else has signed; undefined for nobody, whatever the reason. */
export async function knownExternal(deps: ExternalDeps, token: Sensitive): Promise<Known | undefined> {
  const found = await providerFor(deps, token);
  if (!found?.provider.isEnabled) return undefined;
  const { tenant, provider } = found;
  const verified = await verifiedBy(deps, provider, token);
  if (verified.ok) return deps.store.identityProviders.known(tenant.id, provider.id, verified.identity);
  deps.counts.externalRefusals[verified.step] += 1;
  if (verified.failure === undefined) return undefined;
  throw keysOut(verified);
}

/**
 * By what it says itself, which decides nothing but whom to ask: there must be exactly one. No provider has our own name,
 * so about that nobody is asked.
 */
async function providerFor({ store, issuer }: ExternalDeps, token: Sensitive): Promise<Believing | undefined> {
  const read = readExternalJwt(token);
  if (!read.ok || read.jwt.issuer === undefined || read.jwt.issuer === issuer()) return undefined;
  const found = await store.identityProviders.believing(read.jwt.issuer, read.jwt.audiences);
  return found === 'several' ? undefined : found;
}

type Verified = { readonly ok: true; readonly identity: ExternalIdentity } | ExternalJwtFailure;

/** Whether this provider's word is believed, whoever it is about. */
export async function verifiedBy(deps: ExternalDeps, provider: IdentityProvider, token: Sensitive): Promise<Verified> {
  const { keySets, keyring, clock } = deps;
  const against = { rules: provider, keys: keySets.of(provider), ours: ownFingerprints(keyring), now: clock.now() };
  const verification = await verifyExternalJwt(token, against);
  if (!verification.ok) return verification;
  const { subject, email, teams, expiresAt } = verification;
  return { ok: true, identity: { subject, email, teams, expiresAt } };
}

/** An outage never looks like a bad credential. */
const keysOut = ({ reason, failure }: ExternalJwtFailure): Refusal =>
  new Untold(
    'unavailable',
    'The service is unavailable for the moment; your API key is not the problem. The keys of its identity provider cannot be had: try again.',
    { detail: `${reason}: ${failure}` },
  );
