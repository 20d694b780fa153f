import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Refusal } from '#domain/refusal.ts';
import type { FileCheck } from '#store/sqlite/findings.ts';
import { pathsIn } from '../data-folder.ts';
import type { Check } from './check.ts';
import { bytesInWords, type Finding, failed, ok, spanInWords, together, warning } from './finding.ts';
import type { Scene } from './scene.ts';

/** What the engine writes back by itself at 4 MiB: whoever is far beyond has a reader that never ends. */
const LOG_BYTES_WARN = 256 * 1024 ** 2;
const FULL = 2;
/** Nobody is kept waiting longer for a large file; `--deep` is patient. */
const FILE_MS_MAX = 10_000;
const OUTPUT_BYTES_MAX = 1024 ** 2;

const log: Check = {
  name: 'sqlite-log',
  on: 'SQLite',
  async run(scene) {
    const sqlite = await scene.sqlite();
    const [mode, synchronous] = [sqlite.journalMode(), sqlite.synchronous()];
    return together([
      mode === 'wal'
        ? ok('The journal is a write-ahead log.')
        : warning(`The journal is "${mode}", not a write-ahead log.`, 'The next start mends that: restart the server.'),
      synchronous === FULL
        ? ok('Each commit is synced.')
        : failed(`Commits are not synced (synchronous = ${synchronous}).`, 'Report this: no setting does that.'),
      logSize(`${pathsIn(scene.config.data).database}-wal`),
    ]);
  },
};

function logSize(file: string): Finding {
  const bytes = existsSync(file) ? statSync(file).size : 0;
  if (bytes <= LOG_BYTES_WARN) return ok(`${bytesInWords(bytes)} wait to be written back.`);
  return warning(
    `The write-ahead log ${file} has ${bytesInWords(bytes)}: something reads without an end, and keeps it from being written back.`,
    'End whatever else has the database open (lsof), or restart the server.',
  );
}

const file: Check = {
  name: 'sqlite-file',
  on: 'SQLite',
  isLong: true,
  run: (scene) => looked(scene, scene.isDeep ? 'pages-and-indexes' : 'pages', DAMAGED),
};

const links: Check = {
  name: 'sqlite-links',
  on: 'SQLite',
  isLong: true,
  run: (scene) => looked(scene, 'foreign-keys', ORPHANS),
};

type Words = { readonly good: string; readonly bad: string; readonly remedy: string };
const DAMAGED: Words = {
  good: 'The file is whole',
  bad: 'The file is damaged',
  remedy: 'Stop the server, keep a copy of the files, and put the database back from a backup. Then see the disk.',
};
const ORPHANS: Words = {
  good: 'Every row that a row names is there',
  bad: 'Rows name others that are not there',
  remedy: 'Something else has written to the database: put it back from a backup made before.',
};

/**
 * In a process of its own: the engine reads the whole file in one call, which nothing but the end of the process ends.
 * Of the environment it gets nothing.
 */
async function looked(scene: Scene, check: FileCheck, { good, bad, remedy }: Words): Promise<Finding> {
  await scene.sqlite();
  const { database } = pathsIn(scene.config.data);
  const args = [fileURLToPath(new URL('./file-check.ts', import.meta.url)), check, database];
  const bound = {
    timeout: scene.isDeep ? 0 : FILE_MS_MAX,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
  } as const;
  const begun = performance.now();
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { ...bound, env: {} });
    const findings = JSON.parse(stdout) as readonly string[];
    const took = `${check}, in ${spanInWords(Math.round(performance.now() - begun))}`;
    return findings.length === 0
      ? ok(`${good} (${took}).`)
      : failed(`${bad} (${took}): ${findings.join('; ')}.`, remedy);
  } catch (error) {
    return unended(error, database);
  }
}

function unended(error: unknown, database: string): Finding {
  const { killed, stderr = '' } = error as { readonly killed?: boolean; readonly stderr?: string };
  if (!killed)
    throw new Refusal('conflict', stderr.trim() || 'The process that should have read the file ended before it had.');
  const size = bytesInWords(statSync(database).size);
  return warning(
    `${database} (${size}) was not read to its end in ${spanInWords(FILE_MS_MAX)}.`,
    'Nothing was found so far: --deep takes as long as it takes.',
  );
}

export const SQLITE_CHECKS: readonly Check[] = [log, file, links];
