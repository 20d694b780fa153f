import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { namingNew } from './system-refusal.ts';

/** Ends the name of a file that is being written; nothing of anybody else's is called so. */
export const PART = '.countersign-part';

/**
 * Writes a file that only its owner can read, durably; false, and nothing written, when there is one already. A link,
 * unlike a rename, never replaces; and what it names is complete, so a kill leaves no half file.
 */
export function writeNew(file: string, content: Uint8Array | string, partWritten = () => {}): boolean {
  const part = `${file}${PART}`;
  rmSync(part, { force: true }); // of a start that was killed, or put there by somebody: never followed, never reused
  try {
    durably(part, 'wx', (opened) => writeFileSync(opened, content));
    partWritten();
    linkSync(part, file);
    if (process.platform !== 'win32') durably(dirname(file), 'r'); // there, a folder cannot be opened
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(part, { force: true });
  }
}

/** Refuses what `writeNew` would fail at, without a trace; a folder that will be made before is taken for one that is there. */
export function refuseUnmakeable(file: string, what: string, willBeMade: string): void {
  const folder = dirname(file);
  if (resolve(folder) === resolve(willBeMade) && !existsSync(folder)) return;
  namingNew(what, file, () => accessSync(`${folder}/.`, constants.W_OK | constants.X_OK));
}

function durably(path: string, flags: string, use: (opened: number) => void = () => {}): void {
  const opened = openSync(path, flags, 0o600);
  try {
    use(opened);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
