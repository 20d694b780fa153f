import { type ParseArgsConfig, parseArgs } from 'node:util';
import { EXIT } from '#cli/exit.ts';
import { SETTINGS } from '#config/read-config.ts';
import { askControl, type ControlCommand, inOne, REMOVE } from './control.ts';
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

/** What commands take beside `--data`, as parseArgs knows it and as their usage says it. */
const OPTIONS = {
  tenant: { type: 'string', usage: '[--tenant NAME]' },
  origin: { type: 'string', multiple: true, usage: '[--origin URL]…' },
  remove: { type: 'boolean', usage: '[--remove]' },
} as const;
type Takes = {
  /** In the words of its usage. */
  readonly words: readonly string[];
  readonly option?: keyof typeof OPTIONS;
  /** Where it is more than one word. */
  readonly called?: string;
};

const TAKES: Readonly<Record<OperatorCommand, Takes>> = {
  'setup-link': { words: [], option: 'tenant' },
  'password-link': { words: ['EMAIL'], option: 'tenant' },
  'rotate-signing-key': { words: [] },
  'withdraw-signing-keys': { words: [] },
  jobs: { words: [] },
  'jobs-retry': { words: ['ID'], called: 'jobs retry' },
  tenants: { words: [], called: 'tenants list' },
  'tenants-create': { words: ['NAME'], option: 'origin', called: 'tenants create' },
  'tenants-disable': { words: ['NAME'], called: 'tenants disable' },
  'tenants-enable': { words: ['NAME'], called: 'tenants enable' },
  'tenants-origin': { words: ['NAME', 'URL'], option: 'remove', called: 'tenants origin' },
  'tenants-alias': { words: ['NAME', 'ALIAS'], option: 'remove', called: 'tenants alias' },
};

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
  const read = readWords(args, TAKES[command]);
  if (typeof read === 'string') return notUnderstood([read]);
  if (read.words.length !== TAKES[command].words.length) return notUnderstood([usageOf(command)]);
  const folder = read.data ?? (env[SETTINGS.data.env] || SETTINGS.data.fallback);
  try {
    const answer = (await askAny(folder, command, inOne([...read.words, ...read.given]))) ?? noServer(folder);
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

function usageOf(command: OperatorCommand): string {
  const { words, option, called = command } = TAKES[command];
  const usages = option === undefined ? [] : [OPTIONS[option].usage];
  return `Usage: ${['countersign', called, ...words, ...usages, '[--data DIR]'].join(' ')}`;
}

/** `given` is what stands in the option of the command, in the order of its words. */
type Read = { readonly words: readonly string[]; readonly given: readonly string[]; readonly data: string | undefined };

/** Or what is wrong with them. */
function readWords(args: readonly string[], { option }: Takes): Read | string {
  try {
    const own = option === undefined ? {} : { [option]: OPTIONS[option] };
    const options: NonNullable<ParseArgsConfig['options']> = { data: { type: 'string' }, ...own };
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    const { data, ...others } = values;
    return { words: positionals, given: Object.values(others).flatMap(asWords), data: data as string | undefined };
  } catch (error) {
    return misread(error);
  }
}

const asWords = (value: string | boolean | (string | boolean)[] | undefined): readonly string[] =>
  [value].flat().flatMap((one) => (typeof one === 'string' ? [one] : one === true ? [REMOVE] : []));

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
