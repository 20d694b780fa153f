import type { ExternalJwtFailure } from '#crypto/external-jwt.ts';
import { readExternalJwt } from '#crypto/external-jwt-read.ts';
import { aboutReason, EXTERNAL_JWT_STEPS, type Step } from '#crypto/external-jwt-reasons.ts';
import type { Caller } from '#domain/caller.ts';
import type { ExternalIdentity } from '#domain/external-identity.ts';
import type { IdentityProvider, IdentityProviderId } from '#domain/identity-provider.ts';
import type { Principal } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { standingOf } from '#domain/verification.ts';
import type { OutboundFailure } from '#ports/outbound.ts';
import type { Deps } from '../deps.ts';
import { viewOne } from '../doors.ts';
import { verifiedBy } from '../token/external.ts';
import { providerAct } from './upon.ts';

/** What is looked at besides the token itself. */
const OWN_STEPS = ['provider', 'principal'] as const;
export const EXPLAINED_STEPS = [...EXTERNAL_JWT_STEPS, ...OWN_STEPS] as const;
export type ExplainedStep = Step | (typeof OWN_STEPS)[number];

/** A step that was taken; `about` says what was wrong where it did not pass. Those after it were not. */
export type Explained = { readonly step: ExplainedStep; readonly passed: boolean; readonly about: string | undefined };
export type Explanation = {
  readonly accepted: boolean;
  readonly steps: readonly Explained[];
  /** What the provider says, where its word is believed. */
  readonly identity: ExternalIdentity | undefined;
  /** Who that is, where it is somebody. */
  readonly principal: Principal | undefined;
};

/** Why a token is taken, or is not. It is written nowhere, and nothing is done by it. */
export async function explainToken(
  deps: Deps,
  caller: Caller,
  id: IdentityProviderId,
  token: Sensitive,
): Promise<Explanation> {
  const locate = () => deps.store.identityProviders.get(caller.tenant.id, id);
  const provider = await viewOne(deps, caller, { ...providerAct(id), locate });
  const verified = await verifiedBy(deps, provider, token);
  if (!verified.ok) {
    const steps = failedAt(EXTERNAL_JWT_STEPS, verified.step, aboutFailure(verified));
    return { accepted: false, steps, identity: undefined, principal: undefined };
  }
  const { identity } = verified;
  const fault = await faultOf(deps, provider, token);
  if (fault !== undefined) {
    const steps = failedAt(EXPLAINED_STEPS, 'provider', fault);
    return { accepted: false, steps, identity, principal: undefined };
  }
  return whoIs(deps, caller, provider, identity);
}

/** Whether this is the one provider that is asked about such a token. */
async function faultOf({ store }: Deps, { id, isEnabled }: IdentityProvider, token: Sensitive) {
  if (!isEnabled) return 'This identity provider is disabled.';
  const read = readExternalJwt(token);
  const { issuer = '', audiences } = read.ok ? read.jwt : { issuer: '', audiences: [] };
  const found = await store.identityProviders.believing(issuer, audiences);
  return found !== 'several' && found?.provider.id === id
    ? undefined
    : 'It has audiences of several identity providers: it must be for exactly one.';
}

async function whoIs(
  { store, clock }: Deps,
  { tenant }: Caller,
  { id }: IdentityProvider,
  identity: ExternalIdentity,
): Promise<Explanation> {
  const known = await store.identityProviders.known(tenant.id, id, identity);
  if (known === undefined) {
    const steps = failedAt(EXPLAINED_STEPS, 'principal', NOBODY);
    return { accepted: false, steps, identity, principal: undefined };
  }
  const accepted = standingOf(known, clock.now()) === 'live';
  const steps = accepted ? EXPLAINED_STEPS.map(passed) : failedAt(EXPLAINED_STEPS, 'principal', SHUT_OUT);
  return { accepted, steps, identity, principal: known.principal };
}

const aboutFailure = ({ reason, failure }: ExternalJwtFailure): string =>
  failure === undefined ? aboutReason(reason) : `${aboutReason(reason)} ${FETCH_FAILURES[failure]}`;

const FETCH_FAILURES: Readonly<Record<OutboundFailure, string>> = {
  refused_destination:
    'Their address leads to where this server may not go: its operator opens private networks with COUNTERSIGN_EGRESS_ALLOW.',
  unreachable: 'Nobody answers at their address.',
  timeout: 'There was no answer in time.',
  tls: 'Whoever answers cannot prove to be who the address says.',
  too_large: 'The answer is too large.',
  bad_status: 'The answer is not 200; redirects are not followed.',
  bad_answer: 'The answer is no JSON Web Key Set.',
};

const NOBODY =
  'No virtual account is mapped by its subject, and no user has its e-mail address (or the provider has no email claim).';
const SHUT_OUT = 'Whom it names is deactivated, or frozen.';

const passed = (step: ExplainedStep): Explained => ({ step, passed: true, about: undefined });

const failedAt = (all: readonly ExplainedStep[], step: ExplainedStep, about: string): readonly Explained[] => [
  ...all.slice(0, all.indexOf(step)).map(passed),
  { step, passed: false, about },
];
