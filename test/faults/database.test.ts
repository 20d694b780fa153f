import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { serving } from '#support/process.ts';
import { byAdmin } from './act.ts';
import { adminToken, setUpOnce } from './base.ts';
import { clientOf, rotate } from './client.ts';
import { DEFECTS, type Defect, defectsIn } from './database.ts';

/** What a kill at the wrong moment could leave; each must be seen, or the fault suites would prove nothing. */
const HALVES: Readonly<Record<Exclude<Defect, 'the file is damaged'>, string>> = {
  'a row names one that is not there': `delete from principal where kind = 'user'`,
  'a token without a value': `delete from token where pat in (select id from personal_access_token where name = 'live')`,
  'a value without its token': `delete from personal_access_token where name = 'live'`,
  'a generation is missing': `delete from token where generation = 1 and pat in
    (select pat from token where generation = 2)`,
  'a value whose issue is not in the audit once': `delete from audit_entry where rowid in
    (select rowid from audit_entry where action = 'personal-access-token:Create' limit 1)`,
  'an issue in the audit without its value': `delete from token where id in
    (select id from token where kind = 'pat' and id not in (select token from delivery) limit 1)`,
  'a revoked token whose end is not in the audit once': `delete from audit_entry where action = 'personal-access-token:Revoke'`,
  'an end in the audit of a token that lives': `update personal_access_token set ended_at = null where end_reason = 'deleted'`,
  'a count in the audit that is not what ended': `update personal_access_token set end_reason = 'revoked_all'
    where name = 'live'`,
  'an end or another name that the change log does not name once': `delete from change_log where kind = 'pat'`,
  'a name that is not the last that the audit says': `update personal_access_token set name = 'other'
    where name = 'renamed'`,
  'settings that are not the last that the audit says': 'update token_settings set count_max = 7',
  'a change of settings that the change log does not name': `delete from change_log where kind = 'tenant'`,
  'a signing key that nobody made, or one that was made and is not there': `delete from wrapped_key
    where purpose = 'token-signing'`,
  'an answer to be given again of a token that is not there': `update replay set pat = 'x'`,
  'an ended session that the change log does not name once': `update session set ended_at = 1`,
  'a change of what lives': `insert into change_log (sequence, kind, id) select 1, 'session', id from session`,
  'the change counter is not the end of an unbroken log': 'update change_counter set sequence = sequence + 1',
  'a session that nobody began': `delete from audit_entry where action = 'session:Create'`,
  'a user without a role, or one who was removed and has one': 'update principal set removed_at = 1',
  'a grant to nobody, or of a role or a binding that is not there': `update role_grant set binding = 'x'`,
  'a binding that gives nothing': `insert into role_binding
    select tenant, 'x', 'x', id, created_at, updated_at, mac from principal where kind = 'user'`,
  'an account that is not whole': `update virtual_account set current_token = 'x'`,
  'something left of an account that is gone': 'delete from virtual_account',
  'a value of an account whose issue is not in the audit once': `delete from audit_entry where rowid in
    (select rowid from audit_entry where action = 'virtual-account:CreateVirtualAccount' limit 1)`,
  'an issue in the audit without its value of an account': `delete from token where kind = 'va'`,
  'a value that is kept and is not current': `update virtual_account_value set token = 'x'`,
  'an account that is managed by another team than has it': 'update virtual_account set team = null',
  'a second administrator by set-up': `insert into role_grant (tenant, id, subject, role, resource, mac)
    select tenant, 'other', 'other', role, resource, mac from role_grant where role = 'tenant-admin'`,
};

const once = setUpOnce(async (data) => {
  const served = await serving(data);
  const client = clientOf(served, adminToken(data));
  await client.create('live');
  await client.createOnce('once', 'key');
  await client.rename((await client.getOrCreate('named')).id, 'renamed');
  await client.limit(99);
  await rotate(data);
  await client.getOrCreate('renewed');
  await client.getOrCreate('renewed');
  await client.revoke((await client.getOrCreate('dead')).id);
  await client.createFor('admin@example.com', 'for-somebody');
  const account = { name: 'robot', roles: ['tenant-member'], team: 'ops' };
  // Of nobody: who joins one has moved, and their sessions with them.
  const manifest = { type: 'team', name: 'ops', members: [], managers: [] };
  await byAdmin(served, data, 'PUT', '/api/svc/v1/teams', { manifest });
  await byAdmin(served, data, 'POST', '/api/v1/virtual-accounts', account);
  const body = JSON.stringify({ email: 'admin@example.com', password: 'correct horse battery staple' });
  const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
  await served.send({ method: 'POST', path: '/auth/sign-in', headers, body });
  served.process.kill('SIGTERM');
  await served.ended;
});

test('what is whole has no defect', async () => {
  expect(defectsIn(await once.copy())).toEqual([]);
});

test.each(Object.entries(HALVES))('%s: seen', async (defect, half) => {
  const data = await once.copy();
  const database = new DatabaseSync(join(data, 'countersign.db'), { enableForeignKeyConstraints: false });
  expect(database.prepare(half).run().changes).toBeGreaterThan(0);
  database.close();
  expect(defectsIn(data)).toContain(defect);
});

test('every defect but a damaged file, which is the engine’s to see, is proved to be seen', () => {
  expect(['the file is damaged', ...Object.keys(HALVES)].sort()).toEqual(Object.keys(DEFECTS).sort());
});
