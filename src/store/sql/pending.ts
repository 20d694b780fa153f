import { Refusal } from '#domain/refusal.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';

/** What a database says of itself: the migrations that it has been through. */
export type Done = { readonly number: number; readonly name: string };

/**
 * Migrations that a database still needs. Refuses one that a newer program has shaped, and one whose migrations were
 * others: before the first release one may still change, and has another name then. `elsewhere` is how to choose another.
 */
export function pending(
  done: readonly Done[],
  elsewhere: string,
  migrations: readonly Migration[] = MIGRATIONS,
): readonly Migration[] {
  const [last, known] = [Math.max(0, ...done.map(({ number }) => number)), migrations.length];
  if (last > known) throw newer(last, known);
  const isSame = done.every(({ number, name }) => migrations[number - 1]?.name === name);
  if (!isSame) throw unreleased(elsewhere);
  return migrations.slice(last);
}

const newer = (last: number, known: number): Refusal =>
  new Refusal(
    'conflict',
    `This database is at version ${last}, and this program knows versions up to ${known}. ` +
      'Start the newer program, or restore a backup made before the upgrade.',
  );

const unreleased = (elsewhere: string): Refusal =>
  new Refusal(
    'conflict',
    `This database was made by an unreleased version, whose databases cannot be taken over. ${elsewhere}`,
  );

export const foreign = (where: string, elsewhere: string): Refusal =>
  new Refusal('conflict', `${where} is not one of Countersign. ${elsewhere}`);
