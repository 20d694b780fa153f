import { DatabaseSync } from 'node:sqlite';

/** The database as somebody uses it who has the file and not the program. */
export function usingRaw<Result>(file: string, use: (raw: DatabaseSync) => Result): Result {
  const raw = new DatabaseSync(file, { enableForeignKeyConstraints: false, timeout: 5_000 }); // a server may write meanwhile
  try {
    return use(raw);
  } finally {
    raw.close();
  }
}
