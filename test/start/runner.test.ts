import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { folderForAll } from './copy.ts';

const folder = folderForAll();
const TEST = `import { test } from 'vitest';`;
const PASSING = `${TEST} test('fine', () => {});`;

/** The runner over these test files only, each of its own name; what was required of us is not of it. */
async function runner(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(folder, 'root-'));
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, `${name}.test.ts`), text);
  const env = { ...process.env, COUNTERSIGN_TEST_REQUIRE: '', COUNTERSIGN_TEST_RAN: '', TMPDIR: root, ROOT: root };
  const child = spawn(process.execPath, ['scripts/test.ts', '--root', root], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.resume();
  const ended = once(child, 'close').then(([code]) => ({ code, stdout, last: stdout.trimEnd().split('\n').at(-1) }));
  return { root, child, ended };
}

const outcomeOf = async (files: Readonly<Record<string, string>>) => (await runner(files)).ended;

test('what passes, fails and is skipped is counted, and the skipped are named', async () => {
  const { code, stdout, last } = await outcomeOf({
    pass: PASSING,
    mixed: `${TEST} test('bad', () => { throw new Error('no'); }); test.skip('left out', () => {}); test.todo('later');`,
  });
  expect([code, last]).toEqual([1, '1 passed, 1 failed, 2 skipped']);
  expect(stdout).toMatch(/^skipped: .*mixed\.test\.ts > left out$/m);
  expect(stdout).toMatch(/^skipped: .*mixed\.test\.ts > later$/m);
});

test.each([
  { what: 'only tests that pass', text: PASSING, code: 0, last: '1 passed, 0 failed, 0 skipped' },
  { what: 'no test', text: undefined, code: 1, last: '0 passed, 1 failed, 0 skipped' },
  {
    what: 'only skipped tests',
    text: `${TEST} test.skip('x', () => {});`,
    code: 1,
    last: '0 passed, 1 failed, 1 skipped',
  },
  { what: 'a file that does not load', text: `import './absent.ts';`, code: 1, last: '1 passed, 1 failed, 0 skipped' },
  {
    what: 'a hook that fails',
    text: `import { beforeAll, test } from 'vitest'; beforeAll(() => { throw new Error(); }); test('x', () => {});`,
    code: 1,
    last: '1 passed, 1 failed, 1 skipped',
  },
  {
    what: 'an error that no test caught',
    text: `${TEST} test('x', () => { setTimeout(() => { throw new Error('late'); }); return new Promise((done) => setTimeout(done, 50)); });`,
    code: 1,
    last: '2 passed, 1 failed, 0 skipped',
  },
])('a run with $what ends with $code: $last', async ({ what, text, code, last }) => {
  const first = what.startsWith('a') ? { first: PASSING } : {};
  const outcome = await outcomeOf(text === undefined ? {} : { ...first, text });
  expect([outcome.code, outcome.last]).toEqual([code, last]);
});

test('a signal ends it and what its tests had started', async () => {
  const { root, child, ended } = await runner({
    starts: `import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs'; ${TEST}
      test('x', async () => {
        const { pid } = spawn('sleep', ['300'], { stdio: 'ignore' });
        writeFileSync(process.env.ROOT + '/pid', String(pid));
        await new Promise((done) => setTimeout(done, 20_000));
      });`,
  });
  await expect.poll(() => existsSync(join(root, 'pid')), { timeout: 15_000 }).toBe(true);
  child.kill('SIGTERM');
  expect((await ended).code).toBe(143);
  await expect.poll(() => isRunning(Number(readFileSync(join(root, 'pid'), 'utf8')))).toBe(false);
});

/** A process that has ended but whose parent has not yet asked for it has no command line any more. */
function isRunning(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) && readFileSync(file, 'utf8') !== '';
}
