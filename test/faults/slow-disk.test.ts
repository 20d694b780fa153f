import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { whenOver } from '#support/over.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { type Served, unattended } from '#support/process.ts';
import { sendTo } from '#support/world.ts';
import { adminToken } from './base.ts';
import { clientOf, standingOf } from './client.ts';
import { defectsIn } from './database.ts';

const SYNC_MS = 60;
const CREATORS = 16;
const CREATES = 96;

/** `serve` whose every wait for the disk is this much longer; the process is the program's own, beside the one that slows it. */
async function servingSlowly(data: string): Promise<Pick<Served, 'origin' | 'process' | 'send'>> {
  const { executable } = usePart('strace');
  const slow = ['-D', '-f', '--seccomp-bpf', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync'];
  const delay = ['-e', `inject=fsync,fdatasync:delay_enter=${SYNC_MS * 1_000}`];
  const { env, args } = unattended(data);
  const serve = [process.execPath, 'src/main/bin.ts', 'serve', '--listen', '127.0.0.1:0', '--data', data, ...args];
  const child = spawn(executable, [...slow, ...delay, ...serve], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  whenOver(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    said += chunk;
  });
  while (!/listens on \S+\n/.test(said)) await once(child.stdout, 'data');
  const origin = /listens on (\S+)/.exec(said)?.[1] ?? '';
  return { origin, process: child, send: (sent) => sendTo(origin, sent) };
}

describe.skipIf(!has('strace'))(needing('strace', 'a disk'), () => {
  test('that is slow costs whoever waits for it time, and nothing that was answered; creates wait together', {
    timeout: 120_000,
  }, async () => {
    const data = temporaryFolder();
    const served = await servingSlowly(data);
    const client = clientOf(served, adminToken(data));
    const begun = performance.now();
    await client.create('alone');
    expect(performance.now() - begun, 'an answer waits for the disk').toBeGreaterThan(SYNC_MS);
    const made: string[] = [];
    const creator = async (worker: number) => {
      for (let n = worker; n < CREATES; n += CREATORS) made.push(await client.create(`slow-${n}`));
    };
    const creating = performance.now();
    await Promise.all(Array.from({ length: CREATORS }, (_, worker) => creator(worker)));
    const each = (performance.now() - creating) / CREATES;
    expect(each, 'many share one commit').toBeLessThan(SYNC_MS);
    for (const value of made) expect(await standingOf(served, value)).toBe(200);
    const ended = once(served.process, 'exit');
    served.process.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(defectsIn(data)).toEqual([]);
  });
});
