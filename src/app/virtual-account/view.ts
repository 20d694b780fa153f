import type { Caller } from '#domain/caller.ts';
import type { Principal, PrincipalId } from '#domain/principal.ts';
import type { Team } from '#domain/team.ts';
import type { LastUse, StandingToken } from '#domain/token.ts';
import { earliest } from '#domain/token-settings.ts';
import type { VirtualAccount } from '#domain/virtual-account.ts';
import type { Store } from '#ports/store.ts';
import { type ShownGrant, shownGrants } from '../grant/show.ts';
import { type ShownMapping, shownMappings } from '../identity-provider/mapping.ts';

/** A virtual account as it is shown to whoever may see it. */
export type AccountView = {
  readonly account: VirtualAccount;
  /** False while it is frozen: nothing of it is accepted. */
  readonly isActive: boolean;
  /** Values of its token that stand, newest first. */
  readonly values: readonly StandingToken[];
  /** The one of them that is to be used; the others are in their grace. */
  readonly current: StandingToken | undefined;
  readonly lastUse: LastUse | undefined;
  /** The last time a value was presented after its end. */
  readonly deadUse: LastUse | undefined;
  /** What it holds by itself; what came with role bindings is among it. */
  readonly grants: readonly ShownGrant[];
  readonly team: Team | undefined;
  /** By which words of providers it can be acted as. */
  readonly mappings: readonly ShownMapping[];
  readonly createdBy: Principal;
};

export type Reads = Pick<
  Store,
  | 'tenants'
  | 'principals'
  | 'teams'
  | 'roles'
  | 'grants'
  | 'roleBindings'
  | 'pats'
  | 'virtualAccounts'
  | 'identityProviders'
>;

/** In the order in which they came; a few statements, however many they are. */
export async function viewsOf(
  reads: Reads,
  caller: Caller,
  accounts: readonly VirtualAccount[],
): Promise<readonly AccountView[]> {
  const tenant = caller.tenant.id;
  const ids = accounts.map(({ id }) => id);
  const tokens = new Map((await reads.pats.ofAccounts(tenant, ids)).map((token) => [token.pat.owner, token]));
  const held = await shownGrants(reads, caller, await reads.grants.ofSubjects(tenant, ids));
  const grants = Map.groupBy(held, ({ subject }) => subject.id as PrincipalId);
  const mappings = await shownMappings(reads, caller, ids);
  const owners = accounts.flatMap(({ team }) => team ?? []);
  const teams = new Map((await reads.teams.named(tenant, [...new Set(owners)])).map((team) => [team.id, team]));
  const records = await reads.principals.records(tenant, [...ids, ...accounts.map(({ createdBy }) => createdBy)]);
  const people = new Map(records.map((one) => [one.id, one]));
  return accounts.map((account) => {
    const { tokens: standing = [], lastUse, deadUse } = tokens.get(account.id) ?? {};
    const values = standing.map((one) => ({ ...one, endsAt: earliest(one.endsAt, account.expiresAt) }));
    return {
      ...{ account, values, lastUse, deadUse, grants: grants.get(account.id) ?? [] },
      isActive: people.get(account.id)?.active === true,
      current: values.find(({ id }) => id === account.current),
      team: account.team && teams.get(account.team),
      mappings: mappings.get(account.id) ?? [],
      createdBy: people.get(account.createdBy) ?? nameless(account.createdBy),
    };
  });
}

export async function viewOf(reads: Reads, caller: Caller, account: VirtualAccount): Promise<AccountView> {
  const [view] = await viewsOf(reads, caller, [account]);
  return view as AccountView; // there is one for each
}

const nameless = (id: PrincipalId): Principal => ({ id, kind: 'user', name: id });
