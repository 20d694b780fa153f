import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll } from 'vitest';

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
export type Started = { readonly process: ChildProcess; readonly ended: Promise<Ended>; stdout(): string };

/** Gone when the tests of this file are. */
export function folderForAll(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-start-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What git knows of this checkout, as it is now: a fresh clone with what is not yet committed. */
export function copyCheckout(to: string): void {
  const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0');
  for (const file of files.filter((name) => name !== '' && existsSync(name))) cpSync(file, join(to, file));
}

/** An npm to put first on the PATH; `body` is what it does, in sh. */
export function fakeNpm(folder: string, body: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, 'npm'), 0o755);
  return folder;
}

/** A command; it, and whatever else is started by name, is looked for in these folders first. */
export function startIn(
  cwd: string,
  first: readonly string[],
  [command, ...args]: readonly [string, ...string[]],
): Started {
  const env = { ...process.env, PATH: [...first, process.env.PATH].join(delimiter) };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk) => {
      said[name] += chunk;
    });
  }
  const ended = once(child, 'close').then(([code]): Ended => ({ code, ...said }));
  return { process: child, ended, stdout: () => said.stdout };
}

/** Once it has said this on its standard output; throws when it ends before. */
export async function whenSaid({ process, ended, stdout }: Started, words: string): Promise<void> {
  while (!stdout().includes(words)) {
    const end = await Promise.race([ended, process.stdout && once(process.stdout, 'data').then(() => undefined)]);
    if (end && !end.stdout.includes(words)) throw new Error(`ended before saying ${words}: ${end.stderr}`);
  }
}
