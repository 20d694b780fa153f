import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { usePart } from '#support/parts.ts';

/** A disk of its own; gone with the test, once the processes on it are. */
export function disk(size: string) {
  const { type } = usePart('tmpfs');
  const folder = join(temporaryFolder(), 'disk');
  mkdirSync(folder);
  execFileSync('mount', ['-t', type, '-o', `size=${size},mode=700`, type, folder]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  const remount = (options: string) => execFileSync('mount', ['-o', `remount,${options}`, folder]);
  return { folder, remount };
}

const CHUNK_BYTES = 4096;
const CHUNKS_MAX = 10_000;

/** Writes until nothing more fits. */
export function fill(file: string): void {
  const chunk = Buffer.alloc(CHUNK_BYTES, 1);
  for (let written = 0; written < CHUNKS_MAX; written++) {
    try {
      writeFileSync(file, chunk, { flag: 'a' });
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
      return;
    }
  }
  throw new Error('the disk is larger than it should be');
}
