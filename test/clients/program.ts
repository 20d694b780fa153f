import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';

type Options = {
  readonly env?: Readonly<Record<string, string>>;
  readonly home?: string;
  /** For what leaves files where it is run. */
  readonly cwd?: string;
};
export type Outcome = { readonly code: number | null; readonly out: string; readonly err: string };

/** Nothing of the machine's own environment but the PATH, so that no setting of its user reaches the client. */
const environment = ({ env, home }: Options) => ({
  PATH: process.env.PATH,
  HOME: home ?? temporaryFolder(),
  PYTHONUTF8: '1',
  COLUMNS: '500', // else what is said in a terminal is broken into lines
  ...env,
});

/** A client as a process of its own, from its start to its end; killed with the test at the latest. */
export async function outcomeOf(command: string, args: readonly string[], options: Options = {}): Promise<Outcome> {
  const child = spawn(command, [...args], {
    ...{ env: environment(options), cwd: options.cwd },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    said.err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, ...said };
}

/** What a script prints as lines of JSON; anything else that it says, on either stream, is an error. */
export async function linesOf(command: string, args: readonly string[], options: Options): Promise<readonly unknown[]> {
  const { code, out, err } = await outcomeOf(command, args, options);
  if (code !== 0 || err !== '') throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${err}${out}`);
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
