import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { StoreFigures } from '#ports/figures.ts';
import { LostRace } from '../sql/lost-race.ts';
import { outage } from '../sql/outage.ts';
import { lend } from './connection.ts';
import { isUnanswered, named } from './outage.ts';

/** A body that has lost so many races in a row is told so: something else is wrong. */
const RUNS_MAX = 10;
/** Grows with each run that was lost, so that those who met do not meet again. */
const PAUSE_MS = 3;

/*
 * One statement begins a transaction and bounds it, for this transaction alone, as poolers need it: a process that is
 * stopped in the middle, or a network that goes away, must not keep the rows that it has locked.
 */
const BEGIN =
  "begin isolation level read committed; set local idle_in_transaction_session_timeout = '5s'; " +
  "set local lock_timeout = '5s'; set local statement_timeout = '10s'";

/** Bodies side by side, each in a transaction of its own; one that loses a race to another is run again. */
export class Transactions<Tx> {
  readonly #pool: pg.Pool;
  readonly #txOn: (client: pg.PoolClient) => Tx;
  /** Of a connection, made once: its queries are compiled with it. */
  readonly #made = new WeakMap<pg.PoolClient, Tx>();
  readonly #counts = { committed: 0, rolledBack: 0, lostRaces: 0 };

  constructor(pool: pg.Pool, txOn: (client: pg.PoolClient) => Tx) {
    this.#pool = pool;
    this.#txOn = txOn;
  }

  /** Each is made durable by itself, as far as this process can see. */
  figures(): Pick<StoreFigures, 'committed' | 'rolledBack' | 'lostRaces' | 'commits'> {
    return { ...this.#counts, commits: this.#counts.committed };
  }

  async transact<Result>(body: (tx: Tx) => Promise<Result>): Promise<Result> {
    for (let runs = 1; ; runs += 1) {
      try {
        return await this.#run(body);
      } catch (error) {
        if (!(error instanceof LostRace) || runs === RUNS_MAX) throw error;
        this.#counts.lostRaces += 1;
      }
      await wait(runs * PAUSE_MS);
    }
  }

  async #run<Result>(body: (tx: Tx) => Promise<Result>): Promise<Result> {
    const { client, giveBack } = await lend(this.#pool);
    let isOpen = true;
    try {
      await framed(client, BEGIN);
      const result = await body(this.#txIn(client));
      await commit(client);
      isOpen = false;
      this.#counts.committed += 1;
      return result;
    } catch (error) {
      this.#counts.rolledBack += 1;
      isOpen = isUnanswered(error) || !(await isRolledBack(client));
      throw error;
    } finally {
      giveBack(isOpen);
    }
  }

  #txIn(client: pg.PoolClient): Tx {
    const tx = this.#made.get(client) ?? this.#txOn(client);
    this.#made.set(client, tx);
    return tx;
  }
}

async function framed(client: pg.PoolClient, sql: string): Promise<{ readonly command: string }> {
  try {
    return await client.query(sql);
  } catch (error) {
    throw named(error);
  }
}

/**
 * A transaction in which something had failed answers a commit with a rollback. Where the answer to a commit is lost,
 * nobody knows whether it was done: it is not run again, and the caller is told of an outage.
 */
async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await framed(client, 'commit');
  if (command !== 'COMMIT') throw outage('a transaction was undone that should have been done', new Error(command));
}

/** Of a connection that is gone the server has undone it by itself. */
const isRolledBack = (client: pg.PoolClient): Promise<boolean> =>
  client.query('rollback').then(
    () => true,
    () => false,
  );
