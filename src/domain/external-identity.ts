import type { Instant } from './instant.ts';

/** What a provider says of whoever presents its token, once that is believed. */
export type ExternalIdentity = {
  /** What virtual accounts are mapped by. */
  readonly subject: string;
  /** What a user is found by; undefined where the provider says none. */
  readonly email: string | undefined;
  /** What teams are mapped by. */
  readonly teams: readonly string[];
  /** From then on it says nothing. */
  readonly expiresAt: Instant;
};
