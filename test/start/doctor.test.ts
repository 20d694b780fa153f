import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHECKS } from '#main/doctor/checks.ts';
import { PROVABLE } from '#store/sql/inspect.ts';
import { hasOpenssl, newPair, type Pair, read } from '#support/certificates.ts';
import { temporaryFolder } from '#support/folder.ts';
import { whenOver } from '#support/over.ts';
import { has, needing } from '#support/parts.ts';
import { serving } from '#support/process.ts';
import { usingRaw } from '#support/raw-sqlite.ts';
import { adminToken, setUpOnce } from '../faults/base.ts';
import { clientOf, PATS } from '../faults/client.ts';
import { rowsIn } from '../faults/database.ts';
import { disk, fill } from './disk.ts';
import { doctor, doctorSays, skippedIn, unwell, wordsOf } from './doctor.ts';
import { isRoot, NOBODY, runAs } from './spawn.ts';

const base = setUpOnce();
const inDatabase = (data: string, statement: string) =>
  usingRaw(join(data, 'countersign.db'), (raw) => raw.exec(statement));

const NAMES = CHECKS.filter(({ on }) => on !== 'PostgreSQL').map(({ name }) => name);

test('every check is told of in docs/operating.md, in its order, and no other is', () => {
  const page = readFileSync('docs/operating.md', 'utf8');
  const section = page.split('\n## ').find((each) => each.startsWith('Doctor\n')) ?? '';
  const told = [...section.matchAll(/^\| `([a-z-]+)` \| ([A-Za-z]*)/gm)].map(([, name, on]) => ({ name, on }));
  expect(told).toEqual(CHECKS.map(({ name, on = '' }) => ({ name, on })));
});

test('what is well is said to be without a server, and nothing is changed', async () => {
  const data = await base.copy();
  const before = readFileSync(join(data, 'countersign.db'));
  const alone = await doctor(data);
  expect(unwell(alone)).toEqual({});
  expect(alone).toMatchObject({ code: 0, ok: true, names: NAMES });
  expect(skippedIn(alone)).toEqual(['server', 'feed', 'tls']);
  expect(readFileSync(join(data, 'countersign.db')).equals(before)).toBe(true);
});

test('what is well is said to be beside a server, which goes on', async () => {
  const data = await base.copy();
  const served = await serving(data);
  const there = readdirSync(data);
  const beside = await doctor(data, { args: ['--listen', new URL(served.origin).host] });
  expect(unwell(beside)).toEqual({});
  expect(beside).toMatchObject({ code: 0, ok: true, names: NAMES });
  expect(skippedIn(beside)).toEqual(['tls']);
  expect(wordsOf(beside, 'address')).toContain(`Our server answers at ${served.origin}`);
  expect(wordsOf(beside, 'server')).toContain(`listens on ${served.origin}`);
  expect(wordsOf(beside, 'keys')).toBe('All 4 keys open: 1 row-mac, 1 tenant-kek, 1 token-pepper, 1 token-signing.');
  expect(wordsOf(beside, 'rows')).toMatch(new RegExp(`^\\d+ rows in ${PROVABLE.length} tables prove themselves\\.$`));
  expect(readdirSync(data)).toEqual(there);
  expect((await served.send({ method: 'GET', path: '/health' })).status).toBe(200);
});

test('with --deep all of it is looked at', async () => {
  const data = await base.copy();
  const [some, all] = [await doctor(data), await doctor(data, { args: ['--deep'] })];
  expect([unwell(some), unwell(all)]).toEqual([{}, {}]);
  expect([wordsOf(some, 'sqlite-file'), wordsOf(all, 'sqlite-file')]).toEqual([
    expect.stringMatching(/^The file is whole \(pages, /),
    expect.stringMatching(/^The file is whole \(pages-and-indexes, /),
  ]);
});

test('before a first start there is little to look at, and nothing is made', async () => {
  const data = join(temporaryFolder(), 'data');
  const told = await doctor(data);
  expect(told).toMatchObject({ code: 0, ok: true, names: NAMES });
  expect(unwell(told)).toEqual({});
  expect(skippedIn(told)).toContain('database');
  expect(existsSync(data)).toBe(false);
});

test('for people each is a line, what is to be done stands below, and the sum at the end', async () => {
  const data = await base.copy();
  rmSync(join(data, 'root.key'));
  const { code, said } = await doctorSays(data);
  expect(code).toBe(1);
  const lines = said.split('\n');
  const states = lines.flatMap((line) => /^(ok|WARNING|FAILED|skipped) +([a-z-]+) {2,}\S/.exec(line)?.[2] ?? []);
  expect(states).toEqual(NAMES);
  const at = lines.findIndex((line) => line.startsWith('FAILED   root-key '));
  expect(lines[at + 1]).toMatch(/^ {20,}→ Put it back from its backup, with mode 0600/);
  expect(said).toMatch(/\n\n1 failed, .*\d+ ok, \d+ skipped\n$/);
});

describe('what is not understood is exit code 2,', () => {
  test('with the usage of a flag', async () => {
    const { code, said } = await doctorSays(await base.itself(), { args: ['--deeep'] });
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining("Unknown option '--deeep'") });
  });

  test('with all that is wrong with the settings, as JSON where that was asked for', async () => {
    const env = { COUNTERSIGN_LISTNE: 'x', COUNTERSIGN_DATABASE_URL: 'mysql://root:planted-database-password@db/x' };
    const { code, said } = await doctorSays(await base.itself(), { args: ['--json'], env });
    const wrong = (found: string) => ({
      ...{ check: 'settings', state: 'failed', remedy: null },
      found: expect.stringContaining(found),
    });
    expect([code, JSON.parse(said)]).toEqual([
      2,
      {
        ok: false,
        checks: [wrong('COUNTERSIGN_LISTNE is not a setting'), wrong('COUNTERSIGN_DATABASE_URL must be')],
      },
    ]);
  });
});

/** Overwrites one page of the file, which is the root of this table or index. */
function damage(data: string, name: string): void {
  const file = join(data, 'countersign.db');
  const [{ page }, { size }] = usingRaw(file, (raw) => [
    raw.prepare('select rootpage as page from sqlite_schema where name = ?').get(name) as { page: number },
    raw.prepare('select page_size as size from pragma_page_size').get() as { size: number },
  ]);
  writeSync(openSync(file, 'r+'), Buffer.alloc(size, 0xff), 0, size, (page - 1) * size);
}

const A_DEAD_JOB = `insert into job (id, kind, payload, mac, due_at, attempts, last_error, dead_at)
  values ('a23456789012345678901234', 'retention', '{}', x'00', 1, 9, 'the last word of it', 2)`;

type Broken = {
  readonly title: string;
  readonly act?: (data: string) => unknown;
  readonly args?: readonly string[];
  readonly unwell: Readonly<Record<string, string>>;
  readonly says: Readonly<Record<string, string | RegExp>>;
  readonly skipped?: readonly string[];
};

const BROKEN: readonly Broken[] = [
  {
    title: 'a data folder that others can change',
    act: (data) => chmodSync(data, 0o777),
    unwell: { 'data-folder': 'failed' },
    says: { 'data-folder': /mode 777.* chmod go-rwx / },
  },
  {
    title: 'a database and a root key that others can read',
    act: (data) => {
      for (const name of ['countersign.db', 'root.key']) chmodSync(join(data, name), 0o644);
    },
    unwell: { files: 'failed', 'root-key': 'failed' },
    says: { files: /countersign\.db can be read.* root key \S+ can be read/, 'root-key': /mode 644/ },
  },
  {
    title: 'a root key that is missing',
    act: (data) => rmSync(join(data, 'root.key')),
    unwell: { 'root-key': 'failed' },
    says: { 'root-key': /is missing.*Put it back from its backup/, keys: 'there is no root key' },
    skipped: ['keys', 'rows'],
  },
  {
    title: 'a root key of another size',
    act: (data) => truncateSync(join(data, 'root.key'), 31),
    unwell: { 'root-key': 'failed' },
    says: { 'root-key': /has 31 bytes, and should have 32\. Put the right one back/ },
    skipped: ['keys', 'rows'],
  },
  {
    title: 'a root key that is another',
    act: (data) => writeFileSync(join(data, 'root.key'), randomBytes(32)),
    unwell: { 'root-key': 'failed' },
    says: { 'root-key': /is [0-9a-f]{32}, and the database was begun with [0-9a-f]{32}\..*Put the right one back/ },
    skipped: ['keys', 'rows'],
  },
  {
    title: 'a key whose row was changed',
    act: (data) => inDatabase(data, `update wrapped_key set created_at = 7 where purpose = 'token-signing'`),
    unwell: { keys: 'failed' },
    says: { keys: /^1 of 4 keys do not open: token-signing [a-z0-9]{24}\./ },
  },
  {
    title: 'the key that rows are proved by',
    act: (data) => inDatabase(data, `update wrapped_key set wrapped = x'01' where purpose = 'row-mac'`),
    unwell: { keys: 'failed' },
    says: { keys: 'row-mac ', rows: '(see keys)' },
    skipped: ['rows'],
  },
  {
    title: 'rows that were written by somebody else',
    act: (data) => inDatabase(data, `update token set expires_at = 1; update principal set name = 'x@example.com'`),
    unwell: { rows: 'failed' },
    says: { rows: /: 1 of 1 rows of principal, 1 of 1 rows of token\..*Find out who/ },
  },
  {
    title: 'a row that names one that is not there',
    act: (data) => inDatabase(data, 'delete from principal'),
    unwell: { 'sqlite-links': 'failed' },
    says: { 'sqlite-links': /1 rows of password name a principal that is not there/ },
  },
  {
    title: 'a file with a page that is damaged',
    act: (data) => damage(data, 'replay_end'),
    unwell: { 'sqlite-file': 'failed' },
    says: { 'sqlite-file': /(damaged|malformed)/ },
  },
  {
    title: 'a file that is no database',
    act: (data) => writeFileSync(join(data, 'countersign.db'), 'x'.repeat(8_192)),
    unwell: { database: 'failed' },
    says: { database: /countersign\.db is not a database\./ },
    skipped: ['schema', 'tenant', 'keys', 'rows', 'sqlite-log', 'sqlite-file', 'sqlite-links', 'dates', 'jobs'],
  },
  {
    title: 'another program’s database',
    act: (data) => {
      rmSync(join(data, 'countersign.db'));
      inDatabase(data, 'create table theirs (x text)');
      chmodSync(join(data, 'countersign.db'), 0o600);
    },
    unwell: { schema: 'failed', 'sqlite-log': 'warning' },
    says: { schema: /not one of Countersign/ },
    skipped: ['tenant', 'keys', 'rows'],
  },
  {
    title: 'a newer program’s database',
    act: (data) => inDatabase(data, `insert into migration values (99, 'from the future', 0)`),
    unwell: { schema: 'failed' },
    says: { schema: 'Start the newer program' },
    skipped: ['tenant', 'keys', 'rows', 'dates', 'jobs'],
  },
  {
    title: 'an older program’s database',
    act: (data) => inDatabase(data, 'delete from migration where number = (select max(number) from migration)'),
    unwell: { schema: 'warning' },
    says: { schema: 'Back the database up', keys: 'All 4 keys open' },
    skipped: ['tenant', 'rows', 'dates', 'jobs'],
  },
  {
    title: 'another tenant than there is',
    args: ['--tenant', 'acme'],
    unwell: { tenant: 'failed' },
    says: { tenant: 'Set COUNTERSIGN_TENANT to one of: default.' },
  },
  {
    title: 'a journal that is no log',
    act: (data) => inDatabase(data, 'pragma journal_mode = delete'),
    unwell: { 'sqlite-log': 'warning' },
    says: { 'sqlite-log': /The journal is "delete".*restart/ },
  },
  {
    title: 'a log that grows without an end',
    act: (data) => {
      writeFileSync(join(data, 'countersign.db-wal'), '', { mode: 0o600 });
      truncateSync(join(data, 'countersign.db-wal'), 300 * 1024 ** 2);
    },
    unwell: { 'sqlite-log': 'warning' },
    says: { 'sqlite-log': /countersign\.db-wal has 300 MiB.*lsof/ },
  },
  {
    title: 'a job that is dead',
    act: (data) => inDatabase(data, A_DEAD_JOB),
    unwell: { jobs: 'failed', rows: 'failed' },
    says: {
      jobs: /1 jobs are dead.*retention a23456789012345678901234 \(the last word of it\).*countersign jobs retry/,
    },
  },
  {
    title: 'plain HTTP for everybody',
    args: ['--insecure-http', '--listen', '0.0.0.0:0'],
    unwell: { settings: 'warning' },
    says: { settings: /Plain HTTP on .* set COUNTERSIGN_PUBLIC_URL/ },
  },
];

test.each(BROKEN)('$title is told of by its own check, with what to do', async (broken) => {
  const data = await base.copy();
  broken.act?.(data);
  const told = await doctor(data, { args: broken.args ?? [] });
  expect(unwell(told)).toEqual(broken.unwell);
  expect(told.code).toBe(Object.values(broken.unwell).includes('failed') ? 1 : 0);
  for (const [name, words] of Object.entries(broken.says)) expect(wordsOf(told, name)).toMatch(words);
  expect(skippedIn(told)).toEqual(expect.arrayContaining([...(broken.skipped ?? [])]));
});

describe('the network', () => {
  test('an address that another program has, or that is none of this machine, is told of', async () => {
    const data = await base.copy();
    const taken = createServer().listen(0, '127.0.0.1');
    whenOver(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const [used, none] = [
      await doctor(data, { args: ['--listen', `127.0.0.1:${port}`] }),
      await doctor(data, { args: ['--listen', '203.0.113.7:7080', '--insecure-http'] }),
    ];
    expect(unwell(used)).toEqual({ address: 'failed' });
    expect(wordsOf(used, 'address')).toContain('in use by another program. Stop it, or choose another with --listen');
    expect(none.checks.address).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('no address of this'),
    });
  });

  type Certified = {
    readonly title: string;
    readonly days: number;
    readonly env?: Readonly<Record<string, string>>;
    readonly args?: readonly string[];
    readonly act?: (pair: Pair) => void;
    readonly unwell: Readonly<Record<string, string>>;
    readonly says: RegExp;
  };
  const CERTIFIED: readonly Certified[] = [
    { title: 'good for a month', days: 30, unwell: {}, says: /is good for (29|30) days/ },
    {
      ...{ title: 'in the last third of its life', days: 1, env: { COUNTERSIGN_TEST_CLOCK: String(20 * 3_600_000) } },
      ...{ unwell: { tls: 'warning' }, says: /expires at \S+Z\. Renew it/ },
    },
    { title: 'past its end', days: 0, unwell: { tls: 'failed' }, says: /expired at \S+Z\. Renew it/ },
    {
      ...{ title: 'of another host', days: 30, args: ['--public-url', 'https://other.example.com'] },
      ...{ unwell: { tls: 'warning' }, says: /does not name other\.example\.com/ },
    },
    {
      ...{ title: 'of another key', days: 30, act: ({ key }) => writeFileSync(key, read(newPair().key)) },
      ...{ unwell: { tls: 'failed' }, says: /is not that of the certificate/ },
    },
    {
      ...{ title: 'whose key others can read', days: 30, act: ({ key }) => chmodSync(key, 0o644) },
      ...{ unwell: { files: 'failed', tls: 'failed' }, says: /mode 644/ },
    },
  ];

  test.skipIf(!hasOpenssl).each(CERTIFIED)('a certificate $title is told of (needs openssl)', async (one) => {
    const pair = newPair({ days: one.days });
    one.act?.(pair);
    const args = ['--tls-cert', pair.cert, '--tls-key', pair.key, ...(one.args ?? [])];
    const told = await doctor(await base.copy(), { args, env: one.env ?? {} });
    expect(unwell(told)).toEqual(one.unwell);
    expect(wordsOf(told, 'tls')).toMatch(one.says);
  });
});

describe('a server', () => {
  test('that was stopped in the middle is not waited for, and is told of', async () => {
    const data = await base.copy();
    const served = await serving(data);
    served.process.kill('SIGSTOP');
    whenOver(() => void served.process.kill('SIGCONT'));
    const begun = performance.now();
    const told = await doctor(data, { args: ['--listen', new URL(served.origin).host] });
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(unwell(told)).toEqual({ server: 'failed' });
    expect(wordsOf(told, 'server')).toMatch(
      /control\.sock and does not say how it is: .*did not answer in time.*restart it/,
    );
    expect(skippedIn(told)).toEqual(['feed', 'address', 'tls']);
  });

  test('whose socket is gone is told of by the lock that it holds', async () => {
    const data = await base.copy();
    await serving(data);
    rmSync(join(data, 'control.sock'));
    const told = await doctor(data);
    expect(unwell(told)).toEqual({ server: 'warning' });
    expect(wordsOf(told, 'server')).toMatch(/A process holds \S+lock\.db, and none answers at/);
  });

  test('that was killed leaves a socket, and no server', async () => {
    const data = await base.copy();
    const served = await serving(data);
    served.process.kill('SIGKILL');
    await served.ended;
    const told = await doctor(data);
    expect(unwell(told)).toEqual({});
    expect(skippedIn(told)).toContain('server');
  });

  test('whose fault something was says so, and what', async () => {
    const data = await base.copy();
    const served = await serving(data);
    inDatabase(data, `create trigger broken before insert on audit_entry begin select raise(abort, 'planted'); end`);
    const answer = await served.send({
      ...{ method: 'POST', path: PATS, body: JSON.stringify({ name: 'refused' }) },
      headers: { authorization: `Bearer ${adminToken(data)}`, 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(500);
    const told = await doctor(data);
    expect(unwell(told)).toEqual({ server: 'warning' });
    expect(wordsOf(told, 'server')).toMatch(
      /\d failures since its start, the last at \S+Z: .*planted\..*Its log says more/,
    );
  });

  test('that takes no jobs is told of by the one that is due', async () => {
    const data = await base.copy();
    await serving(data);
    const old = `insert into job (id, kind, payload, mac, due_at, attempts)
      values ('b23456789012345678901234', 'of-no-kind', '{}', x'00', 1, 0)`;
    inDatabase(data, old);
    const told = await doctor(data);
    expect(told.checks.jobs).toMatchObject({ state: 'warning', found: expect.stringContaining('nobody takes it') });
  });

  test('whose clock was ahead has left entries in the future', async () => {
    const data = await base.copy();
    const served = await serving(data, { env: { COUNTERSIGN_TEST_CLOCK: String(2 * 3_600_000) } });
    await clientOf(served, adminToken(data)).create('of-the-future');
    served.process.kill('SIGTERM');
    await served.ended;
    expect(rowsIn(data, `select 1 from audit_entry where at > ${Date.now()}`).length).toBeGreaterThan(0);
    const told = await doctor(data);
    expect(unwell(told)).toEqual({ dates: 'warning' });
    expect(wordsOf(told, 'dates')).toMatch(/were written in the future, the last 120 min from now/);
    const then = await doctor(data, { env: { COUNTERSIGN_TEST_CLOCK: String(2 * 3_600_000) } });
    expect(unwell(then)).toEqual({});
  });
});

describe.skipIf(!has('tmpfs'))(needing('tmpfs', 'a disk'), () => {
  test('that is small is told of; full, or read-only, it fails at the write, and leaves nothing', async () => {
    const { folder, remount } = disk('4m');
    const served = await serving(folder);
    served.process.kill('SIGTERM');
    await served.ended;
    const small = await doctor(folder);
    expect(unwell(small)).toEqual({ 'disk-space': 'failed' });
    expect(wordsOf(small, 'disk-space')).toMatch(/ of 4\.0 MiB are free .*Make room/);
    fill(join(folder, 'filler'));
    const full = await doctor(folder);
    expect(full.checks['disk-sync']).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('disk that is full'),
    });
    rmSync(join(folder, 'filler'));
    remount('ro');
    const readOnly = await doctor(folder);
    expect(readOnly.checks['disk-sync']).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('read-only'),
    });
    expect(readOnly.checks['data-folder']).toMatchObject({ state: 'failed' });
    remount('rw');
    expect(readdirSync(folder).filter((name) => name.startsWith('doctor-'))).toEqual([]);
  });
});

describe.skipIf(!isRoot)('another user (needs root)', () => {
  test('is told in words what they may not see', async () => {
    const data = await base.copy();
    const { code, said } = await runAs(NOBODY, ['doctor', '--data', data, '--listen', '127.0.0.1:0']);
    expect(code).toBe(1);
    expect(said).toMatch(/FAILED +data-folder +The data folder \S+ cannot be read and written by this user/);
    expect(said).not.toMatch(/\n\s+at /);
  });

  test('root leaves no file that the user of the server could not use', async () => {
    const data = join(temporaryFolder(), 'data');
    mkdirSync(data, { mode: 0o700 });
    const { uid, gid } = NOBODY;
    const from = await base.itself();
    for (const name of ['countersign.db', 'root.key', 'lock.db']) {
      writeFileSync(join(data, name), readFileSync(join(from, name)), { mode: 0o600 });
      chownSync(join(data, name), uid, gid);
    }
    chownSync(data, uid, gid);
    const told = await doctor(data);
    expect(wordsOf(told, 'files')).toMatch(/belongs to another user/);
    const owners = readdirSync(data).map((name) => [name, statSync(join(data, name)).uid]);
    expect(owners.filter(([, owner]) => owner !== uid)).toEqual([]);
  });
});
