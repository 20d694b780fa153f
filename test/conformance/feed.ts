import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Change, Moved } from '#ports/changes.ts';
import type { Store, Transaction } from '#ports/store.ts';
import type { Adapter } from './adapters.ts';
import { fixedMacs, newId, openWorld, type StoreWorld } from './world.ts';

const IS_FULL = process.env.COUNTERSIGN_TEST_FULL === '1';
/** Committed by writers side by side. */
const CHANGES = IS_FULL ? 20_000 : 2_000;
/** Of each kind, with the order forced. */
const FORCED = IS_FULL ? 1_000 : 50;
/** Processes, each with connections of its own, and what each does at once. */
const PROCESSES = 3;
const BODIES = 4;
const ROLLED_BACK = 0.2;
const STATEMENTS_MAX = 3;
const MOVED_MAX = 3;
const WAIT_MS_MAX = 4_000;

const onPurpose = new Error('on purpose');
const anyMoved = (): Moved => ({ kind: 'token', id: newId() });

/** What verifiers rest on: `since`, asked again and again, tells of each commit once, in the order of their numbers. */
export function feedConformance(adapter: Adapter): void {
  describe(`${adapter.name}: a late commit is never skipped by the feed (I3)`, () => {
    let world: StoreWorld;
    beforeEach(async () => {
      world = await openWorld(adapter);
    });

    test('of changes that overlap, from several processes and with some undone among them, a reader sees each once', {
      timeout: 900_000,
    }, async () => {
      const reader = readerOf(await another(world));
      const stores = [world.store, ...(await others(world))];
      const written = await Promise.all(stores.flatMap((store) => bodies.map(() => writesOf(store, world))));
      const committed = written.flatMap(({ changes }) => changes);
      const read = await reader.until(await world.store.changes.latest());
      expect(read.map(({ sequence }) => sequence)).toEqual(committed.map((_, at) => at + 1));
      expect(new Map(read.map(keyed))).toEqual(new Map(committed.map(keyed)));
      console.log(
        `${adapter.name}: ${committed.length} changes seen in order, ${overlapsOf(written.flatMap(({ spans }) => spans))} of ` +
          `which overlapped another; ${written.reduce((sum, { undone }) => sum + undone, 0)} undone among them`,
      );
    });

    test('of two in a forced order, begun first and committed last as well, a reader sees both', {
      timeout: 900_000,
    }, async () => {
      if (!world.store.isShared) return; // there is one writer: the next begins when the one before has ended
      const [other = world.store] = await others(world);
      const reader = readerOf(await another(world));
      const committed: Write[] = [];
      for (let round = 0; round < FORCED; round += 1) {
        committed.push(...(await numberedFirst(world, other)), ...(await numberedLast(world, other)));
      }
      const read = await reader.until(await world.store.changes.latest());
      expect(read).toEqual(committed);
    });
  });
}

/** As another process would have it. */
async function another({ again, store }: StoreWorld): Promise<Store> {
  if (!store.isShared) return store;
  const opened = (await again()).store(fixedMacs());
  onTestFinished(() => opened.close());
  return opened;
}

const others = (world: StoreWorld): Promise<readonly Store[]> =>
  world.store.isShared ? Promise.all(Array.from({ length: PROCESSES - 1 }, () => another(world))) : Promise.resolve([]);

const bodies = Array.from({ length: BODIES });

/** What was moved by the change of a number. */
type Write = { readonly sequence: number; readonly ids: readonly string[] };
type Span = readonly [begun: number, ended: number];
type Written = { readonly changes: readonly Write[]; readonly spans: readonly Span[]; readonly undone: number };

/** One after the other, each with something to wait for before its number and behind it. */
async function writesOf(store: Store, world: StoreWorld): Promise<Written> {
  const count = Math.ceil(CHANGES / (BODIES * (store.isShared ? PROCESSES : 1)));
  const changes: Write[] = [];
  const spans: Span[] = [];
  let undone = 0;
  while (changes.length < count) {
    const moved = Array.from({ length: 1 + Math.floor(Math.random() * MOVED_MAX) }, anyMoved);
    const [before, after] = [statementsMax(), statementsMax()];
    const fails = Math.random() < ROLLED_BACK;
    const begun = performance.now();
    const sequence = await store
      .transact(async (tx) => {
        await dawdle(tx, world, before);
        const number = await tx.changes.append(moved);
        await dawdle(tx, world, after);
        if (fails) throw onPurpose;
        return number;
      })
      .catch((error: unknown) => {
        if (error !== onPurpose) throw error;
      });
    if (sequence === undefined) undone += 1;
    else changes.push({ sequence, ids: moved.map(({ id }) => id).sort() });
    if (sequence !== undefined) spans.push([begun, performance.now()]);
  }
  return { changes, spans, undone };
}

const statementsMax = (): number => Math.floor(Math.random() * (STATEMENTS_MAX + 1));

async function dawdle(tx: Transaction, { acme }: StoreWorld, statements: number): Promise<void> {
  for (let at = 0; at < statements; at += 1) await tx.tenants.byName(acme.name);
}

/** It waits for a row with its number taken; whoever comes later has to wait for that number, and is not read before it. */
async function numberedFirst(world: StoreWorld, other: Store): Promise<readonly Write[]> {
  const { store, acme, alice } = world;
  const row = await rowHeld(world);
  const [early, late] = [anyMoved(), anyMoved()];
  const first = store.transact(async (tx) => {
    const sequence = await tx.changes.append([early]);
    await tx.principals.hold(acme.id, alice.id);
    return sequence;
  });
  await row.waiting(1);
  const second = other.transact((tx) => tx.changes.append([late]));
  await row.waiting(2);
  await row.released();
  return [write(await first, early), write(await second, late)];
}

/** It waits for a row before it takes its number: whoever comes later is done by then. */
async function numberedLast(world: StoreWorld, other: Store): Promise<readonly Write[]> {
  const { store, acme, alice } = world;
  const row = await rowHeld(world);
  const [late, early] = [anyMoved(), anyMoved()];
  const first = store.transact(async (tx) => {
    await tx.principals.hold(acme.id, alice.id);
    return tx.changes.append([late]);
  });
  await row.waiting(1);
  const second = await other.transact((tx) => tx.changes.append([early]));
  await row.released();
  return [write(second, early), write(await first, late)];
}

const write = (sequence: number, { id }: Moved): Write => ({ sequence, ids: [id] });

/** Somebody else's transaction has it, in the engine's own words. */
async function rowHeld({ raw, alice }: StoreWorld) {
  await raw.run('begin');
  await raw.all('select id from principal where id = ? for update', alice.id);
  return {
    /** Until so many wait, for it or for one another. */
    async waiting(count: number): Promise<void> {
      const waiting = async () => {
        await raw.all('select pg_stat_clear_snapshot()'); // a transaction would be told the same again
        return Number((await raw.all(WAITING))[0]?.n);
      };
      const latest = performance.now() + WAIT_MS_MAX;
      while ((await waiting()) < count) expect(performance.now(), 'nobody waits').toBeLessThan(latest);
    },
    released: () => raw.run('commit'),
  };
}

const WAITING = `select count(*) as n from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

/** Asks all the while for what is newer than the newest that it has seen, and for nothing else. */
function readerOf({ changes }: Store) {
  const seen: Write[] = [];
  const last = () => seen.at(-1)?.sequence ?? 0;
  let newest = Number.POSITIVE_INFINITY;
  const reading = (async () => {
    while (last() < newest) {
      seen.push(...grouped(await changes.since(last())));
      await nextTurn(); // a database in this process would have no other
    }
    return seen;
  })();
  reading.catch(() => {}); // told to whoever waits for it
  return {
    /** All that it has seen when it sees this one: what it had skipped by then is not among them. */
    until(sequence: number): Promise<readonly Write[]> {
      newest = sequence;
      return reading;
    },
  };
}

/** As they came: one that came in two parts, or out of its order, would stand here twice. */
function grouped(changes: readonly Change[]): readonly Write[] {
  const writes: { sequence: number; ids: string[] }[] = [];
  for (const { sequence, moved } of changes) {
    const last = writes.at(-1);
    if (last?.sequence === sequence) last.ids.push(moved.id);
    else writes.push({ sequence, ids: [moved.id] });
  }
  return writes.map(({ sequence, ids }) => ({ sequence, ids: ids.sort() }));
}

const keyed = ({ sequence, ids }: Write) => [sequence, ids] as const;

/** How many began before another, begun before them, had ended. */
function overlapsOf(spans: readonly Span[]): number {
  let latestEnd = 0;
  let count = 0;
  for (const [begun, ended] of [...spans].sort(([one], [other]) => one - other)) {
    if (begun < latestEnd) count += 1;
    latestEnd = Math.max(latestEnd, ended);
  }
  return count;
}
