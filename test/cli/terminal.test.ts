import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { type Instance, instance, memberOf, newToken } from '../clients/instance.ts';
import { atTerminal, countersign, pipeline, type Step } from './program.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;
const ENTER = '\r';
const CTRL_C = '\u0003';
const DOWN = '\u001b[B';
const VALUE = /tfy_pat_[0-9A-Za-z]{49}/g;

const server = await instance();

const READY: Step = ['Are you ready', 'y'];

async function namesAt(to: Instance): Promise<readonly string[]> {
  const { out } = await countersign(['tokens', 'list', '--json'], { env: pipeline(to) });
  return JSON.parse(out).map(({ name }: { name: string }) => name);
}

describe.skipIf(!hasPython)('at a terminal (needs python3: a pseudo-terminal)', () => {
  test('login asks for the token, and nothing of what is typed is on the screen', async () => {
    const to = await memberOf(server);
    const env = { XDG_CONFIG_HOME: temporaryFolder() };
    const steps = [['Access token for', `${to.token.reveal()}${ENTER}`]] as const;
    const { code, out } = await atTerminal(['login', '--host', to.origin], env, steps);
    expect([code, out]).toEqual([0, expect.stringContaining('Logged in to')]);
    expect(out.match(VALUE)).toBeNull();
    expect((await countersign(['whoami'], { env })).code).toBe(0);
  });

  test('tokens create --show shows the value once, after a yes, with the warning; a no creates nothing', async () => {
    const to = await memberOf(server);
    const words = ['tokens', 'create', 'shown', '--show'];
    const no = await atTerminal(words, pipeline(to), [['Are you ready', ENTER]]);
    expect([no.code, no.out, await namesAt(to)]).toEqual([
      1,
      expect.stringContaining('Nothing was created.'),
      ['first'],
    ]);
    const yes = await atTerminal(words, pipeline(to), [READY]);
    expect(yes.code).toBe(0);
    expect(yes.out).toContain('⚠️ Save this token NOW — it will not be shown again.');
    expect(yes.out.match(VALUE)).toHaveLength(1);
    const value = yes.out.match(VALUE)?.[0] ?? '';
    expect((await countersign(['whoami'], { env: { ...pipeline(to), TFY_API_KEY: value } })).code).toBe(0);
  });

  test('tokens create asks where the value should go before there is one', async () => {
    const to = await memberOf(server);
    const file = join(temporaryFolder(), 'saved');
    const words = ['tokens', 'create', 'asked'];
    const nothing = await atTerminal(words, pipeline(to), [['Where should it go', `${DOWN}${DOWN}${ENTER}`]]);
    expect([nothing.code, await namesAt(to)]).toEqual([1, ['first']]);
    const steps: readonly Step[] = [
      ['Where should it go', `${DOWN}${ENTER}`],
      ['File', `${file}${ENTER}`],
    ];
    const saved = await atTerminal(words, pipeline(to), steps);
    expect([saved.code, saved.out.match(VALUE)]).toEqual([0, null]);
    expect(readFileSync(file, 'utf8')).toMatch(VALUE);
  });

  test('tokens revoke shows the last use and asks; Enter alone is no', async () => {
    const to = await memberOf(server);
    await newToken(to, 'one');
    const no = await atTerminal(['tokens', 'revoke', 'one'], pipeline(to), [['Revoke one for ever?', ENTER]]);
    expect([no.code, no.out]).toEqual([1, expect.stringMatching(/Last used: never[\s\S]*Nothing was revoked\./)]);
    const yes = await atTerminal(['tokens', 'revoke', 'one'], pipeline(to), [['Revoke one for ever?', 'y']]);
    expect([yes.code, await namesAt(to)]).toEqual([0, ['first']]);
  });

  test('a terminal that does not say how wide it is can be read all the same', async () => {
    const env = { XDG_CONFIG_HOME: temporaryFolder() };
    const steps = [['Access token for http://127.0.0.1:1', CTRL_C]] as const;
    const { code, out } = await atTerminal(['login', '--host', 'http://127.0.0.1:1'], env, steps, { columns: 0 });
    expect([code, out]).toEqual([1, expect.stringContaining('Broken off')]);
  });

  test('a terminal that does not say how high it is shows every choice', async () => {
    const to = await memberOf(server);
    const steps = [['Create nothing', CTRL_C]] as const;
    const { code, out } = await atTerminal(['tokens', 'create', 'one'], pipeline(to), steps, { columns: 80, rows: 0 });
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/Show it here[\s\S]*Save it in a new file[\s\S]*Create nothing/),
    ]);
  });

  test('Ctrl-C at any question does nothing, and says so', async () => {
    const to = await memberOf(server);
    await newToken(to, 'one');
    const config = temporaryFolder();
    for (const [words, said] of [
      [['login', '--host', to.origin], 'Access token for'],
      [['tokens', 'create', 'two'], 'Where should it go'],
      [['tokens', 'create', 'two', '--show'], 'Are you ready'],
      [['tokens', 'revoke', 'one'], 'for ever?'],
    ] as const) {
      const env = { ...pipeline(to), XDG_CONFIG_HOME: config };
      const { code, out } = await atTerminal(words, env, [[said, CTRL_C]]);
      expect({ words, code, out }).toEqual({
        words,
        code: 1,
        out: expect.stringContaining('Broken off: nothing was done.'),
      });
    }
    expect([await namesAt(to), existsSync(join(config, 'countersign'))]).toEqual([['one', 'first'], false]);
  });
});
