import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { statementsOf } from '#support/statements.ts';
import type { Schema } from '../sql/schema.ts';
import { openConnection } from './connection.ts';
import { migrate } from './migrate.ts';
import { Writer } from './writer.ts';

function open() {
  const file = join(temporaryFolder(), 'store.db');
  const { raw, db } = openConnection(file);
  migrate(raw, 0, () => {});
  raw.exec('create table child (parent text references wrapped_key (id) deferrable initially deferred)');
  const reading = openConnection(file, { readOnly: true });
  onTestFinished(() => {
    for (const one of [reading.raw, raw]) if (one.isOpen) one.close();
  });
  /** As a second connection sees it: what is committed. */
  const committed = () => reading.raw.prepare('select count(*) as n from wrapped_key').get()?.n;
  return { raw, committed, writer: new Writer({ raw, db }, db) };
}

let made = 0;
const insert =
  (kilobytes = 0) =>
  async (db: Kysely<Schema>): Promise<void> => {
    const wrapped = Buffer.alloc(kilobytes * 1024, 1);
    const row = { id: `k${made++}` as never, tenant: null, purpose: 'row-mac', wrapped, created_at: 1 } as const;
    await db.insertInto('wrapped_key').values(row).execute();
  };

/** Only the commit finds out that the parent is missing. */
const orphan = async (db: Kysely<Schema>): Promise<void> => {
  await db
    .insertInto('child' as never)
    .values({ parent: 'nobody' } as never)
    .execute();
};

const statuses = async (asked: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(asked)).map(({ status }) => status);

test('nobody is answered before the commit', async () => {
  const { raw, committed, writer } = open();
  const seen: unknown[] = [];
  await Promise.all(
    [1, 2, 3].map(() => writer.transact(insert()).then(() => seen.push([raw.isTransaction, committed()]))),
  );
  expect(seen).toEqual([
    [false, 3],
    [false, 3],
    [false, 3],
  ]);
});

test('nobody is told of a failure before it is certain either', async () => {
  const { raw, writer } = open();
  const seen: boolean[] = [];
  const fail = async () => {
    throw new Error('on purpose');
  };
  await statuses([writer.transact(fail).catch(() => seen.push(raw.isTransaction)), writer.transact(insert())]);
  expect(seen).toEqual([false]);
});

test('bodies of one turn of the event loop share a commit, at most sixteen', async () => {
  const { committed, writer } = open();
  const { statements } = await statementsOf(() =>
    Promise.all(Array.from({ length: 40 }, () => writer.transact(insert()))),
  );
  expect(statements.filter((sql) => sql === 'commit')).toHaveLength(3);
  expect(committed()).toBe(40);
});

test('bodies run in the order in which they came, one after the other', async () => {
  const { writer } = open();
  const order: string[] = [];
  const body = (name: string) => async (db: Kysely<Schema>) => {
    order.push(`${name} begins`);
    await insert()(db);
    order.push(`${name} ends`);
  };
  await Promise.all(['one', 'two', 'three'].map((name) => writer.transact(body(name))));
  expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends']);
});

test('a body that asks for another transaction gets it after its own', async () => {
  const { committed, writer } = open();
  let inner: Promise<void> | undefined;
  await writer.transact(async () => {
    inner = writer.transact(insert());
  });
  await inner;
  expect(committed()).toBe(1);
});

test('a body that throws, at once or later, takes nothing with it and leaves nothing', async () => {
  const { committed, writer } = open();
  const late = async (db: Kysely<Schema>) => {
    await insert()(db);
    throw new Error('on purpose');
  };
  const atOnce = (() => {
    throw new Error('on purpose');
  }) as () => Promise<void>;
  const bodies = [insert(), late, insert(), atOnce, insert()];
  expect(await statuses(bodies.map((body) => writer.transact(body)))).toEqual([
    ...['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  ]);
  expect(committed()).toBe(3);
});

test('a body that waits for something else is refused, and neither its neighbours nor the next are', async () => {
  const { committed, writer } = open();
  const slow = async (db: Kysely<Schema>) => {
    await insert()(db);
    await new Promise(setImmediate);
  };
  const group = [writer.transact(slow), writer.transact(insert())];
  await expect(group[0]).rejects.toThrow('waited for something other than the database');
  await group[1];
  await writer.transact(insert());
  expect(committed()).toBe(2);
});

test('a commit that fails refuses the whole group, and the next is not', async () => {
  const { raw, committed, writer } = open();
  const group = [insert(), orphan, insert()].map((body) => writer.transact(body));
  expect(await statuses(group)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(group[0]).rejects.toThrow('FOREIGN KEY constraint failed');
  expect([committed(), raw.isTransaction]).toEqual([0, false]);
  await writer.transact(insert());
  expect(committed()).toBe(1);
});

test('a full disk refuses the whole group as an outage, leaves nothing of it, and passes', async () => {
  const { raw, committed, writer } = open();
  const { page_count } = raw.prepare('pragma page_count').get() as { page_count: number };
  raw.exec(`pragma max_page_count = ${page_count + 4}`);
  const group = [insert(1), insert(100), insert(1)].map((body) => writer.transact(body));
  for (const outcome of await Promise.allSettled(group)) {
    const reason = { code: 'unavailable', detail: 'the database cannot be used: the disk is full' };
    expect(outcome).toMatchObject({ status: 'rejected', reason });
  }
  expect([committed(), raw.isTransaction]).toEqual([0, false]);
  raw.exec('pragma max_page_count = 1000000');
  await writer.transact(insert(100));
  expect(committed()).toBe(1);
});

test('a database that is locked by somebody else is an outage, and passes', async () => {
  const { raw, committed, writer } = open();
  const other = openConnection(String(raw.location()));
  other.raw.exec('begin immediate');
  const unavailable = { code: 'unavailable', detail: 'the database cannot be used: it is locked by another process' };
  await expect(writer.transact(insert())).rejects.toMatchObject(unavailable);
  other.raw.exec('rollback');
  other.raw.close();
  await writer.transact(insert());
  expect(committed()).toBe(1);
});

test('a connection that was closed is an outage for everyone who waits', async () => {
  const { raw, writer } = open();
  const group = [writer.transact(insert()), writer.transact(insert())];
  raw.close();
  for (const outcome of await Promise.allSettled(group)) {
    const reason = { code: 'unavailable', detail: 'the database cannot be used: it is closed' };
    expect(outcome).toMatchObject({ status: 'rejected', reason });
  }
});
