import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { MIGRATIONS, type Migration } from '../sql/migrations.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './open.ts';

const FIRST: Migration = { number: 1, name: 'first', statements: ({ bytes }) => [`create table a (x ${bytes})`] };
const SECOND: Migration = {
  ...{ number: 2, name: 'second' },
  statements: () => ['insert into a (x) values (1)', 'create table b (y text)'],
};
const BROKEN: Migration = {
  ...SECOND,
  statements: (types) => [...SECOND.statements(types), 'insert into nowhere values (1)'],
};

let file: string;
beforeEach(() => {
  file = join(temporaryFolder(), 'store.db');
});

function open(): DatabaseSync {
  const raw = new DatabaseSync(file);
  onTestFinished(() => {
    if (raw.isOpen) raw.close();
  });
  return raw;
}

const stateOf = (raw: DatabaseSync) => ({
  migrations: raw.prepare('select * from migration order by number').all(),
  tables: raw
    .prepare(`select name from sqlite_schema where type = 'table' and name <> 'migration' order by name`)
    .all()
    .map(({ name }) => name),
});

test('are numbered from 1 without a gap', () => {
  expect(MIGRATIONS.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, at) => at + 1));
});

test('run in order, once each, and the step is passed inside each', () => {
  const raw = open();
  const passed: unknown[] = [];
  const step = (label: string) => passed.push([label, raw.isTransaction]);
  migrate(raw, 5, step, [FIRST]);
  migrate(raw, 6, step, [FIRST, SECOND]);
  migrate(raw, 7, step, [FIRST, SECOND]);
  expect(passed).toEqual([
    ['migration.written', true],
    ['migration.written', true],
  ]);
  expect(stateOf(raw)).toEqual({
    migrations: [
      { number: 1, name: 'first', applied_at: 5 },
      { number: 2, name: 'second', applied_at: 6 },
    ],
    tables: ['a', 'b'],
  });
  expect(raw.prepare('select x from a').all()).toEqual([{ x: 1 }]);
});

test.each([
  ['a statement fails', [FIRST, BROKEN], () => {}],
  [
    'the process stops before the commit',
    [FIRST, SECOND],
    () => {
      throw new Error('stopped');
    },
  ],
])('when %s, the database is at the version before, and the next start goes on from there', (_, migrations, step) => {
  const raw = open();
  migrate(raw, 5, () => {}, [FIRST]);
  const before = stateOf(raw);
  expect(() => migrate(raw, 6, step, migrations)).toThrow();
  expect([stateOf(raw), raw.isTransaction]).toEqual([before, false]);
  expect(raw.prepare('select x from a').all()).toEqual([]);
  migrate(raw, 7, () => {}, [FIRST, SECOND]);
  expect(stateOf(raw).tables).toEqual(['a', 'b']);
});

test('a database of a newer program is refused with what to do', () => {
  const raw = open();
  migrate(raw, 5, () => {}, [FIRST, SECOND]);
  const before = stateOf(raw);
  const refusal = {
    code: 'conflict',
    message:
      'This database is at version 2, and this program knows versions up to 1. Start the newer program, or restore a backup made before the upgrade.',
  };
  expect(() => migrate(raw, 6, () => {}, [FIRST])).toThrow(expect.objectContaining(refusal));
  expect(stateOf(raw)).toEqual(before);
});

const opening = () => openSqlite(file, 0, () => {});

test('another program’s database is refused, and not a byte of it is changed', () => {
  const foreign = open();
  foreign.exec('create table theirs (x text)');
  foreign.close();
  const before = readFileSync(file);
  expect(opening).toThrow(
    expect.objectContaining({ code: 'conflict', message: expect.stringContaining('not one of Countersign') }),
  );
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('a file that is not a database is refused, and not a byte of it is changed', () => {
  const text = 'not a database, but long enough to look at: '.repeat(100);
  writeFileSync(file, text);
  expect(opening).toThrow(
    expect.objectContaining({ code: 'conflict', message: expect.stringContaining('is not a database') }),
  );
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('a database that is refused is let go', () => {
  const raw = open();
  migrate(raw, 0, () => {}, MIGRATIONS);
  raw.exec(`insert into migration values (99, 'from the future', 0)`);
  expect(opening).toThrow(expect.objectContaining({ code: 'conflict' }));
  expect(raw.prepare('pragma journal_mode = delete').get()).toEqual({ journal_mode: 'delete' }); // needs it alone
  raw.exec('delete from migration where number = 99');
  raw.close();
  opening().close();
});

test('a file that cannot be opened is an outage', () => {
  mkdirSync(file);
  expect(opening).toThrow(
    expect.objectContaining({ code: 'unavailable', detail: 'the database cannot be used: its file cannot be opened' }),
  );
});

test('a damaged database is an outage that names the remedy', () => {
  const database = opening();
  database.close();
  const bytes = readFileSync(file);
  bytes.fill(0xff, 100, 4096);
  writeFileSync(file, bytes);
  expect(opening).toThrow(
    expect.objectContaining({ code: 'unavailable', detail: expect.stringContaining('restore it from a backup') }),
  );
});
