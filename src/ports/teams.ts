import type { Condition } from '#domain/condition.ts';
import type { Principal, PrincipalId } from '#domain/principal.ts';
import type { Belonging, Team, TeamId, TeamMember, TeamName } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PersonColumn } from './principals.ts';
import type { Listing } from './tokens.ts';

export type TeamPage = {
  readonly limit: number;
  readonly offset: number;
  /** Those alone to which they belong; or which they manage. */
  readonly of?: { readonly principal: PrincipalId; readonly isManagedOnly: boolean };
};

export type Members = {
  readonly limit: number;
  readonly offset: number;
  readonly which: 'members' | 'managers';
  readonly where?: Condition<PersonColumn> | undefined;
};

/** Somebody who belongs to a team, as a list shows them. */
export type MemberView = Belonging & { readonly team: TeamId; readonly principal: Principal };

/** How many belong to a team, and the first of each, by e-mail address. */
export type TeamSummary = {
  readonly team: TeamId;
  readonly memberCount: number;
  readonly managerCount: number;
  readonly first: readonly MemberView[];
};

export interface TeamReads {
  get(tenant: TenantId, id: TeamId): Promise<Team | undefined>;
  byName(tenant: TenantId, name: TeamName): Promise<Team | undefined>;
  /** Of those that there are, in no order. */
  named(tenant: TenantId, ids: readonly TeamId[]): Promise<readonly Team[]>;
  /** By name; `total` counts past the page. */
  list(tenant: TenantId, page: TeamPage): Promise<Listing<Team>>;
  /** Who belongs to these, by e-mail address. */
  membersOf(tenant: TenantId, teams: readonly TeamId[]): Promise<readonly MemberView[]>;
  /** The same of each in short, with at most so many members and so many managers; of one without anybody none. */
  summaries(tenant: TenantId, teams: readonly TeamId[], firstMax: number): Promise<readonly TeamSummary[]>;
  /** The same of one, a page at a time; `total` counts past the page. */
  members(tenant: TenantId, team: TeamId, page: Members): Promise<Listing<Principal>>;
  /** To which somebody belongs, by name. */
  ofPrincipal(tenant: TenantId, principal: PrincipalId): Promise<readonly (Belonging & { readonly team: Team })[]>;
}

export interface TeamWrites {
  /** Whoever holds the same team waits until this transaction is over: who changes it, what it holds, or who belongs to it. */
  hold(tenant: TenantId, id: TeamId): Promise<void>;
  /** False, and nothing written, when the name is taken. */
  insert(tenant: TenantId, team: Team): Promise<boolean>;
  /** All but its id, its name and who made it, when; throws for one that is not there. */
  update(tenant: TenantId, team: Team): Promise<void>;
  /** Adds them, or makes them what is said; neither member nor manager is removed. */
  setMembers(tenant: TenantId, team: TeamId, members: readonly TeamMember[]): Promise<void>;
  /** Its members go with it, and no token is put down to it any more. Its grants are removed before. */
  remove(tenant: TenantId, id: TeamId): Promise<void>;
}
