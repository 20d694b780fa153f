import type { KeyShelf, KeyShelves } from '#ports/keys.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Step } from '#ports/step.ts';
import type { Store } from '#ports/store.ts';
import type { Database } from '../database.ts';
import { changeReads } from '../sql/changes.ts';
import { POSTGRES } from '../sql/engine.ts';
import { beginShelf, keyReads, readShelf } from '../sql/keys.ts';
import { reads, transactionOn } from '../sql/transaction.ts';
import {
  clientView,
  closePool,
  openPool,
  type Patience,
  type PostgresOptions,
  pooledView,
  poolFigures,
  Statements,
} from './connection.ts';
import { listenTo } from './listener.ts';
import { migrate } from './migrate.ts';
import { Transactions } from './transactions.ts';

/** Of the feed alone: a pool that others have emptied must not make a verifier blind. */
const FEED_CONNECTIONS_MAX = 1;
/** It asks for little, and ten times a second: what is not answered soon is asked again on another connection. */
const FEED_PATIENCE: Patience = { connectMs: 2_000, statementMs: 2_000 };

/** A database that other processes use at the same time, of this version or of an older one. */
export async function openPostgres(options: PostgresOptions, now: number, step: Step): Promise<Database> {
  await migrate(options, now, step);
  const pool = openPool(options);
  const feedPool = openPool(options, FEED_CONNECTIONS_MAX, FEED_PATIENCE);
  const statements = new Statements(options);
  const db = pooledView(pool, statements);
  const feed = pooledView(feedPool, statements);
  const close = async () => {
    await Promise.all([pool, feedPool].map(closePool));
  };
  const keys: KeyShelves = {
    read: () => readShelf(db),
    async begin(shelf) {
      const begin = new Transactions(pool, (client) => clientView(client, statements));
      await begin.transact((tx) => beginShelf(tx, shelf));
      return (await readShelf(db)) as KeyShelf; // it has just begun
    },
  };
  const store = (macs: RowMacs): Store => {
    const txOn = (client: Parameters<typeof clientView>[0]) =>
      transactionOn(clientView(client, statements), macs, POSTGRES);
    const transactions = new Transactions(pool, txOn);
    return {
      ...reads(db, macs, POSTGRES),
      changes: changeReads(feed, POSTGRES),
      keys: keyReads(feed), // which the feed waits for
      isShared: POSTGRES.isShared,
      engine: POSTGRES.name,
      figures: () => ({ ...transactions.figures(), ...poolFigures([pool, feedPool]) }),
      transact: (body) => transactions.transact(body),
      listen: (told) => (options.pooled ? { stop: async () => {} } : listenTo(options, told)),
      close,
    };
  };
  return { keys, store, close };
}
