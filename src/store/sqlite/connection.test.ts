import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { openConnection } from './connection.ts';
import { migrate } from './migrate.ts';

function open() {
  const file = join(temporaryFolder(), 'store.db');
  const writing = openConnection(file);
  migrate(writing.raw, 0, () => {});
  const reading = openConnection(file, { readOnly: true });
  onTestFinished(() => {
    for (const { raw } of [reading, writing]) if (raw.isOpen) raw.close();
  });
  return { file, writing, reading };
}

const SETTINGS = ['synchronous', 'journal_mode', 'secure_delete', 'temp_store', 'foreign_keys', 'busy_timeout'];
const settingsOf = (raw: DatabaseSync) =>
  Object.assign(
    {},
    ...SETTINGS.map((name) => ({ [name]: Object.values(raw.prepare(`pragma ${name}`).get() ?? {})[0] })),
  );

test('a commit waits for the disk, and what is deleted is overwritten; no kill can show it, so the settings are read back', () => {
  const { writing, reading } = open();
  const settings = {
    ...{ synchronous: 2, journal_mode: 'wal', secure_delete: 1, temp_store: 2, foreign_keys: 1, busy_timeout: 200 },
  };
  expect(settingsOf(writing.raw)).toEqual(settings);
  expect(settingsOf(reading.raw)).toEqual(settings);
});

test.each([
  ['deleted', 'delete from wrapped_key'],
  ['replaced', `update wrapped_key set wrapped = x'00'`],
])('a value that was %s is in no file any more once the log is written back', (_, forget) => {
  const { file, writing } = open();
  const planted = Buffer.from('planted-'.repeat(40));
  writing.raw
    .prepare('insert into wrapped_key (id, purpose, wrapped, created_at) values (?, ?, ?, 1)')
    .run('k', 'row-mac', planted);
  const inFiles = () => {
    writing.raw.exec('pragma wal_checkpoint(truncate)');
    return [file, `${file}-wal`].map((one) => readFileSync(one).includes('planted-'));
  };
  expect(inFiles()).toEqual([true, false]);
  writing.raw.exec(forget);
  expect(inFiles()).toEqual([false, false]);
});

test('a statement on a connection that only reads is an outage, not a bug', async () => {
  const { reading } = open();
  const write = reading.db.updateTable('change_counter').set({ sequence: 9 }).execute();
  await expect(write).rejects.toMatchObject({
    code: 'unavailable',
    detail: 'the database cannot be used: it, or its folder, is read-only',
  });
});

test('a read of a closed connection is an outage, not an absence', async () => {
  const { reading } = open();
  const read = () => reading.db.selectFrom('tenant').selectAll().execute();
  expect(await read()).toEqual([]);
  reading.raw.close();
  await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
});

test('a statement that is wrong is a bug, not an outage', async () => {
  const { writing } = open();
  const wrong = writing.db
    .selectFrom('nowhere' as 'tenant')
    .selectAll()
    .execute();
  await expect(wrong).rejects.toMatchObject({ code: 'ERR_SQLITE_ERROR', message: 'no such table: nowhere' });
});

test('more texts than are kept prepared still run', async () => {
  const { reading } = open();
  for (let columns = 1; columns <= 600; columns++) {
    const names = Array.from({ length: columns }, (_, at) => `name as n${at}` as const);
    expect(await reading.db.selectFrom('tenant').select(names).execute()).toEqual([]);
  }
});
