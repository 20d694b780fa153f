import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { parseTenantName } from '#domain/tenant.ts';
import { parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { ACCOUNT_RULES } from '#domain/virtual-account.ts';
import type { MacField } from '#ports/row-mac.ts';
import type { Database } from '#store/database.ts';
import { migrate as migratePostgres } from '#store/postgres/migrate.ts';
import { openPostgres } from '#store/postgres/open.ts';
import type { MacedTable } from '#store/sql/maced.ts';
import { MIGRATIONS } from '#store/sql/migrations.ts';
import { migrate as migrateSqlite } from '#store/sqlite/migrate.ts';
import { openSqlite } from '#store/sqlite/open.ts';
import { ENGINE } from '#support/database.ts';
import { temporaryFolder } from '#support/folder.ts';
import { usePart } from '#support/parts.ts';
import { askedThrough, freshPostgres } from '#support/postgres.ts';
import { type Raw, rawPostgres, rawSqlite } from '#support/raw.ts';
import { accountIn, EVERYTHING, fixedMacs, newDigest, newId, newProvider, userIn } from './world.ts';

/* A database of an older program, with rows in it, in the hands of this one. */

type Old = { readonly raw: Raw; readonly open: () => Promise<Database> };

const OF_AN_OLDER_PROGRAM = {
  async sqlite(upTo: number): Promise<Old> {
    const file = join(temporaryFolder(), 'countersign.db');
    const old = new DatabaseSync(file);
    migrateSqlite(old, 1, () => {}, MIGRATIONS.slice(0, upTo));
    old.close();
    return { raw: rawSqlite(file), open: async () => openSqlite(file, 2, () => {}) };
  },
  async postgres(upTo: number): Promise<Old> {
    usePart('postgresql');
    const url = await freshPostgres({ empty: true });
    const options = { ...askedThrough(url), connectionsMax: 3 };
    await migratePostgres(options, 1, () => {}, MIGRATIONS.slice(0, upTo));
    return { raw: rawPostgres(url), open: () => openPostgres(options, 2, () => {}) };
  },
} as const satisfies Record<typeof ENGINE, (upTo: number) => Promise<Old>>;

const macs = fixedMacs();

/** As the program of that time wrote it: the MAC covers these columns, in this order, and the others it does not. */
async function insert(raw: Raw, table: MacedTable, covered: Row, others: Row = {}): Promise<void> {
  const row: Row = { ...covered, ...others, mac: macs.of(table, Object.values(covered) as readonly MacField[]) };
  const names = Object.keys(row);
  const values = Object.values(row);
  await raw.run(`insert into ${table} (${names.join()}) values (${names.map(() => '?').join()})`, ...values);
}
type Row = Readonly<Record<string, SQLInputValue>>;

const [tenant, alice, pat, token] = [newId<'Tenant'>(), newId<'Principal'>(), newId<'PersonalAccessToken'>(), newId()];
const { digest, pepper } = newDigest();
const NOT_ENDED = { ended_at: null, ended_by: null, end_reason: null } as const;

async function rowsOfMigration3(raw: Raw): Promise<void> {
  await insert(raw, 'tenant', { id: tenant, name: 'acme' });
  const user = { tenant, id: alice, kind: 'user', name: 'alice@example.com', active: 1 };
  await insert(raw, 'principal', user, { created_at: 1, updated_at: 1 });
  await insert(raw, 'role_grant', { tenant, id: newId(), subject: alice, role: 'tenant-member', resource: '*' });
  const limits = { age_days_max: 30, count_max: 5, life_days_default: null, idle_days_max: null };
  await insert(raw, 'token_settings', { tenant, ...limits, format_default: 'jwt', session_only: 0 });
  const made = { created_by: alice, created_at: 1, expires_at: null, ...NOT_ENDED };
  await insert(
    raw,
    'personal_access_token',
    { tenant, id: pat, owner: alice, name: 'deploy', ...made },
    { updated_at: 1 },
  );
  const value = { tenant, id: token, kind: 'pat', pat, subject: alice, generation: 1, format: 'opaque' };
  const secret = { signed_by: null, digest, pepper, created_at: 1, expires_at: null, ...NOT_ENDED };
  await insert(raw, 'token', { ...value, ...secret }, { preview: 'tfy_pat_0000…0000' });
}

test('what a database of migration 3 holds is proved, means what it meant, and knows virtual accounts from then on', async () => {
  const { raw, open } = await OF_AN_OLDER_PROGRAM[ENGINE](3);
  await rowsOfMigration3(raw);
  const before = await raw.all('select * from personal_access_token');
  const database = await open();
  await database.keys.begin({ fingerprint: 'f', keys: [] });
  const store = database.store(macs);
  onTestFinished(() => store.close());

  const known = await store.tokens.byDigest([digest]);
  expect(known).toMatchObject({
    ...{ tenant: { id: tenant, name: parseTenantName('acme') }, ended: false, expiresAt: 1 + 30 * 86_400_000 },
    ...{ principal: { id: alice }, rights: { roles: ['tenant-member'] } },
  });
  const { rows, total } = await store.pats.list(tenant, alice, EVERYTHING);
  expect([total, rows]).toMatchObject([1, [{ pat: { id: pat, kind: 'pat', team: undefined } }]]);
  expect(await raw.all('select * from personal_access_token')).toEqual(before.map((row) => ({ ...row, kind: null })));
  const settings = { ...TOKEN_SETTINGS, ageDaysMax: 30, countMax: 5, formatDefault: 'jwt' as const };
  expect(await store.tokenSettings.get(tenant)).toEqual(settings);
  expect(await store.tokenSettings.accountRules(tenant)).toEqual(ACCOUNT_RULES);
  expect(await store.virtualAccounts.list(tenant, EVERYTHING)).toEqual({ rows: [], total: 0 });

  const robot = await accountIn(store, tenant, 'robot');
  await store.transact(async (tx) => {
    await tx.tokenSettings.putAccountRules(tenant, { isReadable: false, afterRetirement: 'freeze' });
    await tx.pats.rename(tenant, alice, pat, parseTokenName('renamed'), 5);
  });
  expect(await store.virtualAccounts.get(tenant, robot.account.id)).toEqual(robot.account);
  expect(await store.tokenSettings.get(tenant)).toEqual(settings);
  expect((await store.pats.list(tenant, alice, EVERYTHING)).rows.map((one) => one.pat.name)).toEqual(['renamed']);
});

test('a database of migration 4 knows no identity provider, and of those that come keeps what none of its rows allows', async () => {
  const { raw, open } = await OF_AN_OLDER_PROGRAM[ENGINE](4);
  await insert(raw, 'tenant', { id: tenant, name: 'acme' });
  const database = await open();
  await database.keys.begin({ fingerprint: 'f', keys: [] });
  const store = database.store(macs);
  onTestFinished(() => store.close());

  expect(await store.identityProviders.list(tenant)).toEqual([]);
  expect(await store.identityProviders.believing('https://idp.example', ['countersign'])).toBeUndefined();
  const { account } = await accountIn(store, tenant, 'robot');
  expect(await store.identityProviders.mappingsOf(tenant, [account.id])).toEqual([]);
  const provider = newProvider('builds');
  const mapping = { provider: provider.id, value: 'svc' };
  await store.transact(async ({ identityProviders }) => {
    await identityProviders.insert(tenant, provider);
    await identityProviders.setMappings(tenant, { kind: 'virtual_account', id: account.id }, [mapping]);
  });
  expect(await store.identityProviders.list(tenant)).toEqual([provider]);
  const nobodys = { ...mapping, provider: newId<'IdentityProvider'>() };
  const mapNobody = store.transact((tx) =>
    tx.identityProviders.setMappings(tenant, { kind: 'virtual_account', id: account.id }, [nobodys]),
  );
  await expect(mapNobody).rejects.toThrow();
  expect(await store.identityProviders.countMapped(tenant, provider.id)).toBe(1);
});

test('a value of a token that an older program wrote is no virtual account’s, whatever is written beside it by hand', async () => {
  const { raw, open } = await OF_AN_OLDER_PROGRAM[ENGINE](3);
  await rowsOfMigration3(raw);
  const store = (await open()).store(macs);
  onTestFinished(() => store.close());
  await raw.run(`update personal_access_token set kind = 'va'`);
  await expect(store.tokens.byDigest([digest])).rejects.toMatchObject({ code: 'internal' });
  await expect(store.pats.ofAccounts(tenant, [alice])).rejects.toMatchObject({ code: 'internal' });
  await raw.run('update personal_access_token set kind = null');
  await userIn(store, tenant, 'bob');
  expect((await store.tokens.byDigest([digest]))?.ended).toBe(false);
});
