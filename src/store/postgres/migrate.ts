import pg from 'pg';
import { Refusal } from '#domain/refusal.ts';
import type { Step } from '#ports/step.ts';
import { POSTGRES } from '../sql/engine.ts';
import { MIGRATIONS, type Migration } from '../sql/migrations.ts';
import { type Done, foreign, pending } from '../sql/pending.ts';
import { clientConfig, closeClient, type Patience, type PostgresOptions } from './connection.ts';
import { named } from './outage.ts';

export const ELSEWHERE = 'Choose another database with COUNTERSIGN_DATABASE_URL.';
/** As `server_version_num` has it. Older ones get no repairs any more. */
const VERSION_MIN = 140_000;

/** Of one statement, or of waiting for whoever migrates: an index of many millions of rows takes minutes. */
const PATIENCE: Patience = { connectMs: 5_000, statementMs: 60 * 60 * 1000 };

const TABLE = `create table if not exists migration (
  number integer primary key, name text not null, applied_at bigint not null
)`;
/** Two processes that make the same table at the same moment: the second finds this, and the table. */
const MADE_MEANWHILE = new Set(['23505', '42P07', '42710']);
const MAY_NOT = '42501';

/** Brings the database to this program's shape; whoever starts at the same moment waits, and finds it done. */
export async function migrate(options: PostgresOptions, now: number, step: Step, migrations = MIGRATIONS) {
  const client = new pg.Client(clientConfig(options, PATIENCE));
  client.on('error', () => {}); // whoever waits for an answer is told
  try {
    await client.connect();
    await refuseUnfit(client);
    await begun(client);
    while (await applied(client, now, step, migrations)) {}
  } catch (error) {
    throw inWords(error);
  } finally {
    await closeClient(client);
  }
}

async function refuseUnfit(client: pg.Client): Promise<void> {
  const { rows } = await client.query(`select current_setting('server_version_num')::int as version,
    current_setting('server_encoding') as encoding, current_setting('server_version') as named, current_schema() as schema`);
  const { version, encoding, named: spoken, schema } = rows[0];
  if (version < VERSION_MIN) throw unfit(`It is PostgreSQL ${spoken}; 14 is the oldest that will do.`);
  if (encoding !== 'UTF8')
    throw unfit(`Its encoding is ${encoding}; make one with: create database … encoding 'UTF8'.`);
  if (schema === null) throw unfit('Its user has no schema to make tables in: see search_path.');
}

/** The table of migrations, where there is none; not in a database that is somebody else's. */
async function begun(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `select tablename as name from pg_tables where schemaname = current_schema() order by 1 limit 1`,
  );
  const ours = await client.query(`select to_regclass('migration') is not null as there`);
  if (ours.rows[0].there) return;
  if (rows.length > 0) throw foreign(`The database has other tables (${rows[0].name}, …), and`, ELSEWHERE);
  await client.query(TABLE).catch((error) => {
    if (!MADE_MEANWHILE.has(error.code)) throw error;
  });
}

/** One more migration, in a transaction that keeps every other process out; false where none is pending. */
async function applied(client: pg.Client, now: number, step: Step, migrations: readonly Migration[]): Promise<boolean> {
  await client.query('begin');
  try {
    await client.query('lock table migration in access exclusive mode');
    const { rows } = await client.query('select number, name from migration order by number');
    const [next] = pending(rows as Done[], ELSEWHERE, migrations);
    if (next !== undefined) await apply(client, next, now, step);
    await client.query('commit');
    return next !== undefined;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

async function apply(client: pg.Client, { number, name, statements }: Migration, now: number, step: Step) {
  for (const statement of statements(POSTGRES.types)) await client.query(statement);
  await client.query('insert into migration (number, name, applied_at) values ($1, $2, $3)', [number, name, now]);
  step('migration.written');
}

const unfit = (why: string): Refusal => new Refusal('conflict', `The database cannot be used. ${why}`);

function inWords(error: unknown): unknown {
  if ((error as { code?: string }).code !== MAY_NOT) return named(error);
  return unfit('Its user may not make tables in it. As its owner: grant create on schema public to that user.');
}
