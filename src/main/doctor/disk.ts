import { closeSync, existsSync, fsyncSync, openSync, rmSync, type StatsFs, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PART } from '../new-file.ts';
import { naming } from '../system-refusal.ts';
import type { Check } from './check.ts';
import { bytesInWords, type Finding, failed, ok, skipped, together, warning } from './finding.ts';

const FREE_BYTES_WARN = 1024 ** 3;
const FREE_BYTES_FAIL = 100 * 1024 ** 2;
const FREE_PART_WARN = 0.1;
/** Of a commit each waits for one: more is felt. */
const SYNC_MS_WARN = 50;
const SYNC_TIMES = 3;
/** A page of the database. */
const WRITTEN_BYTES = 4_096;

type Space = Pick<StatsFs, 'bavail' | 'blocks' | 'bsize' | 'ffree' | 'files'>;

const ROOM =
  'Make room, or move the data folder to a larger disk: without room nothing can be written, and creates answer 503.';

export function spaceFinding(data: string, { bavail, blocks, bsize, ffree, files }: Space): Finding {
  const free = bavail * bsize;
  const words = `${bytesInWords(free)} of ${bytesInWords(blocks * bsize)} are free where ${data} is.`;
  if (free < FREE_BYTES_FAIL) return failed(words, ROOM);
  const isLow = free < FREE_BYTES_WARN || bavail < blocks * FREE_PART_WARN;
  const space = isLow ? warning(words, ROOM) : ok(words);
  const hasFewFiles = files > 0 && ffree < files * FREE_PART_WARN; // some file systems do not count them
  if (!hasFewFiles) return space;
  const inodes = `${ffree} of ${files} inodes are free where ${data} is.`;
  return together([
    space,
    warning(inodes, 'Remove files: with no inode left none can be made, whatever room there is.'),
  ]);
}

const space: Check = {
  name: 'disk-space',
  run({ config: { data } }) {
    if (!existsSync(data)) return skipped(`${data} is not there: a start makes it.`);
    return spaceFinding(
      data,
      naming(`The data folder ${data}`, () => statfsSync(data)),
    );
  },
};

export function syncFinding(timesMs: readonly number[]): Finding {
  const median = timesMs.toSorted((one, other) => one - other)[timesMs.length >> 1] ?? 0;
  const words = `A file was written, synced and removed; syncing took ${median.toFixed(1)} ms (median of ${timesMs.length}).`;
  if (median <= SYNC_MS_WARN) return ok(words);
  return warning(
    `${words} On SQLite every commit waits so long.`,
    'Use a faster disk, local rather than across a network; or see what else keeps this one busy (iostat -x 1).',
  );
}

const sync: Check = {
  name: 'disk-sync',
  run({ config: { data } }) {
    if (!existsSync(data)) return skipped(`${data} is not there: a start makes it.`);
    const file = join(data, `doctor-${process.pid}${PART}`);
    return syncFinding(naming(`A new file in the data folder ${data}`, () => syncedIn(file)));
  },
};

/** Milliseconds that each sync took of a file that is gone again. */
function syncedIn(file: string): readonly number[] {
  const opened = openSync(file, 'wx', 0o600);
  try {
    return Array.from({ length: SYNC_TIMES }, () => {
      writeSync(opened, Buffer.alloc(WRITTEN_BYTES, 1));
      const begun = performance.now();
      fsyncSync(opened);
      return performance.now() - begun;
    });
  } finally {
    closeSync(opened);
    rmSync(file, { force: true });
  }
}

export const DISK_CHECKS: readonly Check[] = [space, sync];
