import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { POSTGRES } from '../sql/engine.ts';
import { type Inspection, inspectionOn } from '../sql/inspect.ts';
import { clientConfig, clientView, closeClient as closed, type PostgresOptions, Statements } from './connection.ts';
import { ELSEWHERE } from './migrate.ts';
import { named } from './outage.ts';

/** The server, as it says of itself. */
export type PostgresServer = {
  /** As `server_version_num` has it, and as people say it. */
  readonly version: number;
  readonly spoken: string;
  readonly encoding: string;
  readonly isStandby: boolean;
  readonly settings: Readonly<Record<'fsync' | 'full_page_writes' | 'synchronous_commit' | 'autovacuum', string>>;
  /** That this user may have in this database. */
  readonly connectionsMax: number;
};

export type LongTransactions = { readonly count: number; readonly oldestMs: number };

export type PostgresInspection = Inspection & {
  /** Where we have connected to, without what would let anybody in. */
  readonly at: { readonly user: string; readonly host: string; readonly port: number; readonly database: string };
  readonly tls: { readonly isEncrypted: boolean; readonly isVerified: boolean };
  server(): Promise<PostgresServer>;
  /** Open for longer than this, as far as our user may see: nothing that was deleted since can be cleared away. */
  longTransactions(ms: number): Promise<LongTransactions>;
  /** Whether a session is ours for as long as we are connected, or is lent by a pooler for one transaction. */
  session(): Promise<{ readonly isHeard: boolean; readonly keepsPrepared: boolean }>;
};

/** Of one statement. Nobody waits for the answer but a person. */
const STATEMENT_MS_MAX = 5_000;
const NAME = 'countersign_doctor';

export async function inspectPostgres(options: PostgresOptions): Promise<PostgresInspection> {
  const client = await connected(options);
  const { user = '', host, port, database = '' } = client;
  const ask = <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
    rowsOf<Row>(client, sql, values);
  const own = {
    elsewhere: ELSEWHERE,
    tables: async () => (await ask<{ name: string }>(TABLES)).map(({ name }) => name),
    close: () => closed(client),
  };
  const db = clientView(client, new Statements({ ...options, pooled: true })); // unnamed: fit for any pooler
  return {
    ...inspectionOn(db, POSTGRES, own),
    at: { user, host, port, database },
    tls: tlsOf(client),
    server: async () => serverIn(await ask(SERVER)),
    longTransactions: async (ms) => (await ask<LongTransactions>(LONG, [ms]))[0] ?? { count: 0, oldestMs: 0 },
    session: () => sessionOf(options),
  };
}

async function connected(options: PostgresOptions): Promise<pg.Client> {
  const config = { ...clientConfig(options), application_name: 'countersign doctor', query_timeout: STATEMENT_MS_MAX };
  const client = new pg.Client(config);
  client.on('error', () => {}); // whoever waits for an answer is told
  try {
    await client.connect();
    return client;
  } catch (error) {
    await closed(client);
    throw named(error);
  }
}

async function rowsOf<Row extends pg.QueryResultRow>(client: pg.Client, sql: string, values: readonly unknown[]) {
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } catch (error) {
    throw named(error);
  }
}

/** Of our own leg: what stands between may speak another to the server. */
function tlsOf({ connection }: pg.Client): PostgresInspection['tls'] {
  const { encrypted = false, authorized = false } = connection.stream as { encrypted?: boolean; authorized?: boolean };
  return { isEncrypted: encrypted, isVerified: authorized };
}

const TABLES = 'select tablename as name from pg_tables where schemaname = current_schema() order by 1';

const SERVER = `select current_setting('server_version_num')::int as version,
    current_setting('server_version') as spoken, current_setting('server_encoding') as encoding,
    pg_is_in_recovery() as "isStandby", current_setting('fsync') as fsync,
    current_setting('full_page_writes') as full_page_writes, current_setting('synchronous_commit') as synchronous_commit,
    case when current_setting('track_counts') = 'off' then 'off' else current_setting('autovacuum') end as autovacuum,
    least(
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0),
      (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
      (select nullif(datconnlimit, -1) from pg_database where datname = current_database())
    ) as "connectionsMax"`;

function serverIn([row]: readonly pg.QueryResultRow[]): PostgresServer {
  if (row === undefined) throw new Error('a statement without a table has one row');
  const { version, spoken, encoding, isStandby, connectionsMax, ...settings } = row;
  return { version, spoken, encoding, isStandby, connectionsMax, settings: settings as PostgresServer['settings'] };
}

const LONG = `select count(*)::int as count,
    coalesce(max(extract(epoch from clock_timestamp() - begun) * 1000), 0)::float8 as "oldestMs"
  from (
    select xact_start as begun from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
    union all select prepared from pg_prepared_xacts where database = current_database()
  ) as open where begun < clock_timestamp() - $1 * interval '1 millisecond'`;

async function sessionOf(options: PostgresOptions) {
  const [one, other] = [await connected(options), await connected(options)];
  try {
    return { isHeard: await isHeard(one, other), keepsPrepared: await keepsPrepared(one, other) };
  } catch (error) {
    throw named(error);
  } finally {
    await Promise.all([closed(one), closed(other)]);
  }
}

const HEARD_MS_MAX = 1_000;

/** What is listened to ends with the session, or with us; behind a pooler, where the session stays, by the last statement. */
async function isHeard(one: pg.Client, other: pg.Client): Promise<boolean> {
  const heard = new Promise<true>((hear) => one.once('notification', () => hear(true)));
  await one.query(`listen ${NAME}`);
  await other.query(`notify ${NAME}`);
  const isHeard = await Promise.race([heard, wait(HEARD_MS_MAX, false, { ref: false })]);
  await one.query(`unlisten ${NAME}`);
  return isHeard;
}

/** There is no such statement, or there is another of its name. */
const NOT_OURS = new Set(['26000', '42P05']);

/** Also while another holds the session that a pooler had lent us: it gives us one of which we know nothing. */
async function keepsPrepared(one: pg.Client, other: pg.Client): Promise<boolean> {
  const run = (client: pg.Client, answer: number) => client.query({ name: NAME, text: `select ${answer} as answer` });
  try {
    await run(one, 1);
    await run(other, 2);
    await other.query('begin');
    await run(one, 1);
    await other.query('rollback');
    return true;
  } catch (error) {
    if (NOT_OURS.has((error as { code?: string }).code ?? '')) return false;
    throw error;
  }
}
