import { parseArgs } from 'node:util';
import { EXIT } from '#cli/exit.ts';
import { SETTINGS } from '#config/read-config.ts';
import { askControl, type ControlCommand } from './control.ts';
import { socketsIn } from './data-folder.ts';
import { misread } from './misread.ts';
import { err, notUnderstood, refused } from './serve-command.ts';
import { naming } from './system-refusal.ts';

type Command = (args: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>;

/** A new link for the first administrator. */
export const setupLinkCommand: Command = (args, env) => ask('setup-link', args, env);

/** A link by which a user, named by their e-mail address, sets another password. */
export const passwordLinkCommand: Command = (args, env) => ask('password-link', args, env);

/** A new key for JWTs. */
export const rotateSigningKeyCommand: Command = (args, env) => ask('rotate-signing-key', args, env);

/** For keys that leaked: a new one at once, and an end to all that the old ones signed. */
export const withdrawSigningKeysCommand: Command = (args, env) => ask('withdraw-signing-keys', args, env);

/** `doctor` asks for the other one. */
type OperatorCommand = Exclude<ControlCommand, 'health'>;

/** What each command takes, in the words of its usage. */
const TAKES: Readonly<Record<OperatorCommand, readonly string[]>> = {
  'setup-link': [],
  'password-link': ['EMAIL'],
  'rotate-signing-key': [],
  'withdraw-signing-keys': [],
  jobs: [],
  'jobs-retry': ['ID'],
};

/** Where it is more than one word. */
const CALLED: { readonly [Command in OperatorCommand]?: string } = { 'jobs-retry': 'jobs retry' };

/**
 * Asks the server that runs on the data folder: whoever may open its socket is the operator. Only that folder counts
 * here; what else the server was started with is its own.
 */
export async function ask(
  command: OperatorCommand,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  shown = (words: string) => words,
): Promise<number> {
  const read = readWords(args);
  if (typeof read === 'string' || read.words.length !== TAKES[command].length) {
    const usage = ['countersign', CALLED[command] ?? command, ...TAKES[command], '[--data DIR]'].join(' ');
    return notUnderstood([typeof read === 'string' ? read : `Usage: ${usage}`]);
  }
  const folder = read.data ?? (env[SETTINGS.data.env] || SETTINGS.data.fallback);
  try {
    const answer = (await askAny(folder, command, read.words[0] ?? '')) ?? noServer(folder);
    if (answer.ok) process.stdout.write(`${shown(answer.words)}\n`);
    else err(`countersign: ${answer.words}`);
    return answer.ok ? EXIT.done : EXIT.refused;
  } catch (error) {
    return refused(error);
  }
}

/** Of a process that lives: it says how it is at once, whatever it has to do. */
const LIFE_MS_MAX = 5_000;

/**
 * The first process that shows that it lives, which is then waited for without a bound: they have one database. One that is
 * stopped, or hangs, is passed by.
 */
async function askAny(folder: string, command: OperatorCommand, word: string) {
  const silent: string[] = [];
  for (const socket of naming(`The data folder ${folder}`, () => socketsIn(folder))) {
    const life = await askControl(socket, 'health', '', LIFE_MS_MAX);
    if (life?.isUnanswered) silent.push(socket);
    const answer = life === undefined || life.isUnanswered ? undefined : await askControl(socket, command, word);
    if (answer !== undefined) return answer;
  }
  return silent.length === 0 ? undefined : noAnswer(silent);
}

/** Or what is wrong with them. */
function readWords(args: readonly string[]): { readonly words: readonly string[]; readonly data?: string } | string {
  try {
    const options = { data: { type: 'string' } } as const;
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { words: positionals, ...values };
  } catch (error) {
    return misread(error);
  }
}

const noAnswer = (silent: readonly string[]) =>
  ({
    ok: false,
    words:
      `Whatever listens on ${silent.join(', ')} did not answer within ${LIFE_MS_MAX / 1_000} s: it is stopped, or hangs. ` +
      'Nothing was done. Have it go on, or start it again.',
  }) as const;

/** Links begin with the address of a server; and a start makes a set-up link of its own, which ends every earlier one. */
const noServer = (folder: string) =>
  ({
    ok: false,
    words:
      `No server runs on ${folder}. Start it with: npm start. ` +
      'Until there is an administrator, a start prints a set-up link itself.',
  }) as const;
