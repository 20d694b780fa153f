import { type Held, type Holding, type Resource, TENANT_WIDE } from './grant.ts';
import { type Action, PERMISSIONS } from './permission.ts';
import { builtIn, type Role } from './role.ts';
import type { Membership } from './team.ts';

/**
 * What somebody may do, as a decision needs it: on the whole tenant, and on single things. Never stored, always compiled
 * from rows.
 */
export type Rights = {
  /** Names of the roles that are held on the whole tenant, in order. */
  readonly roles: readonly string[];
  readonly actions: ReadonlySet<Action>;
  /** The same, in order, as they are shown. */
  readonly listed: readonly Action[];
  /** What is held on one thing, besides. */
  readonly on: ReadonlyMap<Resource, ReadonlySet<Action>>;
};

/** What everybody may who is signed in, whatever they hold: who lost all their roles must still be able to leave. */
const EVERYBODY = ['session:End', 'token:RevokeItself', 'user:ChangePassword'] as const satisfies readonly Action[];

/** As many as there are ways to hold rights among those who ask in an hour; beyond it they are made anew. */
const COMPILED_MAX = 10_000;
const compiled = new Map<string, Rights>();

/** One object for all who hold the same: thousands of remembered tokens share it. */
export function compile(holdings: readonly Pick<Holding, 'role' | 'resource'>[]): Rights {
  const key = [...new Set(holdings.map(keyOf))].sort().join(' ');
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const rights = compiledAnew(holdings);
  if (compiled.size >= COMPILED_MAX) compiled.clear();
  compiled.set(key, rights);
  return rights;
}

/** A custom role says all that it is, since it can be edited; its name is shown, and its permissions count. */
const keyOf = ({ role, resource }: Pick<Holding, 'role' | 'resource'>): string =>
  `${role.id}=${role.name}(${role.permissions.join()})@${resource}`;

function compiledAnew(holdings: readonly Pick<Holding, 'role' | 'resource'>[]): Rights {
  const wide = holdings.filter(({ resource }) => resource === TENANT_WIDE).map(({ role }) => role);
  const on = new Map<Resource, Set<Action>>();
  for (const { role, resource } of holdings) {
    if (resource === TENANT_WIDE) continue;
    on.set(resource, new Set([...(on.get(resource) ?? []), ...role.permissions]));
  }
  const roles = [...new Set(wide.map(({ name }) => name))].sort();
  return rightsTo([...EVERYBODY, ...wide.flatMap(({ permissions }) => permissions)], { roles, on });
}

/** Rights that no grant gives: of the program itself, and of whoever has just proved who they are. */
export const rightsTo = (
  actions: readonly Action[],
  { roles = [], on = new Map() }: Partial<Pick<Rights, 'roles' | 'on'>> = {},
): Rights => ({ roles, actions: new Set(actions), listed: [...new Set(actions)].sort(), on });

/** The one decision. What is held on the tenant counts on everything in it. */
export const allows = (rights: Rights, action: Action, resource: string = TENANT_WIDE): boolean =>
  rights.actions.has(action) || rights.on.get(resource as Resource)?.has(action) === true;

/** The same from the grants themselves, for whoever asks why: the first that gives it, the tenant's before the thing's. */
export function deciding(holdings: readonly Holding[], action: Action, resource: string): Holding | undefined {
  const gives = ({ role }: Holding) => (role.permissions as readonly Action[]).includes(action);
  const at = (where: string) => holdings.find((holding) => holding.resource === where && gives(holding));
  return at(TENANT_WIDE) ?? at(resource);
}

/**
 * What of these permissions the holder of the rights lacks on a resource. Nobody gives, or acts upon, more than they
 * hold: else the right to give roles, or to manage people, would be the right to everything.
 */
export const lacking = (rights: Rights, permissions: Iterable<Action>, resource: string): readonly Action[] =>
  [...permissions].filter((action) => !covers(rights, action, resource));

/**
 * What is given on one account is to do all that the account may, and not only what is done to accounts: who may do that
 * to all of them, and was not given this one, holds less. Only all there is covers it.
 */
const covers = (rights: Rights, action: Action, resource: string): boolean =>
  resource.startsWith('virtual-account/')
    ? rights.on.get(resource as Resource)?.has(action) === true || PERMISSIONS.every((one) => rights.actions.has(one))
    : allows(rights, action, resource);

/** What one may that another may not. */
export function exceeding(rights: Rights, others: Rights): readonly Action[] {
  const wide = lacking(rights, others.actions, TENANT_WIDE);
  const single = [...others.on].flatMap(([resource, actions]) => lacking(rights, actions, resource));
  return [...new Set([...wide, ...single])].sort();
}

/** What a membership gives by itself. */
export function holdingsOf({ team, isManager }: Membership): readonly Holding[] {
  const resource = `team/${team}` as const;
  const implied = (role: Role): Holding => ({ id: undefined, subject: team, role, resource, binding: undefined });
  return [builtIn('team-member'), ...(isManager ? [builtIn('team-manager')] : [])].map(implied);
}

/** All of it as one list. */
export const allHoldings = ({ memberships, holdings }: Held): readonly Holding[] => [
  ...holdings,
  ...memberships.flatMap(holdingsOf),
];

/** Of a set of roles, each on the whole tenant. */
export const tenantWide = (...roles: readonly Role[]): readonly Pick<Holding, 'role' | 'resource'>[] =>
  roles.map((role) => ({ role, resource: TENANT_WIDE }));
