import { EXIT } from '#cli/exit.ts';
import { type ReadConfig, readConfig } from '#config/read-config.ts';
import { Refusal } from '#domain/refusal.ts';
import { openLog } from '#telemetry/log.ts';
import { readFlags } from './serve-flags.ts';
import { inOperatorsWords } from './system-refusal.ts';

const out = (line: string): void => void process.stdout.write(`${line}\n`);
export const err = (line: string): void => void process.stderr.write(`${line}\n`);

/** Serves until it is told to stop; resolves to the exit code. */
export async function serveCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const read = readWith(args, env);
  if (!read.ok) return notUnderstood(read.problems);
  const told = toldToStop(); // from here on: who reads that we listen may stop us in the same moment
  const { serve } = await import('./serve.ts');
  try {
    const served = await serve(
      read.config,
      out,
      openLog(read.config.logLevel, (line) => process.stderr.write(line)),
    );
    await told;
    out('Stopping: answering what has arrived');
    await served.stop();
    return EXIT.done;
  } catch (error) {
    return refused(error);
  }
}

/** The first signal stops in order; a second one, of either kind, at once. A terminal that goes away is only a first one. */
const toldToStop = (): Promise<void> =>
  new Promise((told) => {
    let signals = 0;
    process.on('SIGHUP', () => told());
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) process.exit(EXIT.refused);
        told();
      });
    }
  });

function readWith(args: readonly string[], env: NodeJS.ProcessEnv): ReadConfig {
  const flags = readFlags(args);
  return typeof flags === 'string' ? { ok: false, problems: [flags] } : readConfig(env, flags);
}

export function notUnderstood(problems: readonly string[]): number {
  for (const problem of problems) err(`countersign: ${problem}`);
  return EXIT.usage;
}

/** A refusal is for the operator, in words; anything else is a bug, with its trace. */
export function refused(error: unknown): number {
  if (!(error instanceof Refusal)) throw error;
  err(`countersign: ${inOperatorsWords(error)}`);
  return EXIT.refused;
}
