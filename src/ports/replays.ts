import type { Instant } from '#domain/instant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId } from '#domain/token.ts';

/** An answer that may be asked for again: by whom and by which key says its id, what was asked `asked`. */
export type Replay = {
  readonly id: string;
  /** Digest of the request: the same key for another request is a mistake. */
  readonly asked: string;
  readonly pat: PatId;
  readonly owner: PrincipalId;
  /** The value, under a key that only the credential of the request gives. */
  readonly sealed: Uint8Array;
  readonly expiresAt: Instant;
};

export interface ReplayReads {
  /** Undefined once it has expired. */
  get(tenant: TenantId, id: string, now: Instant): Promise<Replay | undefined>;
}

export interface ReplayWrites {
  /** False, and nothing written, while there is one of that id; one that has expired makes room. */
  insert(tenant: TenantId, replay: Replay, now: Instant): Promise<boolean>;
}
