import type { Caller } from '#domain/caller.ts';
import { type Resource, TENANT_WIDE } from '#domain/grant.ts';
import { ID, type Id, parseId } from '#domain/id.ts';
import { Refusal } from '#domain/refusal.ts';
import type { ResourceType } from '#domain/role.ts';
import { TEAM_NAME, type TeamId, type TeamName } from '#domain/team.ts';
import { TENANT_NAME, type TenantName } from '#domain/tenant.ts';
import type { Reads } from './subject.ts';

/** What there is to grant on yet; `account` is what some clients call the tenant. */
const RESOURCE_TYPES = { tenant: 'tenant', account: 'tenant', team: 'team' } as const;
export type GrantableType = (typeof RESOURCE_TYPES)[keyof typeof RESOURCE_TYPES];

const TYPE_CHARS_MAX = 40;

export function parseResourceType(text: string): GrantableType {
  if (Object.hasOwn(RESOURCE_TYPES, text)) return RESOURCE_TYPES[text as keyof typeof RESOURCE_TYPES];
  throw new Refusal(
    'unprocessable',
    `Resource type is not supported: ${text.slice(0, TYPE_CHARS_MAX)}. Roles are granted on tenant and team.`,
    { problems: [{ field: 'resourceType', problem: 'must be tenant or team' }] },
  );
}

/** By type and id. The tenant goes by its name too; another than the caller's own is a thing that is not there. */
export function resourceWith({ tenant }: Caller, type: GrantableType, id: string): Resource {
  if (type === 'team') return `team/${parseId<'Team'>(id)}`;
  if (id === tenant.id || id === tenant.name) return TENANT_WIDE;
  return `tenant/${parseId<'Tenant'>(id)}`;
}

/** As our own surface writes it: `team/<id>`; what is left out is the whole tenant. */
export function parseResource(text: string): Resource {
  if (text === TENANT_WIDE) return TENANT_WIDE;
  const [type, id = '', ...more] = text.split('/');
  if (type !== 'team' || !ID.test(id) || more.length > 0) throw bad();
  return `team/${id}`;
}

const bad = (): Refusal =>
  new Refusal('unprocessable', 'A resource is team/<id>; leave it out for the whole tenant.', {
    problems: [{ field: 'resource', problem: 'must be team/<id>' }],
  });

/** Of whatever a grant can be on, which is more than anybody grants by itself. */
export const typeOf = (resource: Resource): ResourceType =>
  resource === TENANT_WIDE ? 'tenant' : (resource.slice(0, resource.indexOf('/')) as ResourceType);
export const teamIn = (resource: Resource): TeamId | undefined =>
  resource.startsWith('team/') ? (resource.slice('team/'.length) as Id<'Team'>) : undefined;

export async function isThere({ teams }: Reads, { tenant }: Caller, resource: Resource): Promise<true | undefined> {
  if (resource === TENANT_WIDE) return true;
  const team = teamIn(resource);
  return team === undefined || (await teams.get(tenant.id, team)) === undefined ? undefined : true;
}

/** By its FQN: the tenant's is its name, a team's `<tenant>:<name>`; the bare name will do. */
export async function resourceByFqn(reads: Reads, caller: Caller, type: GrantableType, fqn: string): Promise<Resource> {
  if (type === 'tenant') {
    if (await isOwnTenant(reads, caller, fqn)) return TENANT_WIDE;
    throw absent(type, fqn);
  }
  const at = fqn.lastIndexOf(':');
  const [within, bare] = [fqn.slice(0, Math.max(at, 0)), fqn.slice(at + 1)];
  const isHere = at === -1 || (await isOwnTenant(reads, caller, within));
  const team =
    isHere && TEAM_NAME.test(bare) ? await reads.teams.byName(caller.tenant.id, bare as TeamName) : undefined;
  if (team === undefined) throw absent(type, fqn);
  return `team/${team.id}`;
}

/** By its id, its name, or another that the operator has given it. */
async function isOwnTenant({ tenants }: Reads, { tenant }: Caller, text: string): Promise<boolean> {
  if (text === tenant.id || text === tenant.name) return true;
  return TENANT_NAME.test(text) && (await tenants.byNameOrAlias(text as TenantName))?.id === tenant.id;
}

const FQN_CHARS_MAX = 100;

const absent = (type: GrantableType, fqn: string): Refusal =>
  new Refusal('unprocessable', `There is no ${type} ${fqn.slice(0, FQN_CHARS_MAX)}.`, {
    problems: [{ field: 'resourceFqn', problem: `names no ${type}` }],
  });
