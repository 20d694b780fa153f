import type { AuditEntry, AuditOrigin } from '#domain/audit.ts';
import type { ChangeReads, ChangeWrites } from './changes.ts';
import type { DeliveryReads, DeliveryWrites } from './deliveries.ts';
import type { StoreFigures } from './figures.ts';
import type { GrantReads, GrantWrites } from './grants.ts';
import type { IdentityProviderReads, IdentityProviderWrites } from './identity-providers.ts';
import type { InvitationReads, InvitationWrites } from './invitations.ts';
import type { JobReads, JobWrites } from './jobs.ts';
import type { KeyReads, KeyWrites } from './keys.ts';
import type { NodeReads, NodeWrites } from './nodes.ts';
import type { PrincipalReads, PrincipalWrites } from './principals.ts';
import type { ReplayReads, ReplayWrites } from './replays.ts';
import type { RetentionReads, RetentionWrites } from './retention.ts';
import type { RoleBindingReads, RoleBindingWrites } from './role-bindings.ts';
import type { RoleReads, RoleWrites } from './roles.ts';
import type { SessionReads, SessionWrites } from './sessions.ts';
import type { TeamReads, TeamWrites } from './teams.ts';
import type { TenantReads, TenantWrites } from './tenants.ts';
import type { TokenSettingsReads, TokenSettingsWrites } from './token-settings.ts';
import type { PatReads, PatWrites, TokenReads, TokenUseWrites, TokenWrites } from './tokens.ts';
import type { VirtualAccountReads, VirtualAccountWrites } from './virtual-accounts.ts';

/**
 * Everything we remember. Reads see only what is committed; absence is undefined, failure throws `unavailable`, and a
 * row whose MAC does not prove it throws `internal`: it is neither absent nor believed.
 */
export interface Store {
  /** Other processes write here too: what is remembered is good only as long as the feed is heard. */
  readonly isShared: boolean;
  /** For people alone. */
  readonly engine: 'SQLite' | 'PostgreSQL';
  readonly tenants: TenantReads;
  readonly principals: PrincipalReads;
  readonly teams: TeamReads;
  readonly roles: RoleReads;
  readonly roleBindings: RoleBindingReads;
  readonly grants: GrantReads;
  readonly pats: PatReads;
  readonly tokens: TokenReads;
  readonly virtualAccounts: VirtualAccountReads;
  readonly identityProviders: IdentityProviderReads;
  readonly tokenSettings: TokenSettingsReads;
  readonly replays: ReplayReads;
  readonly sessions: SessionReads;
  readonly invitations: InvitationReads;
  readonly deliveries: DeliveryReads;
  readonly changes: ChangeReads;
  readonly keys: KeyReads;
  readonly nodes: NodeReads;
  readonly jobs: JobReads;
  readonly retention: RetentionReads;
  /**
   * Runs the body as one unit: all that it writes, or nothing; resolves once it is durable.
   * The body touches `tx` only: a writer may commit several bodies together, so none may wait for anything else; and it
   * may run more than once, so ids, randomness and ciphertext are made outside. Bodies may run side by side, each seeing
   * what is committed by then: what must be serial is a constraint, a change of what was read as it was read, or held.
   */
  transact<Result>(body: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** Calls whenever another process may have changed something, and may miss some: a poll catches up. */
  listen(told: () => void): { stop(): Promise<void> };
  /** Asks nothing of the database. */
  figures(): StoreFigures;
  close(): Promise<void>;
}

/** Reads here see what this transaction, and every body before it in the same commit, has written. */
export interface Transaction {
  readonly tenants: TenantReads & TenantWrites;
  readonly principals: PrincipalReads & PrincipalWrites;
  readonly teams: TeamReads & TeamWrites;
  readonly roles: RoleReads & RoleWrites;
  readonly roleBindings: RoleBindingReads & RoleBindingWrites;
  readonly grants: GrantReads & GrantWrites;
  readonly pats: PatReads & PatWrites;
  readonly tokens: TokenReads & TokenWrites;
  readonly tokenUses: TokenUseWrites;
  readonly virtualAccounts: VirtualAccountReads & VirtualAccountWrites;
  readonly identityProviders: IdentityProviderReads & IdentityProviderWrites;
  readonly tokenSettings: TokenSettingsReads & TokenSettingsWrites;
  readonly replays: ReplayReads & ReplayWrites;
  readonly sessions: SessionReads & SessionWrites;
  readonly invitations: InvitationReads & InvitationWrites;
  readonly deliveries: DeliveryReads & DeliveryWrites;
  readonly keys: KeyReads & KeyWrites;
  readonly nodes: NodeWrites;
  readonly jobs: JobWrites;
  readonly retention: RetentionWrites;
  readonly audit: AuditWrites;
  readonly changes: ChangeWrites;
}

export interface AuditWrites {
  /**
   * Entries are never changed and carry random ids; nothing reads the order in which they came. One that is there already
   * is the same one: whoever was not told that it was written may send it again.
   */
  append(entry: AuditEntry, origin: AuditOrigin): Promise<void>;
}
