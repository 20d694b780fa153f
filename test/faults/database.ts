import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { SQLITE } from '#store/sql/engine.ts';
import { MIGRATIONS } from '#store/sql/migrations.ts';
import { databaseUrlOf } from '#support/database-of.ts';
import { usePart } from '#support/parts.ts';

/** Past the port, which has no way to read the audit, the change log, or what is revoked. */
export function rowsIn(data: string, sql: string): readonly object[] {
  const database = opened(data);
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

/** The file itself; or, of a database on a server, all of it in memory, so that one text of each check serves both. */
function opened(data: string): DatabaseSync {
  const url = databaseUrlOf(data);
  return url === undefined ? new DatabaseSync(join(data, 'countersign.db'), { readOnly: true }) : copyOf(url);
}

function copyOf(url: string): DatabaseSync {
  const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  for (const { statements } of MIGRATIONS) for (const statement of statements(SQLITE.types)) database.exec(statement);
  database.exec('delete from change_counter');
  for (const [table, rows] of Object.entries(tablesOf(url, tablesIn(database)))) {
    const columns = Object.keys(rows[0] ?? {});
    const insert = `insert into ${table} (${columns.join()}) values (${columns.map(() => '?').join()})`;
    const statement = columns.length === 0 ? undefined : database.prepare(insert);
    for (const row of rows) statement?.run(...columns.map((name) => asBound(row[name] ?? null)));
  }
  return database;
}

const tablesIn = (database: DatabaseSync): readonly string[] =>
  database
    .prepare(`select name from sqlite_schema where type = 'table'`)
    .all()
    .map(({ name }) => String(name));

type Rows = readonly Readonly<Record<string, SQLInputValue>>[];

/** As they were written: by transaction, and by command within it. The program that asks is PostgreSQL's own. */
function tablesOf(url: string, tables: readonly string[]): Readonly<Record<string, Rows>> {
  const parts = tables.map(
    (table) => `'${table}', (select coalesce(json_agg(to_json(t)), '[]') from
    (select * from ${table} order by xmin::text::bigint, cmin::text::bigint) t)`,
  );
  const asked = ['-X', '-A', '-t', '-d', url, '-c', `select json_build_object(${parts.join()})`];
  const said = execFileSync(join(usePart('postgresql').bin, 'psql'), asked, { encoding: 'utf8', maxBuffer: 1024 ** 3 });
  return JSON.parse(said);
}

/** Bytes come as text. */
const asBound = (value: SQLInputValue): SQLInputValue =>
  typeof value === 'string' && value.startsWith('\\x') ? Buffer.from(value.slice(2), 'hex') : value;

const entries = (action: string, more = 'true') => `(
  select resource, json_extract(entry, '$.details.preview') as preview, json_extract(entry, '$.details.count') as count
  from audit_entry where action = '${action}' and decision = 'allowed' and ${more})`;
const PAT = `'personal-access-token/' ||`;
/** What made a value, by whoever and for whoever; an answer that was given again made none. */
const FIRST = `json_extract(entry, '$.details.replayed') is null`;
const ISSUES = `(select * from ${entries('personal-access-token:Create', FIRST)}
  union all select * from ${entries('personal-access-token:CreateForUser', FIRST)})`;
/** By its owner, or by whoever presented a value of it, which may be a virtual account's. */
const IS_PAT = `resource like 'personal-access-token/%'`;
const ENDS = `(select * from ${entries('personal-access-token:Revoke')}
  union all select * from ${entries('token:RevokePresented', IS_PAT)}
  union all select * from ${entries('token:RevokeItself', IS_PAT)})`;
/** What made a value of an account; of all that is managed of one, only a regeneration says which. */
const NUMBERED = `json_extract(entry, '$.details.generation') is not null`;
const ISSUES_OF_ACCOUNTS = `(select * from ${entries('virtual-account:CreateVirtualAccount')}
  union all select * from ${entries('virtual-account:ManageVirtualAccount', NUMBERED)}
  union all select * from ${entries('virtual-account:Rotate')})`;
const ACCOUNT = `'virtual-account/' ||`;
const OF_TOKENS = `json_extract(entry, '$.details.settings') is not null`;

/** Rows of `left` that not exactly one row of `right` stands beside. */
const unlessOne = (left: string, right: string, on: string) =>
  `select l.id from ${left} l left join ${right} r on ${on} group by l.id having count(r.id) <> 1`;
const unlessOneEntry = (left: string, right: string, on: string) =>
  `select l.id from ${left} l left join ${right} r on ${on} group by l.id having count(r.resource) <> 1`;

/** Why a token ends with all that its owner held: one change of them, however many tokens there were. */
const WITH_THEIR_OWNER = `('deactivated', 'removed', 'revoked_all')`;

/** Each finds what must never be there, however the process ended. A delivered token was issued by set-up, not by a create. */
export const DEFECTS = {
  'the file is damaged': `select * from pragma_integrity_check where integrity_check <> 'ok'`,
  'a row names one that is not there': 'select * from pragma_foreign_key_check',
  'a token without a value': `select id from personal_access_token where id not in (select pat from token)`,
  'a value without its token': `select id from token where pat not in (select id from personal_access_token)`,
  'a generation is missing': `select pat from token group by pat having max(generation) <> count(*) or min(generation) <> 1`,
  'a value whose issue is not in the audit once': unlessOneEntry(
    `(select * from token where kind = 'pat' and id not in (select token from delivery))`,
    ISSUES,
    `r.resource = ${PAT} l.pat and r.preview = l.preview`,
  ),
  'an issue in the audit without its value': `select e.resource from ${ISSUES} e
    left join token t on e.resource = ${PAT} t.pat and e.preview = t.preview where t.id is null`,
  'a revoked token whose end is not in the audit once': unlessOneEntry(
    `(select * from personal_access_token where end_reason = 'deleted')`,
    ENDS,
    `r.resource = ${PAT} l.id`,
  ),
  'an end in the audit of a token that lives': `select e.resource from ${ENDS} e
    left join personal_access_token p on e.resource = ${PAT} p.id and p.ended_at is not null where p.id is null`,
  'a count in the audit that is not what ended': `select 1 from (
      select (select coalesce(sum(count), 0) from ${entries('personal-access-token:RevokeAll')}) as told,
        (select count(*) from personal_access_token where end_reason = 'revoked_all') as ended) where told <> ended`,
  'an end or another name that the change log does not name once': `select p.id from personal_access_token p
    left join (select id, count(*) as n from change_log where kind = 'pat' group by id) c on c.id = p.id
    left join (select resource, count(*) as n from ${entries('personal-access-token:Rename')} group by resource) e
      on e.resource = ${PAT} p.id
    where coalesce(c.n, 0) <> (p.ended_at is not null and p.end_reason not in ${WITH_THEIR_OWNER}) + coalesce(e.n, 0)`,
  'a name that is not the last that the audit says': `select p.id from personal_access_token p
    join (select resource, json_extract(entry, '$.details.name') as name, max(rowid) from audit_entry
      where action = 'personal-access-token:Rename' and decision = 'allowed' group by resource) e
      on e.resource = ${PAT} p.id where e.name <> p.name`,
  'settings that are not the last that the audit says': `select 1 from token_settings s
    left join (select entry, max(rowid) from audit_entry
      where action = 'settings:ManageSettings' and decision = 'allowed' and ${OF_TOKENS}) e
    where s.age_days_max is not json_extract(e.entry, '$.details.settings.ageDaysMax')
      or s.count_max is not json_extract(e.entry, '$.details.settings.countMax')
      or s.session_only <> coalesce(json_extract(e.entry, '$.details.settings.sessionOnly'), 0)`,
  // What everybody holds moves the tenant as well.
  'a change of settings that the change log does not name': `select 1 from (select
    (select count(*) from change_log where kind = 'tenant') as named,
    (select count(*) from ${entries('settings:ManageSettings', OF_TOKENS)}) as said) where named < said`,
  'a signing key that nobody made, or one that was made and is not there': `select 1 from (select
    (select count(*) from wrapped_key where purpose = 'token-signing') as keys,
    (select count(*) from ${entries('signing-key:Rotate')}) as made,
    (select coalesce(sum(json_array_length(entry, '$.details.dropped')), 0) from audit_entry
      where action = 'signing-key:Rotate' and decision = 'allowed') as gone) where keys <> 1 + made - gone`,
  'an answer to be given again of a token that is not there': `select id from replay where pat not in
    (select id from personal_access_token)`,
  'an ended session that the change log does not name once': unlessOne(
    `(select * from session where ended_at is not null and principal not in
      (select id from change_log where kind = 'principal'))`,
    'change_log',
    `r.kind = 'session' and r.id = l.id`,
  ),
  'a change of what lives': `select c.id from change_log c where
    (c.kind = 'pat' and c.id not in (select id from personal_access_token where ended_at is not null)
      and ${PAT} c.id not in (select resource from ${entries('personal-access-token:Rename')}))
    or (c.kind = 'session' and c.id not in (select id from session where ended_at is not null))`,
  'the change counter is not the end of an unbroken log': `select sequence from change_counter where sequence <>
    (select count(distinct sequence) from change_log) or sequence <> (select coalesce(max(sequence), 0) from change_log)`,
  'a session that nobody began': `select 1 from (select (select count(*) from session) as sessions,
    (select count(*) from ${entries('session:Create')}) + (select count(*) from ${entries('invitation:Accept')}) as begun)
    where sessions <> begun`,
  'a user without a role, or one who was removed and has one': `select p.id from principal p
    left join role_grant g on g.subject = p.id where p.kind = 'user' group by p.id having (count(g.id) = 0) <> (p.removed_at is not null)`,
  'a grant to nobody, or of a role or a binding that is not there': `select g.id from role_grant g where
    subject not in (select id from principal union select id from team union select id from tenant)
    or (role not like '%-%' and role not in (select id from role))
    or (binding is not null and binding not in (select id from role_binding))`,
  'a binding that gives nothing': `select id from role_binding where id not in
    (select binding from role_grant where binding is not null)`,
  'an account that is not whole': `select a.id from virtual_account a
    left join principal p on p.id = a.id and p.kind = 'virtual_account' and p.removed_at is null
    left join personal_access_token t on t.id = a.pat and t.owner = a.id and t.kind = 'va' and t.ended_at is null
    where p.id is null or t.id is null or (a.current_token is not null and a.current_token not in
      (select id from token where pat = a.pat and ended_at is null))`,
  'something left of an account that is gone': `select p.id from principal p where p.kind = 'virtual_account'
    and p.id not in (select id from virtual_account) and (p.removed_at is null
      or p.id in (select owner from personal_access_token where ended_at is null)
      or p.id in (select subject from role_grant) or ${ACCOUNT} p.id in (select resource from role_grant))`,
  'a value of an account whose issue is not in the audit once': unlessOneEntry(
    `(select * from token where kind = 'va')`,
    ISSUES_OF_ACCOUNTS,
    `r.resource = ${ACCOUNT} l.subject and r.preview = l.preview`,
  ),
  'an issue in the audit without its value of an account': `select e.resource from ${ISSUES_OF_ACCOUNTS} e
    left join token t on e.resource = ${ACCOUNT} t.subject and e.preview = t.preview where t.id is null`,
  'a value that is kept and is not current': `select token from virtual_account_value where token not in
    (select current_token from virtual_account where id = account and current_token is not null)`,
  'an account that is managed by another team than has it': `select id from (
    select id, team from virtual_account where team is not null union all
    select substr(resource, 17), subject from role_grant where role = 'virtual-account-manager')
    group by id having count(*) <> 2 or count(distinct team) <> 1`,
  'a second administrator by set-up': `select 1 from role_grant where role = 'tenant-admin' group by role having count(*) > 1`,
} as const satisfies Readonly<Record<string, string>>;
export type Defect = keyof typeof DEFECTS;

/** What is half there; nothing, after every kill. */
export const defectsIn = (data: string): readonly Defect[] => defectsOf(opened(data));

/** Of a database on a server. */
export const defectsAt = (url: string): readonly Defect[] => defectsOf(copyOf(url));

function defectsOf(database: DatabaseSync): readonly Defect[] {
  try {
    return (Object.keys(DEFECTS) as Defect[]).filter((what) => database.prepare(DEFECTS[what]).all().length > 0);
  } finally {
    database.close();
  }
}
