import { closeSync, fsyncSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import type { NewFile } from '#cli/here.ts';
import { Refusal } from '#domain/refusal.ts';
import { namingNew } from './system-refusal.ts';

const OWNER_ONLY = 0o600;
/** More than any token has. */
const ROOM_BYTES = 4096;

/**
 * A new file for a value that does not exist yet, and room for it on the disk: what could go wrong with the file goes
 * wrong before there is a value to lose. Nothing is overwritten or followed. Gone again when its value never comes.
 */
export function takeFile(path: string): NewFile {
  const opened = namingNew(`The file ${path}`, path, () => openNew(path));
  const discard = () => rmSync(path, { force: true });
  const forget = onEnd(discard);
  return {
    keep: (text) => {
      forget();
      put(opened, text);
      closeSync(opened);
    },
    discard: () => {
      forget();
      closeSync(opened);
      discard();
    },
  };
}

function openNew(path: string): number {
  const opened = openedNew(path);
  try {
    put(opened, ' '.repeat(ROOM_BYTES));
    return opened;
  } catch (error) {
    closeSync(opened);
    rmSync(path, { force: true });
    throw error;
  }
}

function openedNew(path: string): number {
  try {
    return openSync(path, 'wx', OWNER_ONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Refusal('conflict', `The file ${path} is there already, and is never overwritten. Name another.`);
  }
}

/** All of it, and nothing that was there before. */
function put(opened: number, text: string): void {
  const bytes = Buffer.from(text);
  writeSync(opened, bytes, 0, bytes.length, 0);
  ftruncateSync(opened, bytes.length);
  fsyncSync(opened);
}

/** When a signal ends the process in between. */
function onEnd(discard: () => void): () => void {
  const ends = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
    const end = () => {
      discard();
      process.exit(128 + constants.signals[signal]);
    };
    process.once(signal, end);
    return () => process.off(signal, end);
  });
  return () => {
    for (const off of ends) off();
  };
}

/** Replaces a file as a whole: whoever reads it finds the old text or the new one. */
export function replaceFile(path: string, text: string): void {
  const part = `${path}.${process.pid}`;
  rmSync(part, { force: true });
  const opened = openSync(part, 'wx', OWNER_ONLY);
  try {
    put(opened, text);
    closeSync(opened);
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
}
