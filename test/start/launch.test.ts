import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { has, needing, usePart } from '#support/parts.ts';
import { copyCheckout, fakeNpm, folderForAll, startIn, whenSaid } from './copy.ts';

/** What a cold start may take. */
const INSTALL_MS_MAX = 180_000;
const packageJson = JSON.parse(readFileSync('package.json', 'utf8'));

/** Says under which Node it runs, then does what it was asked to. */
const PROBE = `const [what, code] = process.argv.slice(2);
console.log(process.version);
if (what === 'exit') process.exit(Number(code));
if (what === 'stay' || what === 'catch') setInterval(() => {}, 1000);
if (what === 'catch') process.on('SIGTERM', () => process.exit(Number(code)));
console.log('ready');`;

const PROBE_SCRIPT = 'node bin/launch.js probe.js stay';

const NEW_ENOUGH = /^v(24\.([7-9]|\d\d)|2[5-9]|[3-9]\d)\./;
const INSTALLING = 'installing what is missing';

describe.skipIf(!has('older-node'))(
  needing('older-node', 'a fresh clone on an older Node'),
  { timeout: 60_000 },
  () => {
    const folder = folderForAll();
    const clone = join(folder, 'clone');
    const modules = join(clone, 'node_modules');
    const start = (args: readonly string[], npm?: string) =>
      startIn(clone, [...(npm === undefined ? [] : [npm]), usePart('older-node').bin], ['node', ...args]);
    const run = (args: readonly string[], npm?: string) => start(args, npm).ended;
    const probe = (...args: readonly string[]) => ['bin/launch.js', 'probe.js', ...args];
    const failingNpm = () => fakeNpm(join(folder, 'failing'), 'echo the words of npm; exit 7');

    beforeAll(() => {
      copyCheckout(clone);
      writeFileSync(join(clone, 'probe.js'), PROBE);
    });

    test('the version is said before anything is installed', async () => {
      const answer = await run(['bin/countersign.js', '--version']);
      expect(answer).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
      expect(existsSync(modules)).toBe(false);
    });

    test('an install that cannot work says what to do, on standard error, and exits with 1', async () => {
      const { code, stdout, stderr } = await run(probe(), failingNpm());
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('the words of npm');
      expect(stderr).toContain('could not install: npm ci ended with 7');
      expect(stderr).toMatch(/see that npm reaches its registry .* run the same command again/);
      expect(existsSync(join(clone, '.installing'))).toBe(false);
    });

    test('a signal while it installs stops npm, and frees the way for the next start', async () => {
      const npm = fakeNpm(join(folder, 'sleeping'), 'echo $$ > ../npm.pid; exec sleep 60');
      const started = start(probe(), npm);
      await expect.poll(() => existsSync(join(folder, 'npm.pid')), { timeout: 10_000 }).toBe(true);
      started.process.kill('SIGTERM');
      expect((await started.ended).code).toBe(143);
      expect(isRunning(Number(readFileSync(join(folder, 'npm.pid'), 'utf8')))).toBe(false);
      expect(existsSync(join(clone, '.installing'))).toBe(false);
    });

    test('two starts at once install once, and both run on a Node that is new enough', {
      timeout: INSTALL_MS_MAX,
    }, async () => {
      const both = await Promise.all([run(probe()), run(probe())]);
      expect(both).toMatchObject([
        { code: 0, stdout: expect.stringMatching(NEW_ENOUGH) },
        { code: 0, stdout: expect.stringMatching(NEW_ENOUGH) },
      ]);
      expect(both.filter(({ stderr }) => stderr.includes(INSTALLING))).toHaveLength(1);
      expect(both.filter(({ stderr }) => stderr.includes('another start is installing'))).toHaveLength(1);
    });

    test('the next start installs nothing and asks npm nothing', async () => {
      const answer = await run(probe(), failingNpm());
      expect(answer).toEqual({ code: 0, stdout: expect.stringMatching(NEW_ENOUGH), stderr: '' });
    });

    test.each([0, 1, 42])('the exit code %i of the command is ours', async (code) => {
      expect((await run(probe('exit', String(code)))).code).toBe(code);
    });

    test.each([
      { does: 'catch', code: 5 },
      { does: 'stay', code: 143 },
    ])('SIGTERM reaches a command that will $does, and the exit code is $code', async ({ does, code }) => {
      const started = start(probe(does, '5'));
      await whenSaid(started, 'ready');
      started.process.kill('SIGTERM');
      expect((await started.ended).code).toBe(code);
    });

    test.each([
      { what: 'npm’s last file is cut short', change: (text: string) => text.slice(0, text.length / 2) },
      { what: 'npm’s last file is empty', change: () => '' },
      {
        what: 'a package is of another version than locked',
        change: (text: string) => text.replace(/("node_modules\/fastify": \{\s*"version": ")[^"]+/, '$1other'),
      },
    ])('what was installed is installed again when $what', async ({ change }) => {
      const last = join(modules, '.package-lock.json');
      const whole = readFileSync(last, 'utf8');
      writeFileSync(last, change(whole));
      try {
        expect(await run(probe(), failingNpm())).toMatchObject({
          code: 1,
          stderr: expect.stringContaining(INSTALLING),
        });
      } finally {
        writeFileSync(last, whole);
      }
    });

    test('SIGTERM to npm ends what its script has started', async () => {
      writeFileSync(join(clone, 'package.json'), JSON.stringify({ ...packageJson, scripts: { probe: PROBE_SCRIPT } }));
      const started = startIn(clone, [usePart('older-node').bin], ['npm', 'run', '--silent', 'probe']);
      await whenSaid(started, 'ready');
      started.process.kill('SIGTERM');
      // Only when nobody holds its output any more.
      await started.ended;
    });

    test('`npm start` on this clone serves, prints the set-up link, and stops when npm is told to', async () => {
      writeFileSync(join(clone, 'package.json'), JSON.stringify(packageJson));
      const words = ['npm', 'start', '--', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')] as const;
      const started = startIn(clone, [usePart('older-node').bin], words);
      await whenSaid(started, '/set-up#cs_invitation_');
      const origin = /listens on (\S+)/.exec(started.stdout())?.[1];
      expect(await (await fetch(`${origin}/health`)).text()).toBe('OK!');
      started.process.kill('SIGTERM');
      await started.ended;
      expect(existsSync(join(folder, 'data', 'control.sock'))).toBe(false);
    });

    test('what a killed start left half done, its lock too, is done again', { timeout: INSTALL_MS_MAX }, async () => {
      writeFileSync(join(modules, '.package-lock.json'), '{');
      mkdirSync(join(clone, '.installing'));
      const { code, stdout, stderr } = await run(probe());
      expect([code, stdout]).toEqual([0, expect.stringMatching(NEW_ENOUGH)]);
      expect(stderr).toContain(INSTALLING);
      expect(existsSync(join(clone, '.installing'))).toBe(false);
    });
  },
);

describe('package-lock.json', () => {
  const text = readFileSync('package-lock.json', 'utf8');

  test('names no host: npm takes each package from the registry that it is set up for', () => {
    expect(text).not.toMatch(/"resolved"|https?:\/\/registry/);
  });

  test('is in step with package.json', () => {
    const locked = JSON.parse(text).packages[''];
    for (const key of [
      'name',
      'version',
      'engines',
      'bin',
      'dependencies',
      'devDependencies',
      'optionalDependencies',
    ]) {
      expect({ [key]: locked[key] }).toEqual({ [key]: packageJson[key] });
    }
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
