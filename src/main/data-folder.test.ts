import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { dataFolder } from './data-folder.ts';
import { PART } from './new-file.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const put = (name: string) => writeFileSync(join(folder, name), '');

test('one that is missing is made, for its owner alone', () => {
  const made = join(folder, 'deep', 'data');
  dataFolder(made, []);
  expect(statSync(made).mode & 0o777).toBe(0o700);
});

test.each(['root.key', 'lock.db', 'control.sock', 'lost+found', `root.key${PART}`])(
  'beside no database %s is ours',
  (name) => {
    put(name);
    dataFolder(folder, []);
  },
);

test.each(['notes.txt', 'movie.part', 'root.key.part', '.countersign-part.txt'])(
  'beside no database %s is somebody else’s: the folder is refused, and it stays',
  (name) => {
    put(name);
    expect(() => dataFolder(folder, [])).toThrow(
      expect.objectContaining({ code: 'conflict', message: expect.stringContaining(`other files (${name})`) }),
    );
    expect(readdirSync(folder)).toEqual([name]);
  },
);

test.each([
  { how: 'as it is', path: (file: string) => file },
  { how: 'by another way', path: (file: string) => relative(process.cwd(), file) },
  {
    how: 'in a roundabout way',
    path: (file: string) => `${folder}/x/../${basename(file)}`,
  },
])('a file that a setting names $how is no stranger', ({ path }) => {
  put('password');
  dataFolder(folder, [path(join(folder, 'password'))]);
});

describe.skipIf(process.platform === 'win32')('who may write there', () => {
  test.each([0o777, 0o770, 0o707, 0o775])('others may not: mode %o is refused', (mode) => {
    const shared = join(folder, 'data');
    mkdirSync(shared);
    chmodSync(shared, mode);
    expect(() => dataFolder(shared, [])).toThrow(
      expect.objectContaining({ code: 'conflict', message: expect.stringContaining(`chmod go-rwx ${shared}`) }),
    );
  });

  test.each([0o755, 0o750, 0o700])('its owner may: mode %o is taken', (mode) => {
    chmodSync(folder, mode);
    expect(dataFolder(folder, []).database).toBe(join(folder, 'countersign.db'));
  });
});
