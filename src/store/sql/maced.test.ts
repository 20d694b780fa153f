import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Keyring } from '#crypto/keyring.ts';
import { rowMacs } from '#crypto/row-mac.ts';
import { temporaryFolder } from '#support/folder.ts';
import { openConnection } from '../sqlite/connection.ts';
import { migrate } from '../sqlite/migrate.ts';
import { MACED, maced, proved, swap } from './maced.ts';
import type { Schema } from './schema.ts';

const keyring = new Keyring();
keyring.hold({ id: 'm'.repeat(24) as never, purpose: 'row-mac', tenant: undefined, createdAt: 1 }, Buffer.alloc(32, 3));
const macs = rowMacs(keyring);

async function openWithSession() {
  const { raw, db } = openConnection(join(temporaryFolder(), 'store.db'));
  migrate(raw, 0, () => {});
  raw.exec('pragma foreign_keys = off');
  onTestFinished(() => raw.close());
  const row = maced(macs, 'session', {
    ...{ tenant: 't', id: 's', principal: 'p', digest: Buffer.alloc(32), pepper: 'k' },
    ...{ created_at: 1, expires_at: 9, ended_at: null },
  } as unknown as Omit<Schema['session'], 'mac'>);
  await db.insertInto('session').values(row).execute();
  const stored = () => db.selectFrom('session').selectAll().executeTakeFirstOrThrow();
  return { db, row, stored };
}

const LOST = {
  code: 'unavailable',
  message: 'This was changed at the same moment, and nothing was done. Send it again.',
};

test('a row is changed as it was read, and proves itself afterwards', async () => {
  const { db, stored } = await openWithSession();
  await swap(db, macs, 'session', await stored(), { ended_at: 5 });
  expect(proved(macs, 'session', await stored()).ended_at).toBe(5);
});

test('whoever was faster wins; the other is told that nothing was done and to send it again, and changes nothing', async () => {
  const { db, stored } = await openWithSession();
  const read = await stored();
  await swap(db, macs, 'session', read, { ended_at: 5 });
  const after = await stored();
  await expect(swap(db, macs, 'session', read, { ended_at: 6 })).rejects.toMatchObject(LOST);
  expect(await stored()).toEqual(after);
});

test('a row that is gone, or another tenant’s, is not changed', async () => {
  const { db, row } = await openWithSession();
  const elsewhere = { ...row, tenant: 'u' } as typeof row;
  await expect(swap(db, macs, 'session', elsewhere, { ended_at: 6 })).rejects.toMatchObject(LOST);
});

test('a password, whose row is named by whose it is, is swapped like any other, and nobody else’s with it', async () => {
  const { db } = await openWithSession();
  const row = (principal: string) =>
    maced(macs, 'password', { tenant: 't', principal, hash: '$old', updated_at: 1 } as unknown as Schema['password']);
  const [adas, bobs] = [row('ada'), row('bob')];
  await db.insertInto('password').values([adas, bobs]).execute();
  await swap(db, macs, 'password', adas, { hash: '$new', updated_at: 2 });
  await expect(swap(db, macs, 'password', adas, { hash: '$late' })).rejects.toMatchObject(LOST);
  const stored = await db.selectFrom('password').selectAll().orderBy('principal').execute();
  const kept = stored.map((one) => proved(macs, 'password', one));
  expect(kept.map(({ principal, hash, updated_at }) => [principal, hash, updated_at])).toEqual([
    ['ada', '$new', 2],
    ['bob', '$old', 1],
  ]);
});

/** Append only: a row that was written must prove itself for ever. A change here needs a new format of MACs. */
test('what a MAC covers, and in which order, stands for ever', () => {
  expect(MACED).toEqual({
    tenant: ['id', 'name', 'disabled_at'],
    tenant_origin: ['origin', 'tenant'],
    tenant_alias: ['name', 'tenant'],
    principal: ['tenant', 'id', 'kind', 'name', 'active', 'removed_at'],
    password: ['tenant', 'principal', 'hash'],
    role_grant: ['tenant', 'id', 'subject', 'role', 'resource', 'binding'],
    team: ['tenant', 'id', 'name'],
    team_member: ['tenant', 'team', 'principal', 'member', 'manager'],
    role: ['tenant', 'id', 'name', 'permissions'],
    role_binding: ['tenant', 'id', 'name'],
    personal_access_token: [
      ...['tenant', 'id', 'owner', 'name', 'created_by', 'created_at', 'expires_at'],
      ...['ended_at', 'ended_by', 'end_reason', 'kind'],
    ],
    virtual_account: [
      ...[
        'tenant',
        'id',
        'pat',
        'current_token',
        'team',
        'expires_at',
        'format',
        'interval_days',
        'grace_days',
        'rotates_at',
      ],
      'version',
    ],
    identity_provider: ['tenant', 'id', 'name', 'enabled', 'definition', 'updated_at'],
    identity_audience: ['issuer', 'audience', 'tenant', 'provider'],
    identity_mapping: ['tenant', 'provider', 'kind', 'value', 'mapped'],
    token: [
      ...['tenant', 'id', 'kind', 'pat', 'subject', 'generation', 'format', 'signed_by', 'digest', 'pepper'],
      ...['created_at', 'expires_at', 'ended_at', 'ended_by', 'end_reason'],
    ],
    token_use: ['tenant', 'token', 'at'],
    token_settings: [
      ...['tenant', 'age_days_max', 'count_max', 'life_days_default', 'idle_days_max'],
      ...['format_default', 'session_only', 'account_rules'],
    ],
    session: ['tenant', 'id', 'principal', 'digest', 'pepper', 'created_at', 'expires_at', 'ended_at'],
    invitation: ['tenant', 'id', 'principal', 'digest', 'pepper', 'created_at', 'expires_at', 'used_at', 'invited_by'],
    job: ['id', 'kind', 'payload'],
  });
});

const NOT_OURS = { detail: expect.stringContaining('was not written by this program') };

/** As the first version of the program wrote them, of tables that have had a column added since. */
const AS_WRITTEN_FIRST = [
  { table: 'tenant', added: 'disabled_at', row: { id: 't', name: 'acme' } },
  {
    ...({ table: 'principal', added: 'removed_at' } as const),
    row: { tenant: 't', id: 'p', kind: 'user', name: 'a@example.com', active: 1 },
  },
  {
    ...({ table: 'role_grant', added: 'binding' } as const),
    row: { tenant: 't', id: 'g', subject: 'p', role: 'tenant-admin', resource: '*' },
  },
  {
    ...({ table: 'personal_access_token', added: 'kind' } as const),
    row: {
      ...{ tenant: 't', id: 'a', owner: 'p', name: 'deploy', created_by: 'p', created_at: 1, expires_at: null },
      ...{ ended_at: null, ended_by: null, end_reason: null },
    },
  },
  {
    ...({ table: 'token_settings', added: 'account_rules' } as const),
    row: {
      ...{ tenant: 't', age_days_max: 30, count_max: null, life_days_default: null, idle_days_max: null },
      ...{ format_default: 'opaque', session_only: 0 },
    },
  },
] as const;

test.each(AS_WRITTEN_FIRST)(
  'a row of $table from before it had $added proves itself, and none in which $added was set or taken back by hand',
  ({ table, added, row }) => {
    const proves = (one: object) => proved<typeof table, never>(macs, table, one as never);
    const old = { ...row, [added]: null, mac: macs.of(table, Object.values(row)) };
    expect(proves(old)).toBe(old);
    expect(maced(macs, table, old as never).mac).toEqual(old.mac);
    for (const value of [0, 5, '', 'x']) {
      expect(() => proves({ ...old, [added]: value })).toThrow(expect.objectContaining(NOT_OURS));
      const written = maced(macs, table, { ...old, [added]: value } as never);
      expect(proves(written)).toBe(written);
      expect(() => proves({ ...written, [added]: null })).toThrow(expect.objectContaining(NOT_OURS));
    }
  },
);
