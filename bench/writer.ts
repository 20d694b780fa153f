import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { createPat } from '#app/token/create.ts';
import { parseTokenName } from '#domain/token.ts';
import type { Store } from '#ports/store.ts';
import { median, openWorld } from './world.ts';

const ROUNDS = 5;
const ROUND_MS = 1_000;

type Measured = { readonly rate: number; readonly delayMs: number };

/** Durable creates: the whole use case, in closed loops of 1, 16 and 64, against bare inserts of one row a transaction. */
export async function benchWriter(): Promise<void> {
  for (const concurrency of [1, 16, 64]) {
    const rounds: { bare: number; single: Measured; grouped: Measured }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({
        bare: await bareInserts(),
        single: await creates(oneAtATime, concurrency),
        grouped: await creates((store) => store, concurrency),
      });
    }
    const ratio = median(rounds.map(({ bare, grouped }) => grouped.rate / bare)).toFixed(2);
    console.log(
      `creates, ${String(concurrency).padStart(2)} at once: one body a commit ${middle(rounds.map((r) => r.single))}, ` +
        `grouped ${middle(rounds.map((r) => r.grouped))}, which is ${ratio} of bare inserts ` +
        `(${median(rounds.map((r) => r.bare)).toFixed(0)}/s)`,
    );
  }
}

const middle = (all: readonly Measured[]): string =>
  `${median(all.map(({ rate }) => rate)).toFixed(0)}/s (loop p99 ${median(all.map(({ delayMs }) => delayMs)).toFixed(1)} ms)`;

async function creates(through: (store: Store) => Store, concurrency: number): Promise<Measured> {
  const { deps, user, close } = await openWorld();
  const caller = await user('admin');
  const under = { ...deps, store: through(deps.store) };
  let made = 0;
  const worker = async (until: number) => {
    while (performance.now() < until) {
      await createPat(under, caller, { name: parseTokenName(`n${made++}-x`), expiresAt: undefined });
    }
  };
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, () => worker(startedAt + ROUND_MS)));
  const measured = { rate: (made / (performance.now() - startedAt)) * 1000, delayMs: delay.percentile(99) / 1e6 };
  await close();
  return measured;
}

/** The writer without its grouping: each body waits for the commit of the one before. */
function oneAtATime(store: Store): Store {
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...store,
    transact(body) {
      const turn = last.then(() => store.transact(body));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

async function bareInserts(): Promise<number> {
  const { folder, close } = await openWorld();
  const database = new DatabaseSync(join(folder, 'bare.db'));
  database.exec(
    'pragma journal_mode = wal; pragma synchronous = full; create table t (id integer primary key, digest blob unique)',
  );
  const insert = database.prepare('insert into t (digest) values (randomblob(32))');
  const endAt = performance.now() + ROUND_MS;
  let made = 0;
  for (; performance.now() < endAt; made++) insert.run();
  database.close();
  await close();
  return (made / ROUND_MS) * 1000;
}
