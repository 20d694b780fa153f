import { nextTick } from 'node:process';
import type { StatementSync } from 'node:sqlite';
import type { StoreFigures } from '#ports/figures.ts';
import type { Connection } from './connection.ts';
import { outageAware } from './outage.ts';

/** Bounds how long one commit keeps the event loop, to a few milliseconds. 64 gave a third more creates and three times the delay. */
const GROUP_BODIES_MAX = 16;

type Body<Tx> = (tx: Tx) => Promise<unknown>;
type Waiting<Tx> = { readonly body: Body<Tx>; readonly answer: (outcome: Outcome) => void };
type Outcome = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: unknown };

/**
 * SQLite's one writer. Bodies that arrive in the same turn of the event loop share one durable commit, each in a
 * savepoint of its own, so that one that throws takes nothing with it. Nobody is answered before the commit.
 *
 * A body that touches only the database never leaves the microtask queue, so a group runs from `begin` to `commit`
 * within one turn and no other code of this process sees it half done.
 */
export class Writer<Tx> {
  readonly #connection: Connection;
  readonly #tx: Tx;
  /** Prepared once: several of them frame every body. */
  readonly #steps = new Map<Step, StatementSync>();
  #waiting: Waiting<Tx>[] = [];
  #scheduled = false;
  readonly #counts = { committed: 0, rolledBack: 0, commits: 0 };

  constructor(connection: Connection, tx: Tx) {
    this.#connection = connection;
    this.#tx = tx;
  }

  transact<Result>(body: (tx: Tx) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const answer = (o: Outcome) => (o.ok ? resolve(o.result as Result) : reject(o.error));
      this.#waiting.push({ body, answer });
      this.#schedule();
    });
  }

  /** Nobody loses a race who has the database to themselves. */
  figures(): Omit<StoreFigures, 'connections'> {
    return { ...this.#counts, lostRaces: 0, waiting: this.#waiting.length };
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => this.#commitGroup());
  }

  async #commitGroup(): Promise<void> {
    const group = this.#waiting.splice(0, GROUP_BODIES_MAX);
    const outcomes = await this.#run(group).catch((error: unknown) => group.map(() => ({ ok: false, error }) as const));
    this.#scheduled = false;
    this.#count(outcomes);
    this.#schedule();
    for (const [at, { answer }] of group.entries()) answer(outcomes[at] as Outcome);
  }

  #count(outcomes: readonly Outcome[]): void {
    const committed = outcomes.filter(({ ok }) => ok).length;
    this.#counts.committed += committed;
    this.#counts.rolledBack += outcomes.length - committed;
    if (committed > 0) this.#counts.commits += 1;
  }

  async #run(group: readonly Waiting<Tx>[]): Promise<readonly Outcome[]> {
    try {
      this.#do('begin immediate');
      const outcomes: Outcome[] = [];
      for (const { body } of group) outcomes.push(await this.#runOne(body, await currentTurn()));
      this.#do('commit');
      return outcomes;
    } catch (error) {
      if (this.#inTransaction) this.#do('rollback');
      throw error;
    }
  }

  async #runOne(body: Body<Tx>, turn: Turn): Promise<Outcome> {
    this.#do('savepoint body');
    try {
      const result = await body(this.#tx);
      if (turn.isOver()) throw new Error('a transaction body waited for something other than the database');
      this.#do('release body');
      return { ok: true, result };
    } catch (error) {
      // Some failures (a full disk) end the whole transaction: then there is no savepoint, and no group, left to save.
      if (!this.#inTransaction) throw error;
      this.#do('rollback to body');
      this.#do('release body');
      return { ok: false, error };
    }
  }

  /** Of a closed connection the engine would not even say that there is none. */
  get #inTransaction(): boolean {
    const { raw } = this.#connection;
    return raw.isOpen && raw.isTransaction;
  }

  #do(step: Step): void {
    outageAware(() => {
      const statement = this.#steps.get(step) ?? this.#connection.raw.prepare(step);
      this.#steps.set(step, statement);
      statement.run();
    });
  }
}

type Step = 'begin immediate' | 'savepoint body' | 'release body' | 'rollback to body' | 'rollback' | 'commit';

type Turn = { isOver(): boolean };

/** Over once the microtask queue has run empty: whoever waits beyond that waits for more than the database. */
async function currentTurn(): Promise<Turn> {
  let over = false;
  await undefined; // a tick asked for by a microtask comes when no microtask is left
  nextTick(() => {
    over = true;
  });
  return { isOver: () => over };
}
