import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { wait } from '../child.ts';

const SQLITE_BUSY = 5;
const POLL_MS = 200;

/** One start at a time. SQLite's lock, because the system takes it back from a process that was killed. */
export async function locked<Result>(folder: string, act: () => Promise<Result>): Promise<Result> {
  mkdirSync(folder, { recursive: true });
  const lock = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 });
  try {
    while (!isTaken(lock)) await wait(POLL_MS);
    return await act();
  } finally {
    lock.close();
  }
}

function isTaken(lock: DatabaseSync): boolean {
  try {
    lock.exec('begin exclusive');
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
