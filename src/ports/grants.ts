import type { Grant, GrantId, Held, Resource, SubjectId } from '#domain/grant.ts';
import type { Principal } from '#domain/principal.ts';
import type { BuiltInRoleId, RoleId } from '#domain/role.ts';
import type { RoleBindingId } from '#domain/role-binding.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Listing } from './tokens.ts';

export type GrantPage = {
  readonly limit: number;
  readonly offset: number;
  readonly subject?: SubjectId | undefined;
  readonly resource?: Resource | undefined;
};

export interface GrantReads {
  /**
   * All that a principal may do, and by what: their own grants, those of their teams and of everybody, with the roles
   * as they are now. One statement, whose cost grows with what they hold and with nothing else. A grant whose role is
   * gone is not there.
   */
  heldBy(tenant: TenantId, principal: Pick<Principal, 'id' | 'kind'>): Promise<Held>;
  get(tenant: TenantId, id: GrantId): Promise<Grant | undefined>;
  /** In the order of their ids, as all of these. */
  ofSubjects(tenant: TenantId, subjects: readonly SubjectId[]): Promise<readonly Grant[]>;
  onResource(tenant: TenantId, resource: Resource): Promise<readonly Grant[]>;
  withRole(tenant: TenantId, role: RoleId): Promise<readonly Grant[]>;
  ofBindings(tenant: TenantId, bindings: readonly RoleBindingId[]): Promise<readonly Grant[]>;
  /** The same, a page at a time: of a subject, on a resource, or all; `total` counts past the page. */
  list(tenant: TenantId, page: GrantPage): Promise<Listing<Grant>>;
  /**
   * Whether any active user holds it on the whole tenant: by themselves, by a team or as everybody. Never no where a row
   * that does not prove itself may be why: set-up makes an administrator of whoever asks, where there is none.
   */
  anyHolds(tenant: TenantId, role: BuiltInRoleId): Promise<boolean>;
  /**
   * The same of those who can sign in: they have a password. A row that does not prove itself counts as not there, so that
   * one of somebody else keeps nobody from leaving while there is one who stays.
   */
  anyLeft(tenant: TenantId, role: BuiltInRoleId): Promise<boolean>;
  /**
   * Who holds one of each of these on the whole tenant, by grants of their own; a user who is deactivated is not among
   * them. In the order of their ids, and at most so many.
   */
  holdersOfEach(
    tenant: TenantId,
    roles: readonly [readonly RoleId[], readonly RoleId[]],
    limit: number,
  ): Promise<readonly SubjectId[]>;
}

export interface GrantWrites {
  /** False, and nothing written, when there is the same with the same binding, or without one. */
  add(tenant: TenantId, grant: Grant): Promise<boolean>;
  /** Those that are there. */
  remove(tenant: TenantId, ids: readonly GrantId[]): Promise<void>;
}
