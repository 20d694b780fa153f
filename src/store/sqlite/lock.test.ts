import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { Refusal } from '#domain/refusal.ts';
import { temporaryFolder } from '#support/folder.ts';
import { holdLock } from './lock.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder, 'lock.db');
});

/** Another process that takes the lock, and is killed while it holds it. */
const DIES_HOLDING = `
  import { holdLock } from '#store/sqlite/lock.ts';
  try {
    holdLock(process.argv[1]);
    console.log('held');
    process.kill(process.pid, 'SIGKILL');
  } catch (error) {
    console.log(error.code, error.message);
  }`;

function anotherProcess() {
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', DIES_HOLDING, file], {
    encoding: 'utf8',
  });
  return { said: stdout.trim(), signal };
}

const inTheWay = () => `Another process holds ${file}. Stop it, or choose another folder with --data.`;

test('a second holder is refused with what to do, until the first lets go', () => {
  const first = holdLock(file);
  expect(() => holdLock(file)).toThrow(expect.objectContaining({ code: 'conflict', message: inTheWay() }));
  first.release();
  holdLock(file).release();
});

test('another process is refused, and is not once this one has let go', () => {
  const lock = holdLock(file);
  expect(anotherProcess()).toEqual({ said: `conflict ${inTheWay()}`, signal: null });
  lock.release();
  expect(anotherProcess()).toEqual({ said: 'held', signal: 'SIGKILL' });
});

test('a process that was killed holds nothing, and leaves no file but the lock', () => {
  expect(anotherProcess()).toEqual({ said: 'held', signal: 'SIGKILL' });
  holdLock(file).release();
  expect(readdirSync(folder)).toEqual(['lock.db']);
});

/** What lies where the lock should; none of it is a second process, and none is harmed. */
test.each([
  {
    what: 'a file that is no database',
    make: () => writeFileSync(file, 'x'.repeat(4_096)),
    words: () => `${file} is not the lock of Countersign. Move it away, or choose another folder with --data.`,
  },
  {
    what: 'a folder',
    make: () => mkdirSync(file),
    words: () => `${file} cannot be opened as a lock. Move away what is there, or choose another folder with --data.`,
  },
])('$what is a refusal that says what to do, and stays as it is', ({ make, words }) => {
  make();
  const before = lstatSync(file);
  expect(() => holdLock(file)).toThrow(expect.objectContaining({ code: 'conflict', message: words() }));
  expect(() => holdLock(file)).toThrow(Refusal);
  expect(lstatSync(file)).toMatchObject({ ino: before.ino, size: before.size, mtimeMs: before.mtimeMs });
  expect(readdirSync(folder)).toEqual(['lock.db']);
});
