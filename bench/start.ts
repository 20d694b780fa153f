import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './world.ts';

const ROUNDS = 9;
const POLL_MS = 10;
const ANSWER_MS_MAX = 20_000;

/** From the command to the first answer, with everything installed: a first start, and one on a folder that is set up. */
export async function benchStart(): Promise<void> {
  const rounds: { first: number; again: number; bare: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
    const serve = [
      'bin/countersign.js',
      'serve',
      '--listen',
      `127.0.0.1:${20_000 + round}`,
      '--data',
      join(folder, 'data'),
    ];
    const origin = `http://127.0.0.1:${20_000 + round}`;
    rounds.push({
      bare: await untilEnd(['--eval', '0']),
      first: await untilAnswer(serve, origin),
      again: await untilAnswer(serve, origin),
    });
    rmSync(folder, { recursive: true });
  }
  const of = (figure: 'first' | 'again' | 'bare') => median(rounds.map((round) => round[figure])).toFixed(0);
  console.log(
    `start to first answer: first ${of('first')} ms, again ${of('again')} ms; an empty Node ${of('bare')} ms`,
  );
}

async function untilEnd(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  await once(spawn(process.execPath, args), 'exit');
  return performance.now() - startedAt;
}

async function untilAnswer(args: readonly string[], origin: string): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  try {
    while (!(await answers(origin))) {
      if (performance.now() - startedAt > ANSWER_MS_MAX) throw new Error('no answer');
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    return performance.now() - startedAt;
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

const answers = (origin: string): Promise<boolean> =>
  fetch(`${origin}/api/svc/v1/health`).then(
    ({ ok }) => ok,
    () => false,
  );
