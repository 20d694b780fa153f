import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Ask, Out } from '#cli/here.ts';
import { runCommand } from '#cli/run.ts';
import { invokeOver } from '#client/invoke.ts';
import { plainFetch } from './plain-fetch.ts';
import { profileFile } from './profile-file.ts';
import { takeFile } from './secret-file.ts';
import { naming } from './system-refusal.ts';

/** Of a terminal that does not say how large it is, as within some containers. */
const SIZE = { columns: 80, rows: 24 };

/** A command that asks a server, or nobody; all of its words, its own name first. */
export async function clientCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return runCommand(
    {
      env,
      out: outOf(process.stdout),
      err: outOf(process.stderr),
      stdin: { isTerminal: process.stdin.isTTY === true, text: allOfStdin },
      ask: process.stdin.isTTY && process.stderr.isTTY ? askWhenNeeded() : undefined,
      profile: profileFile(env),
      files: { read: (path) => naming(`The file ${path}`, () => readFileSync(path, 'utf8')), make: takeFile },
      now: Date.now,
      invokeOver: (host, key) =>
        invokeOver({ host, key, fetch: plainFetch, wait: (ms) => wait(ms), newIdempotencyKey: randomUUID }),
    },
    args,
  );
}

const allOfStdin = async (): Promise<string> => (await import('node:stream/consumers')).text(process.stdin);

/** Whoever reads may leave before the end: what is left is not written, and the command ends as it would have. */
function outOf(stream: NodeJS.WriteStream): Out {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return { isTerminal: stream.isTTY === true, write: (said) => void stream.write(said) };
}

/** Prompts are loaded with the first question. */
function askWhenNeeded(): Ask {
  const { stdin: input, stderr: output } = process;
  output.columns ||= SIZE.columns;
  output.rows ||= SIZE.rows;
  const ask = async () => (await import('#cli/prompts.ts')).askAt({ input, output });
  return {
    secret: async (message) => (await ask()).secret(message),
    confirm: async (message) => (await ask()).confirm(message),
    choose: async (message, choices) => (await ask()).choose(message, choices),
    line: async (message) => (await ask()).line(message),
  };
}
