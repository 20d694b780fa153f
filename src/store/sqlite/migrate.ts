import type { DatabaseSync } from 'node:sqlite';
import type { Step } from '#ports/step.ts';
import { SQLITE } from '../sql/engine.ts';
import { MIGRATIONS, type Migration } from '../sql/migrations.ts';
import { type Done, foreign, pending } from '../sql/pending.ts';

/** "CtSn": how a database of ours is told from any other file of SQLite. */
const APPLICATION_ID = 0x4374536e;
export const ELSEWHERE = 'Choose another folder with --data.';

/** Brings the database to this program's shape; refuses one that is not ours, untouched, or that a newer program has shaped. */
export function migrate(raw: DatabaseSync, now: number, step: Step, migrations = MIGRATIONS): void {
  refuseForeign(raw);
  raw.exec(`pragma journal_mode = wal; pragma application_id = ${APPLICATION_ID};
    create table if not exists migration (number integer primary key, name text not null, applied_at integer not null)`);
  const done = raw.prepare('select number, name from migration').all() as unknown as readonly Done[];
  for (const migration of pending(done, ELSEWHERE, migrations)) apply(raw, migration, now, step);
}

function apply(raw: DatabaseSync, { number, name, statements }: Migration, now: number, step: Step): void {
  raw.exec('begin immediate');
  try {
    for (const statement of statements(SQLITE.types)) raw.exec(statement);
    raw.prepare('insert into migration (number, name, applied_at) values (?, ?, ?)').run(number, name, now);
    step('migration.written');
    raw.exec('commit');
  } catch (error) {
    if (raw.isTransaction) raw.exec('rollback');
    throw error;
  }
}

function refuseForeign(raw: DatabaseSync): void {
  const id = raw.prepare('pragma application_id').get()?.application_id;
  const tables = raw.prepare('select count(*) as n from sqlite_schema').get()?.n;
  if (id !== APPLICATION_ID && tables !== 0) throw foreign('The database in this folder', ELSEWHERE);
}
