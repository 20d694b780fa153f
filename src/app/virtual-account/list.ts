import type { Caller } from '#domain/caller.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { allows } from '#domain/rights.ts';
import { TEAM_NAME, type Team, type TeamId, type TeamName } from '#domain/team.ts';
import type { VirtualAccount, VirtualAccountName } from '#domain/virtual-account.ts';
import type { Listing } from '#ports/tokens.ts';
import type { VirtualAccountPage } from '#ports/virtual-accounts.ts';
import type { Deps } from '../deps.ts';
import { viewOne } from '../doors.ts';
import { accountAct } from './upon.ts';
import { type AccountView, viewOf, viewsOf } from './view.ts';

export type AccountQuery = {
  readonly limit: number;
  readonly offset: number;
  readonly nameContains: string;
  /** Owned by one of the teams of these names; one that is not there owns nothing. */
  readonly teams?: readonly string[] | undefined;
  readonly isExpired?: boolean | undefined;
  /** What else is asked of each. */
  readonly matches?: ((account: Pick<VirtualAccount, 'name' | 'tags'>) => boolean) | undefined;
};

const READ = 'virtual-account:ReadVirtualAccount';

/** Those that the caller may see: all of them, those that their teams own, or none. */
export async function listAccounts(deps: Deps, caller: Caller, query: AccountQuery): Promise<Listing<AccountView>> {
  const page = await pageOf(deps, caller, query);
  const { rows, total } = await (query.matches === undefined
    ? found(deps, caller, page)
    : filtered(deps, caller, query, page));
  return { rows: await viewsOf(deps.store, caller, rows), total };
}

const found = ({ store }: Deps, { tenant }: Caller, page: VirtualAccountPage) =>
  store.virtualAccounts.list(tenant.id, page);

/** Read at a time, where each is looked at by itself. */
const BATCH_MAX = 1_000;

async function filtered(
  deps: Deps,
  caller: Caller,
  { matches = () => true, offset, limit }: AccountQuery,
  page: VirtualAccountPage,
): Promise<Listing<VirtualAccount>> {
  const all: VirtualAccount[] = [];
  for (let from = 0; ; from += BATCH_MAX) {
    const { rows } = await found(deps, caller, { ...page, limit: BATCH_MAX, offset: from });
    all.push(...rows.filter(matches));
    if (rows.length < BATCH_MAX) return { rows: all.slice(offset, offset + limit), total: all.length };
  }
}

async function pageOf(deps: Deps, caller: Caller, query: AccountQuery): Promise<VirtualAccountPage> {
  const { limit, offset, nameContains, isExpired } = query;
  const expired = isExpired === undefined ? undefined : { is: isExpired, at: deps.clock.now() };
  const teams = query.teams && (await teamsNamed(deps, caller, query.teams));
  return { limit, offset, nameContains, expired, teams, among: seenBy(caller) };
}

/** Undefined where all of them are. */
const seenBy = ({ rights }: Caller): readonly PrincipalId[] | undefined =>
  rights.actions.has(READ)
    ? undefined
    : [...rights.on.keys()].flatMap((resource) =>
        resource.startsWith(TYPE) && allows(rights, READ, resource) ? (resource.slice(TYPE.length) as PrincipalId) : [],
      );
const TYPE = 'virtual-account/';

async function teamsNamed({ store }: Deps, { tenant }: Caller, names: readonly string[]): Promise<readonly TeamId[]> {
  const all: (Team | undefined)[] = [];
  const possible = names.filter((name) => TEAM_NAME.test(name));
  for (const name of new Set(possible)) all.push(await store.teams.byName(tenant.id, name as TeamName));
  return all.flatMap((team) => team?.id ?? []);
}

export async function getAccount(deps: Deps, caller: Caller, id: PrincipalId): Promise<AccountView> {
  const locate = () => deps.store.virtualAccounts.get(caller.tenant.id, id);
  return viewOf(deps.store, caller, await viewOne(deps, caller, { ...accountAct('Read', id), locate }));
}

/** For whoever makes accounts, and so must know which names are free; to others one that they may not see is not there. */
export async function accountExists(deps: Deps, caller: Caller, name: VirtualAccountName): Promise<boolean> {
  const account = await deps.store.virtualAccounts.byName(caller.tenant.id, name);
  if (account === undefined) return false;
  const act = accountAct('Read', account.id);
  if (allows(caller.rights, act.action, act.resource)) return true;
  return allows(caller.rights, 'virtual-account:CreateVirtualAccount');
}
