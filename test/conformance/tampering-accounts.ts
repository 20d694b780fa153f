import type { Deps } from '#app/deps.ts';
import { newId } from '#app/new-id.ts';
import { addValue } from '#app/token/issue.ts';
import { keepValue, mintFor } from '#app/virtual-account/next-value.ts';
import { openAccountValue } from '#crypto/account-value.ts';
import { digestsOf } from '#crypto/opaque.ts';
import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import type { Instant } from '#domain/instant.ts';
import type { PrincipalRecord } from '#domain/principal.ts';
import type { TeamId } from '#domain/team.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { PersonalAccessToken } from '#domain/token.ts';
import { ACCOUNT_RULES, parseVirtualAccountName, type VirtualAccount } from '#domain/virtual-account.ts';
import type { DueAccount } from '#ports/virtual-accounts.ts';
import { about, type Question } from './tampering-holdings.ts';

/* A virtual account of somebody’s, with the value that can be had again, and all that can be asked of it. */

const DAY_MS = 24 * 60 * 60 * 1000;

/** Due already, and over in a year; its team has it. */
export async function accountOf(deps: Deps, { tenant, principal }: Caller, team: TeamId) {
  const { clock, store } = deps;
  const now = clock.now();
  const account: VirtualAccount = {
    ...{ id: newId<'Principal'>(deps), pat: newId<'PersonalAccessToken'>(deps), current: undefined, team },
    ...{ name: parseVirtualAccountName(`${principal.name.slice(0, 3)}-robot`), tags: {}, format: 'opaque' },
    ...{ expiresAt: now + 365 * DAY_MS, autoRotate: { intervalDays: 30, graceDays: 1 }, rotatesAt: now - 1 },
    ...{ version: 1, createdBy: principal.id, createdAt: now, updatedAt: now },
  };
  const value = await mintFor(deps, { tenant }, account);
  const current = value.token.id;
  await store.transact(async (tx) => {
    await tx.principals.insert(tenant.id, recordOf(account));
    await tx.grants.add(tenant.id, onTenant(newId(deps), account.id, 'metrics-reader'));
    await tx.pats.insert(tenant.id, patOf(account));
    await addValue(tx, tenant.id, value);
    await tx.virtualAccounts.insert(tenant.id, { ...account, current });
    await keepValue(tx, tenant.id, account.id, value);
    await tx.tokenSettings.putAccountRules(tenant.id, { ...ACCOUNT_RULES, afterRetirement: 'freeze' });
  });
  return { tenant, value: value.value, account: { ...account, current } };
}
export type OwnAccount = Awaited<ReturnType<typeof accountOf>>;

const recordOf = ({ id, name, createdAt }: VirtualAccount): PrincipalRecord => ({
  ...{ id, kind: 'virtual_account', name, active: true, createdAt, updatedAt: createdAt, removedAt: undefined },
});

const patOf = ({ id, pat, name, createdBy, createdAt, expiresAt }: VirtualAccount): PersonalAccessToken => ({
  ...{ id: pat, owner: id, name, createdBy, createdAt, updatedAt: createdAt, expiresAt },
  ...{ ended: undefined, team: undefined, kind: 'va' },
});

const PAGE = { limit: 100, offset: 0, nameContains: '' } as const;

export function ofAccountsOf({ store, clock }: Deps, { id, name }: Tenant): readonly Question[] {
  const { virtualAccounts, tokenSettings } = store;
  const at = clock.now();
  return [
    about(`the account rules of ${name}`, () => tokenSettings.accountRules(id)),
    about(`the virtual accounts of ${name}`, () => virtualAccounts.list(id, PAGE)),
    about(`those of ${name} that are not over`, () =>
      virtualAccounts.list(id, { ...PAGE, expired: { is: false, at } }),
    ),
  ];
}

/** What a tenant, that of the account or another, says of it. */
export function ofAccountIn(deps: Deps, { id, name: tenant }: Tenant, { account }: OwnAccount): readonly Question[] {
  const { virtualAccounts, pats, tokens, principals, grants } = deps.store;
  const asked: Readonly<Record<string, Question['ask']>> = {
    account: () => virtualAccounts.get(id, account.id),
    'account by name': () => virtualAccounts.byName(id, account.name),
    'account among some': () => virtualAccounts.list(id, { ...PAGE, among: [account.id] }),
    'account of its team': () => virtualAccounts.list(id, { ...PAGE, teams: account.team ? [account.team] : [] }),
    'token, as shown': () => pats.ofAccounts(id, [account.id]),
    'values that stand': () => tokens.standing(id, account.pat),
    'personal access tokens': () => pats.list(id, account.id, PAGE),
    record: () => principals.records(id, [account.id]),
    grants: () => grants.ofSubjects(id, [account.id]),
    'value that is kept': () => keptValue(deps, id, account),
  };
  return Object.entries(asked).map(([what, ask]) => about(`the ${what} of ${account.name} in ${tenant}`, ask));
}

async function keptValue({ store, keyring }: Deps, tenant: Tenant['id'], { id: account, current }: VirtualAccount) {
  if (current === undefined) return undefined;
  const sealed = await store.virtualAccounts.sealedValue(tenant, account, current);
  return sealed && openAccountValue(keyring, sealed, { tenant, account, token: current }).reveal();
}

export const ofAccount = ({ store, keyring }: Deps, { value, account }: OwnAccount): readonly Question[] => [
  about(`the value of ${account.name}`, () => store.tokens.byDigest(digestsOf(keyring, value))),
];

/** As whoever rotates them: what is due is read again. */
export const ofDue = ({ store, clock }: Deps): Question =>
  about('the accounts that are due', () => dueAt(clock.now(), store));

async function dueAt(now: Instant, { virtualAccounts }: Deps['store']) {
  const due = await virtualAccounts.due(now, 100);
  const read = await Promise.all(due.map(({ tenant, id }: DueAccount) => virtualAccounts.get(tenant, id)));
  return read.filter((account) => account !== undefined);
}
