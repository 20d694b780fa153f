/** After a revoke has answered, no verifier that hears the change feed accepts the token later than this. */
export const REVOCATION_BOUND_MS = 1_000;
/**
 * One that has not heard the feed for so long accepts nothing. With one process, as now, both hold by themselves: it is
 * the only verifier, and has applied the revoke when it answers.
 */
export const STALE_MS_MAX = 5_000;
