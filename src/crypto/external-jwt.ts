import { compactVerify, errors } from 'jose';
import type { ExternalAlgorithm, ProviderRules } from '#domain/identity-provider.ts';
import { type Claims, textAt, textsAt } from '#domain/identity-provider-claims.ts';
import type { Instant } from '#domain/instant.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { OutboundFailure } from '#ports/outbound.ts';
import { CLAIM_CHECKS } from './external-jwt-claims.ts';
import type { Fingerprint, ForeignKey, KeySet } from './external-jwt-keys.ts';
import { readExternalJwt } from './external-jwt-read.ts';
import { type Reason, refused, type Step } from './external-jwt-reasons.ts';
import { isFault } from './jwt.ts';

/*
 * Whether a token of somebody else is believed: a sequence of named steps, of which the first that fails is the answer. Whoever
 * presented it is told no more than that it was not accepted; whoever manages the provider may ask which step it was.
 */

/**
 * The keys of a provider, and newer ones where those that are known are not enough and it is time to ask. What it
 * answers may still not be enough.
 */
export type KeySource = (isEnough: (set: KeySet) => boolean) => Promise<KeySet | OutboundFailure>;

export type ExternalJwtFailure = {
  readonly ok: false;
  readonly step: Step;
  readonly reason: Reason;
  /** Where the keys could not be fetched: the token may be good, and nobody knows. */
  readonly failure?: OutboundFailure;
};
export type ExternalJwtVerification =
  | {
      readonly ok: true;
      readonly claims: Claims;
      readonly subject: string;
      /** Undefined too where the provider says that it does not know whose address it is. */
      readonly email: string | undefined;
      readonly teams: readonly string[];
      /** From then on it is refused, with what the clocks may differ by. */
      readonly expiresAt: Instant;
    }
  | ExternalJwtFailure;

type Against = {
  readonly rules: ProviderRules;
  readonly keys: KeySource;
  /** Of our own keys: what they sign is no one else's token, whoever publishes them. */
  readonly ours: ReadonlySet<Fingerprint>;
  readonly now: Instant;
};

export async function verifyExternalJwt(credential: Sensitive, against: Against): Promise<ExternalJwtVerification> {
  const { rules, now } = against;
  const read = readExternalJwt(credential);
  if (!read.ok) return read;
  const { header, claims } = read.jwt;
  const alg = rules.algorithms.find((one) => one === header.alg);
  if (alg === undefined) return refused(header.alg === undefined ? 'algorithm_missing' : 'algorithm_refused');
  const found = await keyFor(header.kid, alg, against);
  if (!found.ok) return found;
  if (!(await isSignedBy(credential, found.key, alg))) return refused('signature_wrong');
  const untrue = CLAIM_CHECKS.find(([, isRight]) => !isRight(claims, rules, now / 1000));
  return untrue === undefined ? accepted(claims, rules) : refused(untrue[0]);
}

type Found = { readonly ok: true; readonly key: ForeignKey } | ExternalJwtFailure;

async function keyFor(kid: unknown, alg: ExternalAlgorithm, { keys, ours }: Against): Promise<Found> {
  const named = (set: KeySet) => set.filter((key) => kid === undefined || key.kid === kid);
  const fitting = (set: KeySet) => named(set).filter(({ algorithms }) => algorithms.includes(alg));
  const set = await keys((known) => fitting(known).length > 0);
  if (typeof set === 'string') return { ...refused('keys_unavailable'), failure: set };
  const [key, ...others] = fitting(set);
  if (key === undefined) return refused(named(set).length > 0 ? 'key_unfit' : 'key_unknown');
  if (others.some(({ fingerprint }) => fingerprint !== key.fingerprint)) return refused('key_ambiguous');
  return ours.has(key.fingerprint) ? refused('key_ours') : { ok: true, key };
}

const isSignedBy = (credential: Sensitive, { key }: ForeignKey, alg: ExternalAlgorithm): Promise<boolean> =>
  compactVerify(credential.reveal(), key, { algorithms: [alg] }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof errors.JOSEError && !isFault(error)) return false;
      throw error; // a fault of ours, which must not look like a bad credential
    },
  );

function accepted(claims: Claims, rules: ProviderRules): ExternalJwtVerification {
  const subject = textAt(claims, rules.subjectClaim);
  if (subject === undefined) return refused('subject_missing');
  const teams = rules.teamClaim === undefined ? [] : textsAt(claims, rules.teamClaim);
  const expiresAt = Math.floor((Number(claims.exp) + rules.clockSkewSeconds) * 1000);
  return { ok: true, claims, subject, email: emailIn(claims, rules), teams, expiresAt };
}

/** At many providers anybody may write any address into their own account: some say that they have not looked. */
function emailIn(claims: Claims, { emailClaim }: ProviderRules): string | undefined {
  const isDoubted = claims.email_verified === false || claims.email_verified === 'false';
  return emailClaim === undefined || isDoubted ? undefined : textAt(claims, emailClaim);
}
