import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { copyCheckout, folderForAll } from '../start/copy.ts';
import { isRoot, NOBODY } from '../start/spawn.ts';
import { countersign, type Env, type Outcome } from './program.ts';

const WORDS = 'Nobody was logged in.';
const SOURCE = join('src', 'cli', 'logout.ts');

/** A clone of this checkout with all installed, and no bundle. */
const clone = join(folderForAll(), 'clone');
const cache = join(clone, '.bundle');
const bin = join(clone, 'bin', 'countersign.js');
const source = join(clone, SOURCE);

beforeAll(() => {
  copyCheckout(clone);
  symlinkSync(resolve('node_modules'), join(clone, 'node_modules'));
});
beforeEach(() => {
  rmSync(cache, { recursive: true, force: true });
  copyFileSync(SOURCE, source);
});

type Ran = Outcome & { readonly from: 'bundle' | 'sources' | 'neither' };

/** Which files a run has loaded, the runtime itself tells: by what it has covered. */
async function run(args: readonly string[] = ['logout'], env: Env = {}, user?: typeof NOBODY): Promise<Ran> {
  const covered = temporaryFolder();
  if (user !== undefined) chownSync(covered, user.uid, user.gid);
  const outcome = await countersign(args, { bin, env: { ...env, NODE_V8_COVERAGE: covered }, ...(user && { user }) });
  const loaded = readdirSync(covered)
    .map((file) => readFileSync(join(covered, file), 'utf8'))
    .join('\n');
  const bundled = loaded.includes('/.bundle/');
  const unbundled = loaded.includes('/src/cli/');
  expect(bundled && unbundled).toBe(false);
  return { ...outcome, from: bundled ? 'bundle' : unbundled ? 'sources' : 'neither' };
}

const edit = (change: (text: string) => string): void => writeFileSync(source, change(readFileSync(source, 'utf8')));
const bundles = (): readonly string[] => readdirSync(cache).filter((name) => /^[0-9a-f]{64}$/.test(name));

describe('the bundle', () => {
  test('is made on first use, silently, and serves from then on', async () => {
    const said = { code: 0, out: `${WORDS}\n`, err: '' };
    expect(await run()).toEqual({ ...said, from: 'bundle' });
    const made = bundles();
    expect(await run()).toEqual({ ...said, from: 'bundle' });
    expect([made.length, bundles()]).toEqual([1, made]);
  });

  test('is never served for sources that have changed since, even where size and time stayed as they were', async () => {
    await run();
    const { atime, mtime } = statSync(source);
    edit((text) => text.replace(WORDS, WORDS.replace('was', 'got')));
    utimesSync(source, atime, mtime);
    expect(await run()).toMatchObject({ out: 'Nobody got logged in.\n', from: 'bundle' });
    edit((text) => text.replace('got', 'was'));
    expect((await run()).out).toBe(`${WORDS}\n`);
    expect(bundles()).toHaveLength(2);
  });

  test('is never served when a file that it was made of is gone', async () => {
    await run();
    rmSync(source);
    const { code, out } = await run();
    expect([code, out]).toEqual([1, '']);
  });

  test('takes in a file that is imported only since', async () => {
    await run();
    writeFileSync(join(clone, 'src', 'cli', 'added.ts'), "export const WORDS = 'Added since.';\n");
    edit((text) => `import { WORDS } from './added.ts';\n${text.replace(`'${WORDS}'`, 'WORDS')}`);
    expect(await run()).toMatchObject({ out: 'Added since.\n', from: 'bundle' });
    writeFileSync(join(clone, 'src', 'cli', 'added.ts'), "export const WORDS = 'Changed since.';\n");
    expect(await run()).toMatchObject({ out: 'Changed since.\n', from: 'bundle' });
  });

  test('two first uses at once both answer, and leave one whole bundle', async () => {
    const both = await Promise.all([run(), run()]);
    expect(both.map(({ code, out, err }) => [code, out, err])).toEqual([
      [0, `${WORDS}\n`, ''],
      [0, `${WORDS}\n`, ''],
    ]);
    expect(bundles()).toHaveLength(1);
    expect((await run()).from).toBe('bundle');
  });

  test.each([
    { what: 'was cut short', spoil: (folder: string) => truncateSync(join(folder, 'client.js'), 1000) },
    { what: 'is empty', spoil: (folder: string) => truncateSync(join(folder, 'client.js'), 0) },
    {
      what: 'lacks a file',
      spoil: (folder: string) =>
        rmSync(join(folder, readdirSync(folder).find((name) => name.startsWith('logout')) ?? '')),
    },
    {
      what: 'was touched',
      spoil: (folder: string) => writeFileSync(join(folder, 'client.js'), "console.log('other')"),
    },
    { what: 'has lost its seal', spoil: (folder: string) => rmSync(join(folder, 'seal')) },
    { what: 'has a list that was cut short', spoil: () => truncateSync(join(cache, 'inputs.json'), 5) },
  ])('that $what is made again', async ({ spoil }) => {
    await run();
    const [folder = ''] = bundles();
    spoil(join(cache, folder));
    expect(await run()).toEqual({ code: 0, out: `${WORDS}\n`, err: '', from: 'bundle' });
    expect(bundles()).toEqual([folder]);
  });

  test('that is old and made again is not pruned as it is chosen', async () => {
    await run();
    const [folder = ''] = bundles();
    const old = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
    utimesSync(join(cache, folder), old, old);
    rmSync(join(cache, 'inputs.json'));
    expect(await run()).toEqual({ code: 0, out: `${WORDS}\n`, err: '', from: 'bundle' });
    expect(bundles()).toEqual([folder]);
  });

  test('that was being made when its process was killed is in nobody’s way', async () => {
    mkdirSync(join(cache, 'part-killed'), { recursive: true });
    writeFileSync(join(cache, 'part-killed', 'client.js'), 'half');
    expect(await run()).toMatchObject({ code: 0, from: 'bundle' });
  });

  test('that cannot be kept is none: the sources answer the same, and nothing is said of it', async () => {
    writeFileSync(cache, 'no folder can be made where this file is');
    expect(await run()).toEqual({ code: 0, out: `${WORDS}\n`, err: '', from: 'sources' });
  });

  test('is for what asks a server; the server and its operator run from the sources, and make none', async () => {
    expect((await run(['setup-link', '--data', join(clone, 'none')])).code).toBe(1);
    expect((await run(['help'])).out).toContain('tokens create NAME');
    expect((await run(['whoami', '--help'])).out).toContain('Usage: countersign');
    expect((await run(['--version'])).from).toBe('neither');
    expect(existsSync(cache)).toBe(false);
  });

  test('is for every command of src/cli that the usage names', () => {
    const list = /new Set\(\[(.*?)\]\)/s.exec(readFileSync('bin/bundled.js', 'utf8'))?.[1] ?? '';
    const bundled = [...list.matchAll(/'([a-z-]+)'/g)].map(([, name]) => name);
    const table = [...readFileSync('src/main/bin.ts', 'utf8').matchAll(/^ {2}'?([a-z-]+)'?: client,$/gm)].map(
      ([, name]) => name,
    );
    expect(bundled).toEqual(table);
    const own = [...readFileSync('src/cli/run.ts', 'utf8').matchAll(/^ {2}'?([a-z-]+)[a-z ]*'?: async/gm)].map(
      ([, name]) => name,
    );
    expect([...new Set(own)]).toEqual(table);
  });
});

describe.skipIf(!isRoot)('of a checkout that is another user’s (needs root, to become one)', () => {
  test('there is none until its owner has made it; who cannot write runs from the sources', async () => {
    chmodSync(join(clone, '..'), 0o755);
    const said = { code: 0, out: `${WORDS}\n`, err: '' };
    expect(await run(['logout'], { XDG_CONFIG_HOME: '/no-such-folder' }, NOBODY)).toEqual({ ...said, from: 'sources' });
    await run();
    expect(await run(['logout'], { XDG_CONFIG_HOME: '/no-such-folder' }, NOBODY)).toEqual({ ...said, from: 'bundle' });
  });
});

describe.skipIf(!has('older-node'))(needing('older-node', 'under an older Node'), () => {
  test('the command runs from the bundle on the Node that npm has installed, which is asked for its version once', async () => {
    const { node } = usePart('older-node');
    const mark = join(cache, 'node');
    const runs = () => countersign(['logout'], { bin, node });
    expect(await runs()).toEqual({ code: 0, out: `${WORDS}\n`, err: '' });
    const asked = readFileSync(mark, 'utf8');
    expect([bundles().length, (await runs()).out, readFileSync(mark, 'utf8')]).toEqual([1, `${WORDS}\n`, asked]);
    writeFileSync(mark, asked.slice(1));
    expect([(await runs()).code, readFileSync(mark, 'utf8')]).toEqual([0, asked]);
  });
});
