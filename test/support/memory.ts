import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const SHARED_MEMORY = '/dev/shm';
/** Containers often have 64 MB there. */
const FREE_BYTES_MIN = 1_000_000_000;

/**
 * Where to put databases of which no test asks that they outlive the machine: in memory, where that is to be had, as
 * waiting for a disk would be most of the time that they take. The runner takes its own away again.
 */
export function folderInMemory(): string {
  const given = process.env.COUNTERSIGN_TEST_MEMORY;
  if (given !== undefined) return given;
  return hasMemory() ? SHARED_MEMORY : tmpdir();
}

function hasMemory(): boolean {
  if (!existsSync(SHARED_MEMORY)) return false;
  const { bavail, bsize } = statfsSync(SHARED_MEMORY);
  return bavail * bsize > FREE_BYTES_MIN;
}
