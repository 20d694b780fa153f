import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { instance, memberOf } from '../clients/instance.ts';
import { countersign, type Env, pipeline, started } from './program.ts';

const server = await instance();

/** Of every process that runs now: its arguments, and the name by which it goes. */
const processes = (): string =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((id) => ['cmdline', 'comm'].map((file) => readIfThere(join('/proc', id, file))).join('\n'))
    .join('\n');

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}

describe('I1: a credential on the command line’s side', () => {
  test.each([
    { how: 'text', json: [] },
    { how: 'JSON', json: ['--json'] },
  ])('is in nothing that any command says as $how, done or refused', { timeout: 60_000 }, async ({ json }) => {
    const to = await memberOf(server);
    const folder = temporaryFolder();
    const env: Env = { ...pipeline(to), XDG_CONFIG_HOME: folder };
    const file = join(folder, 'value');
    const said: string[] = [];
    const run = async (args: readonly string[], code: number, by = env) => {
      const answer = await countersign([...args, ...json], { env: by, input: `${by.TFY_API_KEY}\n` });
      expect({ args, code: answer.code, err: answer.err.length > 0 }).toEqual({ args, code, err: code !== 0 });
      said.push(answer.out, answer.err);
    };
    await run(['login', '--host', to.origin], 0);
    for (const name of ['whoami', 'status', 'logout']) await run([name], 0);
    await run(['tokens', 'create', 'made', '--out', file], 0);
    await run(['tokens', 'create', 'made', '--out', `${file}-again`], 1);
    await run(['tokens', 'rename', 'made', 'named'], 0);
    await run(['tokens', 'revoke', 'named', '--yes'], 0);
    await run(['tokens', 'list', '--all'], 0);
    await run(['tokens', 'check'], 0);
    const account = join(folder, 'account');
    const admin = { ...env, TFY_API_KEY: server.token.reveal() };
    const va = async (...words: readonly string[]) => run(['va', ...words], 0, admin);
    const name = `va-${json.length}`;
    await va('create', name, '--out', account);
    await va('token', name, '--out', `${account}-read`);
    await va('regenerate', name, '--out', `${account}-next`);
    for (const words of [['get', name], ['list'], ['freeze', name], ['thaw', name], ['rm', name, '--yes']])
      await va(...words);
    const values = [account, `${account}-next`].map((made) => readFileSync(made, 'utf8').trim());
    for (const value of values) expect(said.join('\n')).not.toContain(value.slice(-20));
    const dead = readFileSync(file, 'utf8').trim();
    for (const args of [['whoami'], ['login', '--host', to.origin]]) await run(args, 1, { ...env, TFY_API_KEY: dead });
    for (const value of [to.token.reveal(), dead]) expect(said.join('\n')).not.toContain(value.slice(-20));
  });

  test('among the words of any command is refused before anything else, and not said again', async () => {
    const value = `tfy_pat_${'k'.repeat(49)}`;
    const data = join(temporaryFolder(), 'data');
    const commands = [
      ...['serve', 'config check', 'setup-link', 'password-link', 'rotate-signing-key', 'withdraw-signing-keys'],
      ...['login', 'logout', 'whoami', 'status', 'tokens list', 'tokens create', 'tokens check', 'help', 'no-such'],
    ].map((name) => name.split(' '));
    const given = [[value], ['--data', value], [`--public-url=https://${value}@example.com`], [value, '--help']];
    for (const [at, command] of commands.entries()) {
      const words = [...command, ...(given[at % given.length] ?? [])];
      const { code, out, err } = await countersign(words, { env: { COUNTERSIGN_DATA: data } });
      expect({ words, code, out }).toEqual({ words, code: 2, out: '' });
      expect(err).toMatch(/^countersign: A credential stands on the command line \(word \d after countersign\)/);
      expect(err).not.toContain('kkkk');
    }
    expect(existsSync(data)).toBe(false);
  });

  test('is in no command line and no title of any process while a command is under way', async () => {
    const key = `tfy_pat_${'c'.repeat(49)}`;
    const seen: string[] = [];
    const server = createServer((asked, answered) => {
      seen.push(String(asked.headers.authorization), processes());
      answered.writeHead(401, { 'content-type': 'application/json' });
      answered.end(JSON.stringify({ statusCode: 401, code: 'unauthenticated', message: 'no' }));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const login = started(['login', '--host', origin], { input: key });
    expect((await login.ended).code).toBe(1);
    expect((await countersign(['whoami'], { env: { TFY_HOST: origin, TFY_API_KEY: key } })).code).toBe(1);
    const [sent, during, sentAgain, duringAgain] = seen;
    expect([sent, sentAgain]).toEqual([`Bearer ${key}`, `Bearer ${key}`]);
    expect(during).toContain('login');
    expect(`${during}${duringAgain}`).not.toContain(key);
  });
});
