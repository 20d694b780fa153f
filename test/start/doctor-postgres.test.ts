import { once } from 'node:events';
import { chownSync, cpSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '#main/doctor/checks.ts';
import { inspectPostgres } from '#store/postgres/inspect.ts';
import { temporaryFolder } from '#support/folder.ts';
import { whenOver } from '#support/over.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { startPooler } from '#support/pooler.ts';
import { type Cluster, startCluster } from '#support/postgres-cluster.ts';
import { serving, unattended } from '#support/process.ts';
import { folderForAll } from '../faults/base.ts';
import { doctor, doctorSays, PASSWORD, skippedIn, unwell, wordsOf } from './doctor.ts';

const NAMES = CHECKS.filter(({ on }) => on !== 'SQLite').map(({ name }) => name);
/** All that need the database, once it is seen that it does not answer. */
const NEED_IT = [
  ...['schema', 'tenant', 'keys', 'rows', 'postgres-version', 'postgres-durability', 'postgres-role'],
  ...['postgres-connections', 'postgres-tls', 'postgres-session', 'postgres-vacuum', 'clock', 'dates', 'nodes', 'jobs'],
];

/** What stops and starts a whole server of PostgreSQL. */
const SLOW = { timeout: 60_000 };

let cluster: Cluster;
let base: string;
let made = 0;

/** With a password, which the server does not ask for and nobody may see. */
const urlOf = (database: string): string => `postgres://postgres:${PASSWORD}@127.0.0.1:${cluster.port}/${database}`;
const envOf = (database: string) => ({ COUNTERSIGN_DATABASE_URL: urlOf(database) });

async function sql(database: string, ...statements: readonly string[]): Promise<readonly pg.QueryResultRow[]> {
  const client = new pg.Client({ connectionString: cluster.url(database) });
  await client.connect();
  try {
    let rows: readonly pg.QueryResultRow[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

/** A data folder and a database as a first start had left them. */
async function instance() {
  const database = `copy_${++made}`;
  await sql('postgres', `create database ${database} template instance`);
  // A server that starts again syncs the files of each.
  whenOver(async () => void (await sql('postgres', `drop database ${database} with (force)`)));
  const data = join(temporaryFolder(), 'data');
  cpSync(base, data, { recursive: true });
  const told = (env = {}, args: readonly string[] = []) => doctor(data, { env: { ...envOf(database), ...env }, args });
  return { data, database, told, sql: (...statements: readonly string[]) => sql(database, ...statements) };
}

describe.skipIf(!has('postgresql'))(needing('postgresql', 'doctor on PostgreSQL'), () => {
  beforeAll(async () => {
    cluster = await startCluster({ bin: usePart('postgresql').bin });
    base = join(folderForAll(), 'data');
    await sql('postgres', 'create database instance');
    const { env, args } = unattended(base); // with a token in the data folder, which is nobody else's file
    const served = await serving(base, { env: { ...env, ...envOf('instance') }, args });
    served.process.kill('SIGTERM');
    await served.ended;
  });
  afterAll(() => cluster?.remove());

  test('what is well is said to be without a server, and no password is', async () => {
    const { database, told } = await instance();
    const alone = await told();
    expect(unwell(alone)).toEqual({});
    expect(alone).toMatchObject({ code: 0, ok: true, names: NAMES });
    expect(skippedIn(alone)).toEqual(['server', 'feed', 'nodes', 'tls']);
    expect(wordsOf(alone, 'database')).toContain(
      `PostgreSQL at postgres@127.0.0.1:${cluster.port}/${database} answers`,
    );
    expect((await told({}, ['--deep'])).code).toBe(0);
  });

  test('what is well is said to be beside a server', async () => {
    const { data, database, told } = await instance();
    const served = await serving(data, { env: envOf(database) });
    const beside = await told({}, ['--listen', new URL(served.origin).host]);
    expect(unwell(beside)).toEqual({});
    expect(skippedIn(beside)).toEqual(['tls']);
    expect(wordsOf(beside, 'nodes')).toMatch(/^At change \d+, heard: \S+\/\d+ \(/);
    expect(wordsOf(beside, 'server')).toMatch(/ \d are busy, and 0 requests wait for one\.$/);
    expect(wordsOf(beside, 'feed')).toMatch(/last heard what others change \d+ ms ago\.$/);
    expect(wordsOf(beside, 'postgres-connections')).toContain(
      '1 × (10 + 2) connections may be wanted, and 297 may be had',
    );
  });

  test('an empty database is one that a start will fill', async () => {
    await sql('postgres', 'create database empty');
    const data = join(temporaryFolder(), 'data');
    const told = await doctor(data, { env: envOf('empty') });
    expect(unwell(told)).toEqual({});
    expect(wordsOf(told, 'schema')).toContain('a start makes its tables');
    expect(await sql('empty', 'select 1 from pg_tables where schemaname = current_schema()')).toEqual([]);
  });

  /** Settings of the whole server, once it has heard of them; and back to what they were. */
  async function setting(...settings: readonly string[]): Promise<void> {
    const heard = async () => {
      for (const one of settings) {
        const [name, value] = one.split(' = ');
        await expect.poll(() => sql('postgres', `show ${name}`), { timeout: 10_000 }).toEqual([{ [`${name}`]: value }]);
      }
    };
    await sql('postgres', ...settings.map((one) => `alter system set ${one}`), 'select pg_reload_conf()');
    whenOver(async () => void (await sql('postgres', 'alter system reset all', 'select pg_reload_conf()')));
    await heard();
  }

  type Broken = {
    readonly title: string;
    readonly settings?: readonly string[];
    readonly act?: (database: string) => readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly unwell: Readonly<Record<string, string>>;
    readonly says: Readonly<Record<string, RegExp>>;
  };
  const nodeRow = (silentMs: number, sequence: string, staleMs: number) => `with clock as
    (select (extract(epoch from clock_timestamp()) * 1000)::bigint as now)
    insert into node (id, name, started_at, seen_at, sequence, stale_ms_max)
    select 'c23456789012345678901234', 'other/7', now, now - ${silentMs}, ${sequence}, ${staleMs} from clock`;
  const BROKEN: readonly Broken[] = [
    {
      title: 'a server that syncs nothing',
      settings: ['fsync = off', 'full_page_writes = off'],
      unwell: { 'postgres-durability': 'failed' },
      says: { 'postgres-durability': /fsync is off.*full_page_writes is off.*alter system set fsync = on;/ },
    },
    {
      title: 'a database whose commits are not waited for',
      act: (database) => [`alter database ${database} set synchronous_commit = off`],
      unwell: { 'postgres-durability': 'failed' },
      says: { 'postgres-durability': /^synchronous_commit is off.*see alter role and alter database/ },
    },
    {
      title: 'a server that clears nothing away',
      settings: ['autovacuum = off'],
      unwell: { 'postgres-vacuum': 'warning' },
      says: { 'postgres-vacuum': /^Autovacuum is off.*alter system set autovacuum = on/ },
    },
    {
      title: 'more connections than may be had',
      env: { COUNTERSIGN_DATABASE_CONNECTIONS: '1000' },
      unwell: { 'postgres-connections': 'warning' },
      says: {
        'postgres-connections': /1 × \(1000 \+ 2\) connections may be wanted, and 297 may be had.*Lower COUNTERSIGN/,
      },
    },
    {
      title: 'a database that lets few in',
      act: (database) => [`alter database ${database} connection limit 5`],
      unwell: { 'postgres-connections': 'warning' },
      says: { 'postgres-connections': /and 5 may be had/ },
    },
    {
      title: 'a clock that is some seconds off',
      env: { COUNTERSIGN_TEST_CLOCK: '3000' },
      unwell: { clock: 'warning' },
      says: { clock: /^The clock of the database is 3 s behind ours\..*NTP/ },
    },
    {
      title: 'a clock that is plainly wrong',
      env: { COUNTERSIGN_TEST_CLOCK: '600000' },
      unwell: { clock: 'failed' },
      says: { clock: /is 10 min behind ours/ },
    },
    {
      title: 'a row that was written by somebody else',
      act: () => [`update role_grant set role = 'tenant-owner'`],
      unwell: { rows: 'failed' },
      says: { rows: /1 of 1 rows of role_grant/ },
    },
    {
      title: 'a key whose row was changed',
      act: () => [`update wrapped_key set created_at = 7 where purpose = 'token-pepper'`],
      unwell: { keys: 'failed' },
      says: { keys: /token-pepper [a-z0-9]{24}/ },
    },
    {
      title: 'another program’s database',
      act: () => ['drop schema public cascade', 'create schema public', 'create table theirs (x text)'],
      unwell: { schema: 'failed' },
      says: { schema: /not one of Countersign\. Choose another database with COUNTERSIGN_DATABASE_URL/ },
    },
    {
      title: 'a node that has fallen silent',
      act: () => [nodeRow(600_000, '0', 5_000)],
      unwell: { nodes: 'warning' },
      says: { nodes: /^other\/7 has said nothing for 10 min, and has not left/ },
    },
    {
      title: 'a node that stays behind',
      act: () => [
        'update change_counter set sequence = sequence + 3',
        nodeRow(0, '(select sequence - 2 from change_counter)', 600_000),
      ],
      unwell: { nodes: 'warning' },
      says: { nodes: /^other\/7 is 2 changes behind/ },
    },
  ];

  test.each(BROKEN)('$title is told of by its own check, with what to do', async (broken) => {
    const { database, told, sql: run } = await instance();
    await setting(...(broken.settings ?? []));
    await run(...(broken.act?.(database) ?? []));
    const found = await told(broken.env);
    expect(unwell(found)).toEqual(broken.unwell);
    for (const [name, words] of Object.entries(broken.says)) expect(wordsOf(found, name)).toMatch(words);
  });

  test('a transaction that does not end is seen, and one of another database is not', async () => {
    const { database } = await instance();
    const client = new pg.Client({ connectionString: cluster.url(database) });
    await client.connect();
    whenOver(() => client.end());
    await client.query('begin');
    const [own, other] = await Promise.all(
      [database, 'instance'].map((name) => inspectPostgres({ url: urlOf(name), connectionsMax: 1, pooled: false })),
    );
    expect(await own?.longTransactions(0)).toEqual({ count: 1, oldestMs: expect.any(Number) });
    expect(await own?.longTransactions(60_000)).toEqual({ count: 0, oldestMs: 0 });
    expect(await other?.longTransactions(0)).toMatchObject({ count: 0 });
    await Promise.all([own?.close(), other?.close()]);
  });

  /** Takes whoever comes, and never says a word. */
  async function silentPort(): Promise<number> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');
    whenOver(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    await once(server, 'listening');
    return (server.address() as { port: number }).port;
  }

  test.each([
    { title: 'where nobody listens', url: async () => `postgres://u:${PASSWORD}@127.0.0.1:1/x`, says: /ECONNREFUSED/ },
    {
      title: 'that is not there',
      url: async () => urlOf('nowhere'),
      says: /there is no database of this name/,
    },
    {
      title: 'whose host has no address',
      url: async () => `postgres://u:${PASSWORD}@db.invalid/x?sslmode=verify-full&password=${PASSWORD}`,
      says: /cannot be reached \(getaddrinfo/,
    },
    {
      title: 'that takes the connection and says nothing',
      url: async () => `postgres://u:${PASSWORD}@127.0.0.1:${await silentPort()}/x`,
      says: /cannot be reached \(timeout/,
    },
  ])('a database $title is one failed check, in time, and the others are skipped', async ({ url, says }) => {
    const { data } = await instance();
    const begun = performance.now();
    const told = await doctor(data, { env: { COUNTERSIGN_DATABASE_URL: await url() } });
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(unwell(told)).toEqual({ database: 'failed' });
    expect(wordsOf(told, 'database')).toMatch(says);
    expect(skippedIn(told)).toEqual(expect.arrayContaining(NEED_IT));
    expect(told.names).toEqual(NAMES);
  });

  test('nor is a password in what people read of a database that is not reached', async () => {
    const { data } = await instance();
    const env = { COUNTERSIGN_DATABASE_URL: `postgres://u:${PASSWORD}@127.0.0.1:1/x?password=${PASSWORD}` };
    const { code, said } = await doctorSays(data, { env });
    expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/^FAILED +database .*ECONNREFUSED/m) });
  });

  test('a database that stops answering in the middle is told of once, in time', async () => {
    const { data, database } = await instance();
    const client = new pg.Client({ connectionString: cluster.url(database) });
    await client.connect();
    whenOver(() => client.end());
    await client.query('begin; lock table wrapped_key in access exclusive mode');
    const begun = performance.now();
    const told = await doctor(data, { env: envOf(database) });
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(unwell(told)).toEqual({ 'root-key': 'failed' });
    expect(wordsOf(told, 'root-key')).toMatch(/the database cannot be used/);
    expect(skippedIn(told)).toEqual(
      expect.arrayContaining(['keys', 'rows', 'postgres-role', 'clock', 'nodes', 'jobs']),
    );
  });

  test('a server that is cut off from its database says so, and so does doctor', SLOW, async () => {
    const { data, database, told } = await instance();
    const served = await serving(data, { env: { ...envOf(database), COUNTERSIGN_MAX_STALE_MS: '500' } });
    expect(unwell(await told())).toEqual({});
    await cluster.stop('fast');
    whenOver(() => cluster.start());
    await expect.poll(served.said, { timeout: 10_000 }).toContain('the change feed is not heard');
    await expect.poll(async () => (await told()).checks.feed?.state, { timeout: 20_000 }).toBe('failed');
    const cut = await told();
    expect(cut.checks).toMatchObject({ database: { state: 'failed' }, feed: { state: 'failed' } });
    expect(wordsOf(cut, 'feed')).toMatch(/After 500 ms it believes nothing that it remembers\. → See database/);
  });

  test('a standby is told of, and what takes writes instead', SLOW, async () => {
    const { told } = await instance();
    const signal = join(cluster.data, 'standby.signal');
    await cluster.stop('fast');
    writeFileSync(signal, '');
    const { uid, gid } = statSync(cluster.data);
    chownSync(signal, uid, gid);
    whenOver(async () => {
      await cluster.stop('fast');
      rmSync(signal, { force: true });
      await cluster.start();
    });
    await cluster.start();
    const found = await told();
    expect(unwell(found)).toEqual({ 'postgres-role': 'failed', 'postgres-session': 'failed' });
    expect(wordsOf(found, 'postgres-role')).toContain('Name the primary in COUNTERSIGN_DATABASE_URL.');
  });

  test.skipIf(!has('pgbouncer'))(
    needing('pgbouncer', 'a pooler in between is seen, and whether the settings say so'),
    async () => {
      const { data, database } = await instance();
      const pooler = await startPooler(cluster.port);
      whenOver(pooler.remove);
      const env = { COUNTERSIGN_DATABASE_URL: `${pooler.url}${database}` };
      const [unsaid, said] = [
        await doctor(data, { env }),
        await doctor(data, { env: { ...env, COUNTERSIGN_DATABASE_POOLED: 'true' } }),
      ];
      expect(unwell(unsaid)).toEqual({ 'postgres-session': 'failed' });
      expect(wordsOf(unsaid, 'postgres-session')).toMatch(
        /Prepared statements do not last.*LISTEN hears nothing.*POOLED=true/,
      );
      expect(unwell(said)).toEqual({});
    },
  );
});
