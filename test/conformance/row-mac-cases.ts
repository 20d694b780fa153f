import type { SQLInputValue } from 'node:sqlite';
import type { ExternalIdentity } from '#domain/external-identity.ts';
import { onTenant } from '#domain/grant.ts';
import type { IdentityProviderId } from '#domain/identity-provider.ts';
import type { JobId } from '#domain/job.ts';
import { type PrincipalId, parseEmail } from '#domain/principal.ts';
import type { TeamId } from '#domain/team.ts';
import { parseTenantName, parseTenantOrigin } from '#domain/tenant.ts';
import type { Mapping } from '#ports/identity-providers.ts';
import type { MACED, MacedTable } from '#store/sql/maced.ts';
import type { Adapter } from './adapters.ts';
import {
  accountIn,
  addValue,
  heldBy,
  insertPat,
  invitationFor,
  newAccount,
  newBinding,
  newId,
  newPat,
  newProvider,
  newRole,
  newTeam,
  newUser,
  openWorld,
  random,
  revoke,
  type StoreWorld,
  sessionOf,
  userIn,
} from './world.ts';

/* A row of each table that carries a MAC, what a forger would make of each of its columns, and who would meet it. */

const MADE = { created_by: 'only shown', created_at: 'only shown', updated_at: 'only shown' } as const;

/** Columns that no MAC covers, each with why. This list may shrink; growing it needs a decision record. */
export const UNCOVERED = {
  tenant: { mac: 'is the MAC' },
  tenant_origin: { mac: 'is the MAC' },
  tenant_alias: { mac: 'is the MAC' },
  principal: { created_at: 'only shown', updated_at: 'only shown', mac: 'is the MAC' },
  password: { updated_at: 'only shown', mac: 'is the MAC' },
  role_grant: { mac: 'is the MAC' },
  team: { display_name: 'only shown', description: 'only shown', tags: 'only shown', ...MADE, mac: 'is the MAC' },
  team_member: { mac: 'is the MAC' },
  role: { display_name: 'only shown', description: 'only shown', ...MADE, mac: 'is the MAC' },
  role_binding: { ...MADE, mac: 'is the MAC' },
  personal_access_token: {
    updated_at: 'only shown',
    mac: 'is the MAC',
    team: 'only to whom its use is put down',
  },
  virtual_account: { tags: 'only shown', ...MADE, mac: 'is the MAC' },
  token: {
    preview: 'only shown',
    mac: 'is the MAC',
  },
  job: {
    mac: 'is the MAC',
    due_at: 'only when it runs',
    attempts: 'only when it runs',
    lease: 'only who runs it',
    lease_until: 'only who runs it',
    last_error: 'only shown',
    dead_at: 'only whether it runs',
  },
  token_use: { surface: 'only shown', address: 'only shown', mac: 'is the MAC' },
  token_settings: { mac: 'is the MAC' },
  session: { mac: 'is the MAC' },
  invitation: { mac: 'is the MAC' },
  identity_provider: { created_by: 'only shown', created_at: 'only shown', mac: 'is the MAC' },
  identity_audience: { mac: 'is the MAC' },
  identity_mapping: { mac: 'is the MAC' },
} as const satisfies Record<MacedTable, Readonly<Record<string, string>>>;

/** A row of each table, and everything a forger would want to put in its place. */
export async function openForged(adapter: Adapter) {
  const world = await openWorld(adapter);
  const { store, acme, other, alice, raw } = world;
  const bob = await userIn(store, acme.id, 'bob');
  await store.transact((tx) => tx.principals.insert(other.id, alice));
  await store.transact((tx) => tx.principals.setPassword(acme.id, alice.id, '$alices', 1));
  const own = await heldBy(store, acme.id, alice.id, 'deploy', { expiresAt: 1_000 });
  const empty = newPat(alice.id, 'empty');
  await insertPat(store, acme.id, empty);
  const gone = await heldBy(store, acme.id, alice.id, 'gone');
  await revoke(store, acme.id, alice.id, gone.pat.id);
  const bobs = await heldBy(store, acme.id, bob.id, 'bobs');
  const theirs = await heldBy(store, other.id, alice.id, 'theirs');
  const twin = await addValue(store, other.id, theirs.pat, { id: own.token.id });
  const use = { tenant: acme.id, token: own.token.id, at: 7, surface: 'rest', address: undefined };
  await store.transact((tx) => tx.tokenUses.note([use]));
  const session = await sessionOf(store, acme.id, alice.id);
  const invitation = await invitationFor(store, acme.id, alice.id);
  const job = { id: newId<'Job'>(), kind: 'token-uses', payload: '{}', dueAt: 5 } as const;
  await store.transact((tx) => tx.jobs.add(job));
  const foreign = Buffer.from(random.bytes(32));
  const [holdings, accounts] = [await openHeld(world), await openAccounts(world)];
  const provider = await openProvider(world, accounts.robot.account.id, holdings.ops.id);
  const held = { ...holdings, ...accounts, provider };
  return { ...world, ...held, raw, bob, own, empty, gone, bobs, theirs, twin, session, invitation, job, foreign };
}

/** What a tenant is reached by, and what its people hold: alice manages nothing, and may by her team what a role says. */
async function openHeld({ store, acme, alice }: StoreWorld) {
  const [ops, dev, deployer, binding] = [newTeam('ops'), newTeam('dev'), newRole('deployer'), newBinding('deployers')];
  const [origin, alias] = [parseTenantOrigin('https://acme.example'), parseTenantName('acme-old')];
  await store.transact(async (tx) => {
    await tx.tenants.addOrigin(acme.id, origin);
    await tx.tenants.addAlias(acme.id, alias);
    for (const team of [ops, dev]) await tx.teams.insert(acme.id, team);
    await tx.teams.setMembers(acme.id, ops.id, [{ principal: alice.id, isMember: true, isManager: false }]);
    await tx.roles.insert(acme.id, deployer);
    await tx.roleBindings.insert(acme.id, binding);
    await tx.grants.add(acme.id, onTenant(newId(), ops.id, deployer.id));
  });
  return { ops, dev, deployer, binding, origin, alias };
}

/** One that is due, whose principal the other tenant has as well; and a principal of that kind that has no account. */
async function openAccounts({ store, acme, other }: StoreWorld) {
  const rotates = { autoRotate: { intervalDays: 30, graceDays: 1 }, rotatesAt: 50, expiresAt: 100 };
  const robot = await accountIn(store, acme.id, 'robot', { ...rotates, team: newId(), format: 'jwt' });
  const named = newAccount('bare');
  const bare = newUser('bare', { id: named.id, kind: 'virtual_account', name: named.name });
  await store.transact(async (tx) => {
    await tx.principals.insert(other.id, robot.principal);
    await tx.principals.insert(acme.id, bare);
  });
  return { robot, bare: named };
}

/** The other tenant has one too, for another audience; the account is mapped by `robot`, the team by `ops`. */
async function openProvider({ store, acme, other }: StoreWorld, account: PrincipalId, team: TeamId) {
  const provider = newProvider('builds');
  const { id } = provider;
  await store.transact(async (tx) => {
    await tx.identityProviders.insert(acme.id, provider);
    await tx.identityProviders.insert(other.id, newProvider('theirs', { audiences: ['theirs'] }));
    await tx.identityProviders.setMappings(acme.id, { kind: 'virtual_account', id: account }, [ROBOT(id)]);
    await tx.identityProviders.setMappings(acme.id, { kind: 'team', id: team }, [{ provider: id, value: 'ops' }]);
  });
  return provider;
}
const ROBOT = (provider: IdentityProviderId): Mapping => ({ provider, value: 'robot' });
export type Forged = Awaited<ReturnType<typeof openForged>>;

/** One column of one row changed, and a read that meets the row nevertheless. */
export type Case = {
  readonly to: (world: Forged) => SQLInputValue;
  readonly read: (world: Forged) => Promise<unknown>;
};

export const byToken = ({ store, own }: Forged) => store.tokens.byDigest([own.digest]);
const byBobsToken = ({ store, bobs }: Forged) => store.tokens.byDigest([bobs.digest]);
export const bySession = ({ store, session }: Forged) => store.sessions.byDigest([session.digest]);
export const byTokenNumber = ({ store, acme, own }: Forged) =>
  store.tokens.byGeneration(acme.id, own.token.pat, own.token.generation);
export const bySessionId = ({ store, acme, session }: Forged) => store.sessions.byId(acme.id, session.session.id);
export const byCode = ({ store, invitation }: Forged) => store.invitations.byDigest([invitation.digest]);
export const byForeignToken = ({ store, foreign }: Forged) => store.tokens.byDigest([foreign]);
const user = ({ store, acme, alice }: Forged) => store.principals.get(acme.id, alice.id);
export const password = ({ store, acme, alice }: Forged) => store.principals.passwordOf(acme.id, alice.id);
const pat = ({ store, acme, alice, own }: Forged) => store.pats.get(acme.id, alice.id, own.pat.id);
const settings = ({ store, acme }: Forged) => store.tokenSettings.get(acme.id);
const accountRules = ({ store, acme }: Forged) => store.tokenSettings.accountRules(acme.id);
export const byRetrying = ({ store, job }: Forged) => store.transact((tx) => tx.jobs.retry(job.id, 9));
const elsewhere = ({ other }: Forged) => other.id;
export const nobody = () => 'x'.repeat(24);
const byAlias = ({ store, alias }: Forged) => store.tenants.byNameOrAlias(alias);
const team = ({ store, acme, ops }: Forged) => store.teams.get(acme.id, ops.id);
const robots = ({ store, acme, robot: { account } }: Forged) => store.virtualAccounts.get(acme.id, account.id);
const binding = ({ store, acme, binding: { id } }: Forged) => store.roleBindings.get(acme.id, id);
const provider = ({ store, acme, provider: { id } }: Forged) => store.identityProviders.get(acme.id, id);
const believing = ({ store, provider: { issuer, audiences } }: Forged) =>
  store.identityProviders.believing(issuer, audiences);
const NOBODYS = { subject: 'nobody', email: undefined, teams: [], expiresAt: 9_000 } as const;
const external =
  (said: Partial<ExternalIdentity>) =>
  ({ store, acme, provider: { id } }: Forged) =>
    store.identityProviders.known(acme.id, id, { ...NOBODYS, ...said });
const byMapping = external({ subject: 'robot' });
const mapped = ({ store, acme, robot }: Forged) => store.identityProviders.mappingsOf(acme.id, [robot.account.id]);
const EVIL = parseTenantOrigin('https://evil.example');
const nowhere = () => 'other-tenant';

/** Every covered column: a column that joins a list and not this table does not compile. */
export const CASES: { readonly [T in MacedTable]: Readonly<Record<(typeof MACED)[T][number], Case>> } = {
  tenant: {
    id: { to: nobody, read: ({ store, acme }) => store.tenants.byName(acme.name) },
    name: { to: () => 'evil', read: ({ store }) => store.tenants.list() },
    disabled_at: { to: () => 5, read: byToken },
  },
  tenant_origin: {
    origin: { to: () => EVIL, read: ({ store }) => store.tenants.byOrigin(EVIL) },
    tenant: { to: elsewhere, read: ({ store, origin }) => store.tenants.byOrigin(origin) },
  },
  tenant_alias: {
    name: { to: () => 'evil', read: ({ store, acme }) => store.tenants.aliasesOf(acme.id) },
    tenant: { to: elsewhere, read: byAlias },
  },
  principal: {
    tenant: { to: () => 'other-tenant', read: byToken },
    id: { to: nobody, read: ({ store, acme, alice }) => store.principals.userByEmail(acme.id, parseEmail(alice.name)) },
    kind: { to: () => 'virtual_account', read: user },
    name: { to: () => 'root@example.com', read: user },
    active: { to: () => 0, read: user },
    removed_at: { to: () => 5, read: user },
  },
  password: {
    tenant: { to: elsewhere, read: ({ store, other, alice }) => store.principals.passwordOf(other.id, alice.id) },
    principal: {
      to: ({ bob }) => bob.id,
      read: ({ store, acme, bob }) => store.principals.passwordOf(acme.id, bob.id),
    },
    hash: { to: () => '$mallorys', read: password },
  },
  role_grant: {
    tenant: { to: elsewhere, read: ({ store, theirs }) => store.tokens.byDigest([theirs.digest]) },
    id: { to: nobody, read: byToken },
    subject: { to: ({ bob }) => bob.id, read: byBobsToken },
    role: { to: () => 'tenant-admin', read: ({ store, acme }) => store.grants.anyHolds(acme.id, 'tenant-admin') },
    resource: { to: () => 'everything', read: byToken },
    binding: { to: ({ binding: { id } }) => id, read: byToken },
  },
  team: {
    tenant: { to: elsewhere, read: ({ store, other, ops }) => store.teams.get(other.id, ops.id) },
    id: { to: nobody, read: ({ store, acme, ops }) => store.teams.byName(acme.id, ops.name) },
    name: { to: () => 'evil', read: team },
  },
  team_member: {
    tenant: { to: elsewhere, read: ({ store, theirs }) => store.tokens.byDigest([theirs.digest]) },
    team: { to: ({ dev }) => dev.id, read: byToken },
    principal: { to: ({ bob }) => bob.id, read: byBobsToken },
    member: { to: () => 0, read: byToken },
    manager: { to: () => 1, read: byToken },
  },
  role: {
    tenant: { to: elsewhere, read: ({ store, other, deployer }) => store.roles.get(other.id, deployer.id) },
    id: { to: nobody, read: ({ store, acme, deployer }) => store.roles.byName(acme.id, deployer.name) },
    name: { to: () => 'evil', read: byToken },
    permissions: { to: () => '["tenant:AssignRole"]', read: byToken },
  },
  role_binding: {
    tenant: { to: elsewhere, read: ({ store, other, binding: { id } }) => store.roleBindings.get(other.id, id) },
    id: { to: nobody, read: ({ store, acme, binding: { name } }) => store.roleBindings.byName(acme.id, name) },
    name: { to: () => 'evil', read: binding },
  },
  personal_access_token: {
    tenant: { to: elsewhere, read: ({ store, other, alice, own }) => store.pats.get(other.id, alice.id, own.pat.id) },
    id: { to: nobody, read: byToken },
    owner: {
      to: ({ bob }) => bob.id,
      read: ({ store, acme, bob, own }) => store.pats.get(acme.id, bob.id, own.pat.id),
    },
    name: { to: () => 'renamed', read: pat },
    created_by: { to: ({ bob }) => bob.id, read: pat },
    created_at: { to: () => 0, read: pat },
    expires_at: { to: () => null, read: pat },
    ended_at: { to: () => 5, read: pat },
    ended_by: { to: nobody, read: pat },
    end_reason: { to: () => 'deleted', read: pat },
    kind: { to: () => 'va', read: byToken },
  },
  virtual_account: {
    tenant: { to: elsewhere, read: ({ store, other, robot }) => store.virtualAccounts.get(other.id, robot.account.id) },
    id: {
      to: ({ bare }) => bare.id,
      read: ({ store, acme, bare }) => store.virtualAccounts.byName(acme.id, bare.name),
    },
    pat: { to: ({ own }) => own.pat.id, read: robots },
    current_token: { to: ({ own }) => own.token.id, read: robots },
    team: { to: ({ ops }) => ops.id, read: robots },
    expires_at: { to: () => null, read: robots },
    format: { to: () => null, read: robots },
    interval_days: { to: () => 36_500, read: robots },
    grace_days: { to: () => 36_500, read: robots },
    rotates_at: { to: () => null, read: robots },
    version: { to: () => 9, read: robots },
  },
  token: {
    tenant: { to: nowhere, read: byToken },
    id: { to: nobody, read: byToken },
    kind: { to: () => 'va', read: byToken },
    pat: { to: ({ empty }) => empty.id, read: byToken },
    subject: { to: ({ bob }) => bob.id, read: byToken },
    generation: { to: () => 9, read: byToken },
    format: { to: () => 'jwt', read: byToken },
    signed_by: { to: nobody, read: byToken },
    digest: { to: ({ foreign }) => foreign, read: byForeignToken },
    pepper: { to: nobody, read: byToken },
    created_at: { to: () => 0, read: byToken },
    expires_at: { to: () => null, read: byToken },
    ended_at: { to: () => 5, read: byToken },
    ended_by: { to: nobody, read: byToken },
    end_reason: { to: () => 'deleted', read: byToken },
  },
  token_use: {
    tenant: { to: elsewhere, read: ({ store, twin }) => store.tokens.byDigest([twin.digest]) },
    token: { to: ({ bobs }) => bobs.token.id, read: byBobsToken },
    at: { to: () => 999_999, read: byToken },
  },
  token_settings: {
    tenant: { to: nowhere, read: byToken }, // none is left of its own
    age_days_max: { to: () => 36_500, read: byToken },
    count_max: { to: () => 9, read: settings },
    life_days_default: { to: () => 9, read: settings },
    idle_days_max: { to: () => 9, read: byToken },
    format_default: { to: () => 'jwt', read: settings },
    session_only: { to: () => 1, read: settings },
    account_rules: { to: () => '{"afterRetirement":"revoke"}', read: accountRules },
  },
  session: {
    tenant: { to: elsewhere, read: bySession },
    id: { to: nobody, read: bySession },
    principal: { to: ({ bob }) => bob.id, read: bySession },
    digest: { to: ({ foreign }) => foreign, read: ({ store, foreign }) => store.sessions.byDigest([foreign]) },
    pepper: { to: nobody, read: bySession },
    created_at: { to: () => 0, read: bySession },
    expires_at: { to: () => 999_999, read: bySession },
    ended_at: { to: () => 5, read: bySession },
  },
  invitation: {
    tenant: { to: elsewhere, read: byCode },
    id: { to: nobody, read: byCode },
    principal: { to: ({ bob }) => bob.id, read: byCode },
    digest: { to: ({ foreign }) => foreign, read: ({ store, foreign }) => store.invitations.byDigest([foreign]) },
    pepper: { to: nobody, read: byCode },
    created_at: { to: () => 0, read: byCode },
    expires_at: { to: () => 999_999, read: byCode },
    used_at: { to: () => 5, read: byCode },
    invited_by: { to: nobody, read: byCode },
  },
  identity_provider: {
    tenant: { to: elsewhere, read: ({ store, other }) => store.identityProviders.list(other.id) },
    id: {
      to: nobody,
      read: ({ store, acme, provider: { name } }) => store.identityProviders.byName(acme.id, name),
    },
    name: { to: () => 'evil', read: byMapping },
    enabled: { to: () => 0, read: byMapping },
    definition: { to: () => '{"issuer":"https://evil.example"}', read: believing },
    updated_at: { to: () => 9, read: provider },
  },
  identity_audience: {
    issuer: {
      to: () => EVIL,
      read: ({ store, provider: { audiences } }) => store.identityProviders.believing(EVIL, audiences),
    },
    audience: {
      to: () => 'evil',
      read: ({ store, provider: { issuer } }) => store.identityProviders.believing(issuer, ['evil']),
    },
    tenant: { to: elsewhere, read: believing },
    provider: { to: nobody, read: believing },
  },
  identity_mapping: {
    tenant: {
      to: elsewhere,
      read: ({ store, other, robot }) => store.identityProviders.mappingsOf(other.id, [robot.account.id]),
    },
    provider: { to: nobody, read: mapped },
    kind: { to: () => 'team', read: external({ teams: ['robot'], email: 'alice@example.com' }) },
    value: { to: () => 'evil', read: external({ subject: 'evil' }) },
    mapped: { to: ({ bare }) => bare.id, read: byMapping },
  },
  job: {
    id: { to: nobody, read: ({ store }) => store.transact((tx) => tx.jobs.retry(nobody() as JobId, 9)) },
    kind: { to: () => 'retention', read: byRetrying },
    payload: { to: () => '{"live":[]}', read: byRetrying },
  },
};

/** Which row of each table is forged. */
export const ROW: { readonly [T in MacedTable]: (world: Forged) => readonly [where: string, ...SQLInputValue[]] } = {
  tenant: ({ acme }) => ['id = ?', acme.id],
  tenant_origin: ({ origin }) => ['origin = ?', origin],
  tenant_alias: ({ alias }) => ['name = ?', alias],
  principal: ({ acme, alice }) => ['tenant = ? and id = ?', acme.id, alice.id],
  password: ({ acme, alice }) => ['tenant = ? and principal = ?', acme.id, alice.id],
  role_grant: ({ acme, alice }) => ['tenant = ? and subject = ?', acme.id, alice.id],
  team: ({ acme, ops }) => ['tenant = ? and id = ?', acme.id, ops.id],
  team_member: ({ acme, alice }) => ['tenant = ? and principal = ?', acme.id, alice.id],
  role: ({ acme, deployer }) => ['tenant = ? and id = ?', acme.id, deployer.id],
  role_binding: ({ acme, binding: { id } }) => ['tenant = ? and id = ?', acme.id, id],
  personal_access_token: ({ acme, own }) => ['tenant = ? and id = ?', acme.id, own.pat.id],
  virtual_account: ({ acme, robot: { account } }) => ['tenant = ? and id = ?', acme.id, account.id],
  token: ({ acme, own }) => ['tenant = ? and id = ?', acme.id, own.token.id],
  token_use: ({ acme, own }) => ['tenant = ? and token = ?', acme.id, own.token.id],
  token_settings: ({ acme }) => ['tenant = ?', acme.id],
  session: ({ acme, session }) => ['tenant = ? and id = ?', acme.id, session.session.id],
  invitation: ({ acme, invitation }) => ['tenant = ? and id = ?', acme.id, invitation.invitation.id],
  identity_provider: ({ acme, provider: { id } }) => ['tenant = ? and id = ?', acme.id, id],
  identity_audience: ({ provider: { id } }) => ['provider = ?', id],
  identity_mapping: ({ acme, robot: { account } }) => ['tenant = ? and mapped = ?', acme.id, account.id],
  job: ({ job }) => ['id = ?', job.id],
};

/** A read of each of these rows. */
export const READ: Record<MacedTable, Case['read']> = {
  ...{ tenant: byToken, tenant_origin: ({ store, origin }) => store.tenants.byOrigin(origin), tenant_alias: byAlias },
  ...{ principal: byToken, password, role_grant: byToken, team, team_member: byToken, role: byToken },
  ...{ role_binding: binding, personal_access_token: byToken, token: byToken, token_use: byToken },
  ...{ virtual_account: robots, identity_provider: provider, identity_audience: believing, identity_mapping: mapped },
  ...{ token_settings: byToken, session: bySession, invitation: byCode, job: byRetrying },
};
