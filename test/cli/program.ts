import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Sensitive } from '#domain/sensitive.ts';
import { temporaryFolder } from '#support/folder.ts';

export type Env = Readonly<Record<string, string>>;
export type Outcome = { readonly code: number | null; readonly out: string; readonly err: string };
type Options = {
  readonly env?: Env;
  readonly input?: string;
  readonly bin?: string;
  readonly node?: string;
  readonly user?: User;
};
type User = { readonly uid: number; readonly gid: number };

const BIN = resolve('bin', 'countersign.js');

/** Nothing of the machine's own environment but the PATH: no setting of its user reaches the command. */
const environment = (env: Env = {}): Env => ({ PATH: process.env.PATH ?? '', HOME: temporaryFolder(), ...env });

/** The command itself, as a process of its own, with nobody at a terminal. */
export function started(args: readonly string[], { env, input = '', bin = BIN, node, user }: Options = {}) {
  const child = spawn(node ?? process.execPath, [bin, ...args], { ...user, env: environment(env), stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    said.err += chunk;
  });
  child.stdin.on('error', () => {}); // it may have ended without reading
  child.stdin.end(input);
  const ended = once(child, 'close').then(([code]): Outcome => ({ code, ...said }));
  return { process: child, ended };
}

export const countersign = (args: readonly string[], options?: Options): Promise<Outcome> =>
  started(args, options).ended;

/** How pipelines say where and by which key. */
export const pipeline = (to: { readonly origin: string; readonly token: Sensitive }): Env => ({
  TFY_HOST: to.origin,
  TFY_API_KEY: to.token.reveal(),
});

/** What is typed at a terminal once this has been said there. */
export type Step = readonly [said: string, typed: string];

/** The command at a terminal, by a script of what is said and typed; all that stood on the screen is its output. */
export async function atTerminal(
  args: readonly string[],
  env: Env,
  steps: readonly Step[],
  { columns = 200, rows = 40 } = {},
): Promise<Outcome> {
  const words = [process.execPath, BIN, ...args];
  const driver = spawn('python3', [resolve('test', 'cli', 'terminal.py')], { env: environment(env), stdio: 'pipe' });
  onTestFinished(() => void driver.kill('SIGKILL'));
  driver.stdin.end(JSON.stringify({ words, steps, columns, rows }));
  const said = { out: '', err: '' };
  driver.stdout.setEncoding('utf8').on('data', (chunk) => {
    said.out += chunk;
  });
  driver.stderr.setEncoding('utf8').on('data', (chunk) => {
    said.err += chunk;
  });
  const [code] = await once(driver, 'close');
  if (code !== 0) throw new Error(`the terminal ended with ${code}: ${said.err}`);
  const { code: ended, screen } = JSON.parse(said.out);
  return { code: ended, out: screen, err: '' };
}
