import type { GrantId, Resource, SubjectId } from '#domain/grant.ts';
import type { Id } from '#domain/id.ts';
import type { IdentityProviderId, IdentityProviderName } from '#domain/identity-provider.ts';
import type { Instant } from '#domain/instant.ts';
import type { InvitationId } from '#domain/invitation.ts';
import type { JobId, JobKind } from '#domain/job.ts';
import type { PrincipalId, PrincipalKind } from '#domain/principal.ts';
import type { RoleId, RoleName } from '#domain/role.ts';
import type { RoleBindingId, RoleBindingName } from '#domain/role-binding.ts';
import type { SessionId } from '#domain/session.ts';
import type { TeamId, TeamName } from '#domain/team.ts';
import type { TenantId, TenantName, TenantOrigin } from '#domain/tenant.ts';
import type { EndReason, PatId, TokenFormat, TokenId, TokenKind, TokenName } from '#domain/token.ts';
import type { MovedKind } from '#ports/changes.ts';
import type { KeyId } from '#ports/digest.ts';
import type { Mapped } from '#ports/identity-providers.ts';
import type { LeaseId } from '#ports/jobs.ts';
import type { KeyPurpose } from '#ports/key-wrapper.ts';
import type { NodeId } from '#ports/nodes.ts';

type Mac = { mac: Uint8Array };
type UseRow = { tenant: TenantId; token: TokenId; at: Instant; surface: string; address: string | null };
type Made = { created_by: PrincipalId; created_at: Instant; updated_at: Instant };
type End = { ended_at: Instant | null; ended_by: PrincipalId | null; end_reason: EndReason | null };

/** The tables, in domain types: a row that was written parsed is read parsed. */
export type Schema = {
  migration: { number: number; name: string; applied_at: Instant };
  instance: { only_row: 1; fingerprint: string };
  wrapped_key: {
    id: KeyId;
    tenant: TenantId | null;
    purpose: KeyPurpose;
    wrapped: Uint8Array;
    created_at: Instant;
  };
  tenant: Mac & { id: TenantId; name: TenantName; disabled_at: Instant | null };
  tenant_origin: Mac & { origin: TenantOrigin; tenant: TenantId };
  tenant_alias: Mac & { name: TenantName; tenant: TenantId };
  principal: Mac & {
    tenant: TenantId;
    id: PrincipalId;
    kind: PrincipalKind;
    name: string;
    active: 0 | 1;
    created_at: Instant;
    updated_at: Instant;
    removed_at: Instant | null;
  };
  password: Mac & { tenant: TenantId; principal: PrincipalId; hash: string; updated_at: Instant };
  role_grant: Mac & {
    tenant: TenantId;
    id: GrantId;
    subject: SubjectId;
    role: RoleId;
    resource: Resource;
    /** The role binding that it is of; null where it was made by itself. */
    binding: RoleBindingId | null;
  };
  team: Mac &
    Made & {
      tenant: TenantId;
      id: TeamId;
      name: TeamName;
      display_name: string | null;
      description: string;
      /** JSON. */
      tags: string;
    };
  team_member: Mac & { tenant: TenantId; team: TeamId; principal: PrincipalId; member: 0 | 1; manager: 0 | 1 };
  role: Mac &
    Made & {
      tenant: TenantId;
      id: Id<'Role'>;
      name: RoleName;
      display_name: string;
      description: string;
      /** JSON, in order. */
      permissions: string;
    };
  role_binding: Mac & Made & { tenant: TenantId; id: RoleBindingId; name: RoleBindingName };
  personal_access_token: Mac &
    End & {
      tenant: TenantId;
      id: PatId;
      owner: PrincipalId;
      name: TokenName;
      created_by: PrincipalId;
      created_at: Instant;
      updated_at: Instant;
      expires_at: Instant | null;
      /** Whom its use is put down to; nothing is decided by it. */
      team: TeamId | null;
      /** `va` of a virtual account's; null of a person's. */
      kind: 'va' | null;
    };
  virtual_account: Mac &
    Made & {
      tenant: TenantId;
      id: PrincipalId;
      pat: PatId;
      current_token: TokenId | null;
      team: TeamId | null;
      /** JSON. */
      tags: string;
      expires_at: Instant | null;
      format: TokenFormat | null;
      interval_days: number | null;
      grace_days: number | null;
      rotates_at: Instant | null;
      version: number;
    };
  identity_provider: Mac &
    Made & {
      tenant: TenantId;
      id: IdentityProviderId;
      name: IdentityProviderName;
      enabled: 0 | 1;
      /** JSON. */
      definition: string;
    };
  identity_audience: Mac & { issuer: string; audience: string; tenant: TenantId; provider: IdentityProviderId };
  identity_mapping: Mac & {
    tenant: TenantId;
    provider: IdentityProviderId;
    kind: Mapped['kind'];
    value: string;
    mapped: Mapped['id'];
  };
  virtual_account_value: { tenant: TenantId; account: PrincipalId; token: TokenId; sealed: Uint8Array };
  token: Mac &
    End & {
      tenant: TenantId;
      id: TokenId;
      kind: TokenKind;
      pat: PatId;
      subject: PrincipalId;
      generation: number;
      format: TokenFormat;
      signed_by: KeyId | null;
      digest: Uint8Array;
      pepper: KeyId;
      preview: string;
      created_at: Instant;
      expires_at: Instant | null;
    };
  token_use: Mac & UseRow;
  token_dead_use: UseRow & { pat: PatId };
  token_settings: Mac & {
    tenant: TenantId;
    age_days_max: number | null;
    count_max: number | null;
    life_days_default: number | null;
    idle_days_max: number | null;
    format_default: TokenFormat;
    session_only: 0 | 1;
    /** JSON; null of a tenant that has not said. */
    account_rules: string | null;
  };
  replay: {
    tenant: TenantId;
    id: string;
    asked: string;
    pat: PatId;
    owner: PrincipalId;
    sealed: Uint8Array;
    expires_at: Instant;
  };
  session: Mac & {
    tenant: TenantId;
    id: SessionId;
    principal: PrincipalId;
    digest: Uint8Array;
    pepper: KeyId;
    created_at: Instant;
    expires_at: Instant;
    ended_at: Instant | null;
  };
  invitation: Mac & {
    tenant: TenantId;
    id: InvitationId;
    principal: PrincipalId | null;
    digest: Uint8Array;
    pepper: KeyId;
    created_at: Instant;
    expires_at: Instant;
    used_at: Instant | null;
    invited_by: PrincipalId | null;
  };
  delivery: {
    tenant: TenantId;
    token: TokenId;
    pat: PatId;
    sealed: Uint8Array | null;
    delivered_at: Instant | null;
  };
  audit_entry: {
    tenant: TenantId;
    id: Id<'AuditEntry'>;
    at: Instant;
    action: string;
    resource: string;
    decision: string;
    entry: string;
    address: string | null;
    user_agent: string | null;
  };
  change_counter: { only_row: 1; sequence: number };
  job: Mac & {
    id: JobId;
    kind: JobKind;
    payload: string;
    due_at: Instant;
    attempts: number;
    /** Whose it is to run, and until when: a new one with each claim. */
    lease: LeaseId | null;
    lease_until: Instant | null;
    last_error: string | null;
    dead_at: Instant | null;
  };
  node: {
    id: NodeId;
    name: string;
    started_at: Instant;
    /** By the database's clock, as all that is said of nodes. */
    seen_at: Instant;
    sequence: number;
    stale_ms_max: number;
  };
  change_log: { sequence: number; kind: MovedKind; id: string; at: Instant };
};
export type Table = keyof Schema;
