import type { Caller } from '#domain/caller.ts';
import type { Held, Holding } from '#domain/grant.ts';
import type { Action } from '#domain/permission.ts';
import type { Principal } from '#domain/principal.ts';
import { allHoldings, compile, exceeding } from '#domain/rights.ts';
import type { Team, TeamId } from '#domain/team.ts';
import type { Deps } from '../deps.ts';
import { viewOne } from '../doors.ts';

/** What one person loses: roles that nothing else gives them, and what they may not do any more. */
export type Loss = {
  readonly principal: Principal;
  readonly holdings: readonly Holding[];
  readonly actions: readonly Action[];
};

/** What a team's removal takes away. */
export type Removal = {
  readonly team: Team;
  /** Tokens that are put down to it, and stay. */
  readonly tokenCount: number;
  /** Virtual accounts that it owns; they stay, and administrators manage them. */
  readonly accountCount: number;
  /** Of a page of those who belong to it, by e-mail address. */
  readonly losses: readonly Loss[];
  readonly total: number;
};

type Page = { readonly limit: number; readonly offset: number };

/** For whoever may remove it, before they do; `everyone` is never removed. */
export async function teamRemoval(deps: Deps, caller: Caller, id: TeamId, { limit, offset }: Page): Promise<Removal> {
  const { store } = deps;
  const tenant = caller.tenant.id;
  const locate = () => store.teams.get(tenant, id);
  const team = await viewOne(deps, caller, { action: 'team:DeleteTeam', resource: `team/${id}`, locate });
  const people = await store.teams.membersOf(tenant, [id]);
  const losses: Loss[] = [];
  for (const { principal } of people.slice(offset, offset + limit)) {
    losses.push({ principal, ...lossOf(await store.grants.heldBy(tenant, principal), id) });
  }
  const tokenCount = await store.pats.countOfTeam(tenant, id);
  const accountCount = await store.virtualAccounts.countOfTeam(tenant, id);
  return { team, tokenCount, accountCount, losses, total: people.length };
}

function lossOf(held: Held, id: TeamId): Omit<Loss, 'principal'> {
  const all = allHoldings(held);
  const goes = ({ subject, resource }: Holding) => subject === id || resource === `team/${id}`;
  const kept = all.filter((holding) => !goes(holding));
  const isKept = ({ role, resource }: Holding) =>
    kept.some((other) => other.role.id === role.id && other.resource === resource);
  const holdings = all.filter((holding) => goes(holding) && !isKept(holding));
  return { holdings, actions: exceeding(compile(kept), compile(all)) };
}
