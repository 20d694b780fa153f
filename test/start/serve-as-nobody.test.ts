import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { isRoot, NOBODY, runAs } from './spawn.ts';

const { uid } = NOBODY;
const NO_RIGHTS = 'cannot be read and written by this user. Give this user the rights, or choose another.';

let open: string;
let data: string;
beforeEach(() => {
  open = temporaryFolder();
  chmodSync(open, 0o755);
  data = join(open, 'data');
});

const run = (...args: readonly string[]) =>
  runAs(NOBODY, ['serve', '--listen', '127.0.0.1:0', '--data', data, ...args]);

function folderOf(mode: number, owner: number = uid): void {
  mkdirSync(data);
  chownSync(data, owner, owner);
  chmodSync(data, mode);
}

/** Begun by nobody, and then one of its files given to root, as a start by another user leaves it. */
async function begunButFor(file: string): Promise<void> {
  folderOf(0o700);
  expect(await run()).toMatchObject({ signal: 'SIGKILL' });
  chownSync(join(data, file), 0, 0);
  chmodSync(join(data, file), 0o600);
}

describe.skipIf(!isRoot)('as a user who has no rights (needs root, to become one)', () => {
  test.each([
    { what: 'a data folder of another user', make: () => folderOf(0o700, 0), said: () => `The data folder ${data}` },
    {
      what: 'a data folder that cannot be written',
      make: () => folderOf(0o500),
      said: () => `The data folder ${data}`,
    },
    { what: 'a data folder that cannot be read', make: () => folderOf(0o300), said: () => `The data folder ${data}` },
    {
      what: 'a data folder in one that cannot be entered',
      make: () => chmodSync(open, 0o700),
      said: () => `The data folder ${data}`,
    },
    {
      what: 'a data folder that cannot be made',
      make: () => {},
      said: () => `The data folder ${data}`,
    },
    { what: 'a lock of another user', make: () => begunButFor('lock.db'), said: () => join(data, 'lock.db') },
    {
      what: 'a database of another user',
      make: () => begunButFor('countersign.db'),
      said: () => join(data, 'countersign.db'),
    },
    { what: 'a root key of another user', make: () => begunButFor('root.key'), said: () => join(data, 'root.key') },
  ])('$what is refused with what to do', async ({ make, said }) => {
    await make();
    const ended = await run();
    expect(ended).toMatchObject({ code: 1, said: expect.stringContaining(`${said()} ${NO_RIGHTS}`) });
    expect(ended.said).not.toMatch(/\n\s+at /);
  });

  test('a root key is taken from a folder in which nothing can be written', async () => {
    folderOf(0o700);
    const key = join(open, 'the.key');
    writeFileSync(key, Buffer.alloc(32, 9));
    chownSync(key, uid, uid);
    chmodSync(key, 0o400);
    expect(await run('--root-key-file', key)).toMatchObject({
      signal: 'SIGKILL',
      said: expect.stringContaining('Countersign listens on'),
    });
  });

  test('setup-link to a server of another user is refused with what to do', async () => {
    folderOf(0o700, 0);
    expect(await runAs(NOBODY, ['setup-link', '--data', data])).toMatchObject({
      code: 1,
      said: `countersign: The data folder ${data} ${NO_RIGHTS}\n`,
    });
  });
});
