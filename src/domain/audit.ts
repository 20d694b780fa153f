import type { Caller, CredentialId, Surface } from './caller.ts';
import type { SubjectId } from './grant.ts';
import type { Id } from './id.ts';
import type { Instant } from './instant.ts';
import type { Action, Permission } from './permission.ts';
import type { PrincipalId, PrincipalKind } from './principal.ts';
import type { RoleId } from './role.ts';
import type { TenantId, TenantName, TenantOrigin } from './tenant.ts';
import type { EndReason, TokenId, TokenName } from './token.ts';
import type { TokenSettings } from './token-settings.ts';
import type { AccountRules } from './virtual-account.ts';

/** A closed list: a field that is not here cannot be recorded, so plaintext has no way in. */
export type AuditDetails = {
  readonly preview?: string;
  readonly generation?: number;
  readonly count?: number;
  /** Of tokens: how many went with them, or without. */
  readonly values?: number;
  /** What it is called from now on, and was before. */
  readonly name?: TokenName;
  readonly formerName?: TokenName;
  /** The expired token of the same name that made room for a new one. */
  readonly replaced?: string;
  /** Signing keys that are gone. */
  readonly dropped?: readonly string[];
  readonly settings?: TokenSettings;
  readonly accountRules?: AccountRules;
  /** Of an account: whether anything of it is accepted from now on. */
  readonly active?: boolean;
  /** How many are mapped to it, or were. */
  readonly mapped?: number;
  /** A value that was presented after it was replaced. */
  readonly presented?: TokenId;
  /** Rows that do not prove themselves, so that nothing was changed in them. */
  readonly unproved?: readonly string[];
  /** What a tenant is reached by, or called besides, from now on; with `removed`, no longer. */
  readonly origin?: TenantOrigin;
  readonly alias?: TenantName;
  readonly removed?: true;
  /** Whose it is, where the caller made it for somebody else. */
  readonly owner?: PrincipalId;
  /** Who was given a role, or lost it. */
  readonly subject?: SubjectId;
  readonly role?: RoleId;
  /** What a role holds from now on. */
  readonly permissions?: readonly Permission[];
  /** The answer was given before, and is given again. */
  readonly replayed?: true;
  readonly reason?: EndReason;
  /** That somebody holds from now on, by themselves, on the tenant. */
  readonly roles?: readonly RoleId[];
  /** Values that ended because there were too many. */
  readonly superseded?: readonly string[];
  /** Of denials that were not written one by one: how many, and on what. */
  readonly repeated?: number;
  readonly resources?: readonly string[];
};

export type Act = { readonly action: Action; readonly resource: string };

/** Where it came from stands beside the entry, not in it: personal data must be erasable, and the entry never is. */
export type AuditOrigin = { readonly address: string | undefined; readonly userAgent: string | undefined };

export type AuditEntry = Act & {
  readonly id: Id<'AuditEntry'>;
  readonly at: Instant;
  readonly tenant: TenantId;
  readonly principal: PrincipalId;
  readonly principalKind: PrincipalKind;
  readonly credential: CredentialId | undefined;
  readonly surface: Surface;
  readonly requestId: string | undefined;
  readonly decision: 'allowed' | 'denied';
  readonly details: AuditDetails;
};

type Outcome = Pick<AuditEntry, 'id' | 'at' | 'decision'> & { readonly details?: AuditDetails };

export const entryOf = (
  { tenant, principal, credential, origin }: Caller,
  { action, resource }: Act,
  { id, at, decision, details = {} }: Outcome,
): AuditEntry => ({
  ...{ id, at, tenant: tenant.id, principal: principal.id, principalKind: principal.kind },
  ...{ credential: credential.id, surface: origin.surface, requestId: origin.requestId },
  ...{ action, resource, decision, details },
});
