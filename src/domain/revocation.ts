/** After a revoke has answered, no verifier that hears the change feed accepts the token later than this. */
export const REVOCATION_BOUND_MS = 1_000;
