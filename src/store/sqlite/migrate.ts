import type { DatabaseSync } from 'node:sqlite';
import { Refusal } from '#domain/refusal.ts';
import type { Step } from '#ports/step.ts';
import { type ColumnTypes, MIGRATIONS, type Migration } from '../sql/migrations.ts';

const TYPES: ColumnTypes = { bytes: 'blob', instant: 'integer', count: 'integer', keyed: 'without rowid' };

/** "CtSn": how a database of ours is told from any other file of SQLite. */
const APPLICATION_ID = 0x4374536e;

/** Brings the database to this program's shape; refuses one that is not ours, untouched, or that a newer program has shaped. */
export function migrate(raw: DatabaseSync, now: number, step: Step, migrations = MIGRATIONS): void {
  refuseForeign(raw);
  raw.exec(`pragma journal_mode = wal; pragma application_id = ${APPLICATION_ID};
    create table if not exists migration (number integer primary key, name text not null, applied_at integer not null)`);
  const done = Number(raw.prepare('select coalesce(max(number), 0) as done from migration').get()?.done);
  const known = migrations.length;
  if (done > known) {
    const newer = `This database is at version ${done}, and this program knows versions up to ${known}.`;
    throw new Refusal('conflict', `${newer} Start the newer program, or restore a backup made before the upgrade.`);
  }
  refuseUnreleased(raw, migrations);
  for (const migration of migrations.slice(done)) apply(raw, migration, now, step);
}

function apply(raw: DatabaseSync, { number, name, statements }: Migration, now: number, step: Step): void {
  raw.exec('begin immediate');
  try {
    for (const statement of statements(TYPES)) raw.exec(statement);
    raw.prepare('insert into migration (number, name, applied_at) values (?, ?, ?)').run(number, name, now);
    step('migration.written');
    raw.exec('commit');
  } catch (error) {
    if (raw.isTransaction) raw.exec('rollback');
    throw error;
  }
}

/** Before the first release a migration may still change; one that has changed has another name. */
function refuseUnreleased(raw: DatabaseSync, migrations: readonly Migration[]): void {
  const done = raw.prepare('select number, name from migration').all();
  if (done.every(({ number, name }) => migrations[Number(number) - 1]?.name === name)) return;
  throw new Refusal(
    'conflict',
    'This database was made by an unreleased version, whose databases cannot be taken over. Choose another folder with --data.',
  );
}

function refuseForeign(raw: DatabaseSync): void {
  const id = raw.prepare('pragma application_id').get()?.application_id;
  const tables = raw.prepare('select count(*) as n from sqlite_schema').get()?.n;
  if (id === APPLICATION_ID || tables === 0) return;
  throw new Refusal(
    'conflict',
    'The database in this folder is not one of Countersign. Choose another folder with --data.',
  );
}
