/*
 * Every way in which a token of somebody else is not believed, by the step that finds it, in the order of the steps. For whoever manages
 * the provider; the words hold nothing of the token.
 */
const REASONS = {
  too_long: { step: 'form', about: 'It is longer than a token may be (16384 characters).' },
  encrypted: { step: 'form', about: 'It is encrypted (JWE): only signed tokens are taken.' },
  no_jwt: { step: 'form', about: 'It is no JWT: three parts of base64url with dots between.' },
  not_canonical: { step: 'form', about: 'A part of it is no base64url, or not in its one spelling.' },
  header_no_object: { step: 'header', about: 'Its header is no JSON object.' },
  header_twice: { step: 'header', about: 'Its header has a name twice: readers differ about which counts.' },
  header_crit: { step: 'header', about: 'Its header demands (`crit`) what is not known here.' },
  kid_form: { step: 'header', about: 'The `kid` in its header is not 1 to 200 printable characters.' },
  type_ours: { step: 'header', about: 'Its `typ` says that it is an access token of this server.' },
  type_other: { step: 'header', about: 'Its `typ` says that it is for something else than access.' },
  claims_no_object: { step: 'claims', about: 'Its claims are no JSON object.' },
  claims_twice: { step: 'claims', about: 'Its claims have a name twice: readers differ about which counts.' },
  algorithm_missing: { step: 'algorithm', about: 'Its header names no algorithm.' },
  algorithm_refused: { step: 'algorithm', about: 'Its algorithm is not among those that the provider allows.' },
  keys_unavailable: { step: 'key', about: 'The provider’s keys could not be fetched.' },
  key_unknown: {
    step: 'key',
    about: 'The provider has no key of this `kid`. One that is new is found within a minute.',
  },
  key_unfit: { step: 'key', about: 'The provider’s key of this `kid` is not for this algorithm.' },
  key_ambiguous: { step: 'key', about: 'Several of the provider’s keys fit: the token must say which by `kid`.' },
  key_ours: { step: 'key', about: 'The provider publishes a key of this server.' },
  signature_wrong: { step: 'signature', about: 'That key has not signed it, or it was changed since.' },
  issuer_missing: { step: 'issuer', about: 'It has no `iss`.' },
  issuer_other: { step: 'issuer', about: 'Its `iss` is not the provider’s issuer, character by character.' },
  audience_missing: { step: 'audience', about: 'It has no `aud`, neither one text nor a list of texts.' },
  audience_other: { step: 'audience', about: 'No `aud` of it is an audience of the provider, character by character.' },
  expiry_missing: { step: 'expiry', about: 'It has no `exp`: a token without end is not taken.' },
  expiry_range: { step: 'expiry', about: 'Its `exp` is no time that there is, in seconds.' },
  expired: { step: 'expiry', about: 'It has expired.' },
  beginning_range: { step: 'beginning', about: 'Its `nbf` is no time that there is, in seconds.' },
  not_yet: { step: 'beginning', about: 'It is good from a later time on (`nbf`).' },
  issue_missing: { step: 'issue', about: 'It has no `iat`.' },
  issue_range: { step: 'issue', about: 'Its `iat` is no time that there is, in seconds.' },
  issued_later: { step: 'issue', about: 'It says that it was issued in the future (`iat`): a clock is wrong.' },
  ends_before_issue: { step: 'lifetime', about: 'It ends before it was issued.' },
  lives_too_long: { step: 'lifetime', about: 'It lives longer, from `iat` to `exp`, than the provider allows.' },
  other_purpose: { step: 'purpose', about: 'It tells of an event (`events`): it is no token for access.' },
  subject_missing: { step: 'subject', about: 'The provider’s subject claim is not in it, or is no text.' },
} as const;

export type Reason = keyof typeof REASONS;
export type Step = (typeof REASONS)[Reason]['step'];

/** In the order in which they are taken; those before the one that failed have passed. */
export const EXTERNAL_JWT_STEPS = [...new Set(Object.values(REASONS).map(({ step }) => step))];
export const EXTERNAL_JWT_REASONS = Object.keys(REASONS) as readonly Reason[];

export const aboutReason = (reason: Reason): string => REASONS[reason].about;

export const refused = (reason: Reason): { readonly ok: false; readonly step: Step; readonly reason: Reason } => ({
  ok: false,
  step: REASONS[reason].step,
  reason,
});
