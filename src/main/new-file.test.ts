import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { PART, writeNew } from './new-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder, 'new');
});

test.each([
  { what: 'text', content: 'content', bytes: Buffer.from('content') },
  { what: 'bytes', content: Buffer.of(0, 255, 10), bytes: Buffer.of(0, 255, 10) },
])('$what is written as it is, for its owner alone, and nothing is left beside it', ({ content, bytes }) => {
  const before = process.umask(0);
  try {
    expect(writeNew(file, content)).toBe(true);
  } finally {
    process.umask(before);
  }
  expect(readFileSync(file)).toEqual(bytes);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['new']);
});

test('what is there is never replaced', () => {
  writeFileSync(file, 'theirs');
  expect(writeNew(file, 'ours')).toBe(false);
  expect(readFileSync(file, 'utf8')).toBe('theirs');
  expect(readdirSync(folder)).toEqual(['new']);
});

test('a folder that is there is never replaced', () => {
  mkdirSync(file);
  expect(writeNew(file, 'ours')).toBe(false);
  expect(statSync(file).isDirectory()).toBe(true);
});

test.each([
  { to: 'a file', make: (target: string) => writeFileSync(target, 'theirs') },
  { to: 'nothing', make: () => {} },
])('a link to $to that is there is never followed and never replaced', ({ make }) => {
  const target = join(temporaryFolder(), 'target');
  make(target);
  const before = existsSync(target) && readFileSync(target, 'utf8');
  symlinkSync(target, file);
  expect(writeNew(file, 'ours')).toBe(false);
  expect(existsSync(target) && readFileSync(target, 'utf8')).toBe(before);
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
});

test.each([
  { what: 'a part of a start that was killed', make: (part: string) => writeFileSync(part, 'half', { mode: 0o644 }) },
  {
    what: 'a link that somebody put there',
    make: (part: string, target: string) => symlinkSync(target, part),
  },
])('$what is neither reused nor followed', ({ make }) => {
  const target = join(temporaryFolder(), 'target');
  writeFileSync(target, 'theirs');
  make(file + PART, target);
  expect(writeNew(file, 'ours')).toBe(true);
  expect([readFileSync(file, 'utf8'), readFileSync(target, 'utf8')]).toEqual(['ours', 'theirs']);
  expect(lstatSync(file).isFile()).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['new']);
});

test('what somebody calls a part themselves is theirs, and stays', () => {
  writeFileSync(`${file}.part`, 'theirs');
  expect(writeNew(file, 'ours')).toBe(true);
  expect(readFileSync(`${file}.part`, 'utf8')).toBe('theirs');
  expect(readdirSync(folder)).toEqual(['new', 'new.part']);
});

test('until it is complete, it is not there', () => {
  const seen: unknown[] = [];
  writeNew(file, 'ours', () => seen.push(existsSync(file), readFileSync(file + PART, 'utf8')));
  expect(seen).toEqual([false, 'ours']);
});

test('who comes first meanwhile stays', () => {
  expect(writeNew(file, 'ours', () => writeFileSync(file, 'theirs'))).toBe(false);
  expect(readFileSync(file, 'utf8')).toBe('theirs');
});

test('what the system refuses is thrown, and leaves nothing', () => {
  expect(() => writeNew(join(folder, 'nowhere', 'new'), 'ours')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  expect(() =>
    writeNew(file, 'ours', () => {
      throw new Error('stopped');
    }),
  ).toThrow('stopped');
  expect(readdirSync(folder)).toEqual([]);
});
