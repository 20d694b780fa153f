import type { AccountView } from '#app/virtual-account/view.ts';
import type { WantedAccount } from '#app/virtual-account/wanted.ts';
import type { OwnAccount, SaidOfAccount } from '#contract/own/virtual-account.ts';
import { wireDate } from '#contract/wire/date.ts';
import type { Caller } from '#domain/caller.ts';
import type { Instant } from '#domain/instant.ts';
import { Refusal } from '#domain/refusal.ts';
import type { LastUse, StandingToken } from '#domain/token.ts';
import { parseVirtualAccountName } from '#domain/virtual-account.ts';
import { isOver, stateOfValue } from '../account.ts';

export function accountOf(view: AccountView, now: Instant): OwnAccount {
  const { account, values, lastUse, deadUse, team, createdBy } = view;
  const { id, name, version, format = null, expiresAt, autoRotate = null, rotatesAt, tags } = account;
  return {
    ...{ id, name, version, state: stateOf(view, now), format, autoRotate, tags },
    ...{ createdAt: wireDate(account.createdAt), createdBy: namedOf(createdBy) },
    ...{ updatedAt: wireDate(account.updatedAt), expiresAt: dateOf(expiresAt), rotatesAt: dateOf(rotatesAt) },
    team: team === undefined ? null : namedOf(team),
    roles: view.grants.map((grant) => ({
      ...{ grant: grant.id, role: namedOf(grant.role), resource: grant.resource },
      binding: grant.binding === undefined ? null : namedOf(grant.binding),
    })),
    mappings: view.mappings.map(({ provider, value }) => ({ provider: provider.name, value })),
    values: values.map((value) => shownValue(view, value, now)),
    ...{ lastUsed: useOf(lastUse), usedAfterEnd: useOf(deadUse) },
  };
}

function stateOf(view: AccountView, now: Instant): OwnAccount['state'] {
  if (!view.isActive) return 'frozen';
  return isOver(view, now) ? 'expired' : 'live';
}

function shownValue(view: AccountView, value: StandingToken, now: Instant): OwnAccount['values'][number] {
  const { id, generation, preview, format, createdAt, endsAt, lastUse } = value;
  return {
    ...{ id, generation, preview, format, state: stateOfValue(view, value, now) },
    ...{ createdAt: wireDate(createdAt), expiresAt: dateOf(endsAt), lastUsed: useOf(lastUse) },
  };
}

const namedOf = ({ id, name }: { readonly id: string; readonly name: string }) => ({ id, name });

const dateOf = (at: Instant | undefined): string | null => (at === undefined ? null : wireDate(at));

const useOf = (use: LastUse | undefined): OwnAccount['lastUsed'] =>
  use === undefined ? null : { at: wireDate(use.at), surface: use.surface, address: use.address ?? null };

/** All of it: what is left out is taken away, but for roles. */
export const wantedOf = ({ tenant }: Caller, said: SaidOfAccount): WantedAccount => ({
  name: parseVirtualAccountName(said.name),
  permissions: said.roles?.map((role) => ({ resourceType: 'tenant', resourceFqn: tenant.name, role })),
  ...{ expiresAt: said.expiresAt ?? undefined, format: said.format ?? undefined },
  ...{ autoRotate: said.autoRotate ?? undefined, tags: said.tags ?? {}, team: said.team ?? undefined },
  mappings: said.mappings ?? [],
});

/** What the core names as manifests do, by the names of ours. */
const FIELDS: Readonly<Record<string, string>> = {
  expiration_date: 'expiresAt',
  'ownedBy.team': 'team',
  'auto_rotate.auto_rotate_interval': 'autoRotate.intervalDays',
  'auto_rotate.grace_period': 'autoRotate.graceDays',
  identity_provider_mapping: 'mappings',
  permissions: 'roles',
  role: 'roles',
};

export function inOwnWords(error: unknown): never {
  if (!(error instanceof Refusal) || error.problems.length === 0) throw error;
  const problems = error.problems.map(({ field, problem }) => ({ field: FIELDS[field] ?? field, problem }));
  throw new Refusal(error.code, error.message, { problems, cause: error, isExact: error.isExact });
}
