import { setTimeout as wait } from 'node:timers/promises';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import pg from 'pg';
import type { StoreFigures } from '#ports/figures.ts';
import type { Schema } from '../sql/schema.ts';
import { isUnanswered, named } from './outage.ts';

export type PostgresOptions = {
  readonly url: string;
  readonly connectionsMax: number;
  /** Behind a pooler that lends a connection for one transaction: nothing of a session lasts. */
  readonly pooled: boolean;
};

/** To connect, or to get one of the pool: beyond it the caller is told that there is an outage. */
const CONNECT_MS_MAX = 5_000;
/** Of one statement, by our own watch: a network that swallows everything answers no timeout of the server's. */
const STATEMENT_MS_MAX = 15_000;
const IDLE_MS_MAX = 30_000;
/** More texts than the queries of this program have; each is kept by every connection. */
const NAMES_MAX = 300;

const INT8 = 20;
/** Counts and instants, which a double holds exactly for the next 280 000 years. */
const TYPES = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

export type Patience = { readonly connectMs: number; readonly statementMs: number };
const PATIENCE: Patience = { connectMs: CONNECT_MS_MAX, statementMs: STATEMENT_MS_MAX };

export const clientConfig = ({ url }: PostgresOptions, { connectMs, statementMs } = PATIENCE): pg.ClientConfig => ({
  connectionString: url,
  application_name: 'countersign',
  connectionTimeoutMillis: connectMs,
  query_timeout: statementMs,
  keepAlive: true,
  types: TYPES,
});

/** Connections break while nobody uses them; the pool makes others, and whoever uses a broken one is told. */
export function openPool(options: PostgresOptions, max = options.connectionsMax, patience = PATIENCE): pg.Pool {
  const pool = new pg.Pool({
    ...{ ...clientConfig(options, patience), max, idleTimeoutMillis: IDLE_MS_MAX },
    onConnect: (client) => bounded(client, options, patience),
  });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {})); // also between two statements, when nobody waits for it
  const clients = new Set<pg.Client>(); // as which its types do not know those of a pool, which they are
  pool.on('connect', (client) => clients.add(client as pg.Client));
  pool.on('remove', (client) => clients.delete(client as pg.Client));
  clientsOf.set(pool, clients);
  return pool;
}

/** What we no longer wait for the server gives up as well. Not as the session begins, which poolers do not let pass. */
async function bounded(client: pg.ClientBase, { pooled }: PostgresOptions, { statementMs }: Patience): Promise<void> {
  if (!pooled) await client.query(`set statement_timeout = ${statementMs}`);
}

/** Each until it is really gone. */
const clientsOf = new WeakMap<pg.Pool, Set<pg.Client>>();

/** Of a good-bye: a network that swallows everything does not answer that either. */
const CLOSE_MS_MAX = 500;

export async function closePool(pool: pg.Pool): Promise<void> {
  if (pool.ending) return;
  const clients = [...(clientsOf.get(pool) ?? [])];
  const gone = clients.map((client) => new Promise<void>((done) => client.once('end', () => done())));
  await orDestroyed(Promise.all([pool.end(), ...gone]), clients);
}

export const closeClient = (client: pg.Client): Promise<void> => orDestroyed(client.end(), [client]);

async function orDestroyed(ending: Promise<unknown>, clients: readonly pg.Client[]): Promise<void> {
  await Promise.race([ending.catch(() => {}), wait(CLOSE_MS_MAX, undefined, { ref: false })]);
  for (const client of clients) client.connection.stream.destroy();
}

/** Of all that are open; what is being opened is busy. */
export function poolFigures(pools: readonly pg.Pool[]): Pick<StoreFigures, 'waiting' | 'connections'> {
  const sum = (of: (pool: pg.Pool) => number) => pools.reduce((total, pool) => total + of(pool), 0);
  const idle = sum(({ idleCount }) => idleCount);
  return {
    waiting: sum(({ waitingCount }) => waitingCount),
    connections: { busy: sum(({ totalCount }) => totalCount) - idle, idle },
  };
}

/** A connection until it is given back; broken ones are closed then. */
export type Lent = { readonly client: pg.PoolClient; giveBack(broken: boolean): void };

export async function lend(pool: pg.Pool): Promise<Lent> {
  try {
    const client = await pool.connect();
    return { client, giveBack: (broken) => client.release(broken) };
  } catch (error) {
    throw named(error);
  }
}

/** Runs statements of one connection; prepared by name where the session is ours, which saves the server the planning. */
export class Statements {
  readonly #pooled: boolean;
  readonly #names = new Map<string, string>();

  constructor({ pooled }: PostgresOptions) {
    this.#pooled = pooled;
  }

  async run(client: pg.ClientBase, { sql, parameters }: CompiledQuery): Promise<QueryResult<never>> {
    const name = this.#nameOf(sql);
    try {
      const done = await client.query({ text: sql, values: [...parameters], ...(name === undefined ? {} : { name }) });
      return { rows: done.rows as never[], numAffectedRows: BigInt(done.rowCount ?? 0) };
    } catch (error) {
      throw named(error);
    }
  }

  #nameOf(sql: string): string | undefined {
    if (this.#pooled) return undefined;
    const known = this.#names.get(sql);
    if (known !== undefined || this.#names.size >= NAMES_MAX) return known;
    const name = `countersign_${this.#names.size + 1}`;
    this.#names.set(sql, name);
    return name;
  }
}

/** A pool as Kysely uses it: one connection for each statement. */
export const pooledView = (pool: pg.Pool, statements: Statements): Kysely<Schema> =>
  viewOf(async () => {
    const lent = await lend(pool);
    const connection = connectionOn(lent.client, statements);
    let isBroken = false;
    const executeQuery: DatabaseConnection['executeQuery'] = (query) =>
      connection.executeQuery<never>(query).catch((error: unknown) => {
        isBroken = isUnanswered(error); // an answer that comes late would be taken for the next one's
        throw error;
      });
    return { connection: { ...connection, executeQuery }, release: () => lent.giveBack(isBroken) };
  });

/** One connection, whoever holds it: a statement waits until the one before it is answered. */
export const clientView = (client: pg.ClientBase, statements: Statements): Kysely<Schema> => {
  const connection = connectionOn(client, statements);
  let last: Promise<unknown> = Promise.resolve();
  return viewOf(async () => {
    const { promise: over, resolve: release } = Promise.withResolvers<void>();
    const before = last;
    last = over;
    await before;
    return { connection, release };
  });
};

const connectionOn = (client: pg.ClientBase, statements: Statements): DatabaseConnection => ({
  executeQuery: <Row>(query: CompiledQuery) => statements.run(client, query) as Promise<QueryResult<Row>>,
  streamQuery() {
    throw new Error('nothing is read as a stream');
  },
});

type Acquired = { readonly connection: DatabaseConnection; release(): void };

function viewOf(acquire: () => Promise<Acquired>): Kysely<Schema> {
  const releases = new WeakMap<DatabaseConnection, () => void>();
  const driver: Driver = {
    init: async () => {},
    async acquireConnection() {
      const { connection, release } = await acquire();
      releases.set(connection, release);
      return connection;
    },
    releaseConnection: async (connection) => releases.get(connection)?.(),
    ...{ beginTransaction: notHere, commitTransaction: notHere, rollbackTransaction: notHere },
    destroy: async () => {},
  };
  const dialect: Dialect = {
    createDriver: () => driver,
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
  return new Kysely<Schema>({ dialect });
}

/** Transactions are framed by `Transactions`, which runs bodies again. */
const notHere = (): never => {
  throw new Error('transactions are begun elsewhere');
};
