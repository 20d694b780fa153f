import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Ended } from '#support/process.ts';

const BIN = resolve('src', 'main', 'bin.ts');
/** "nobody": owns nothing, and is in no group. */
export const NOBODY = { uid: 65534, gid: 65534 } as const;
export const isRoot = process.getuid?.() === 0;

/** The program as this user, who has none of our environment; once it has ended, or said what is waited for and been killed. */
export async function runAs(user: typeof NOBODY, args: readonly string[], until = /listens on/): Promise<Ended> {
  const child = spawn(process.execPath, [BIN, ...args], { ...user, env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
      if (until.test(said)) child.kill('SIGKILL');
    });
  }
  const [code, signal] = await once(child, 'close');
  return { code, signal, said };
}
