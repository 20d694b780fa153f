import { Failure } from '#client/failure.ts';
import { Refusal } from '#domain/refusal.ts';
import { refuseCredentials } from './argv.ts';
import { type Command, readWords, type Said } from './command.ts';
import { EXIT, exitOf, misunderstood, shapeOf } from './exit.ts';
import type { Here } from './here.ts';
import { jsonText, printable } from './printable.ts';

/** Each is loaded when it is asked for: who lists tokens does not wait for prompts to load. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  login: async () => (await import('./login.ts')).login,
  logout: async () => (await import('./logout.ts')).logout,
  whoami: async () => (await import('./whoami.ts')).whoami,
  status: async () => (await import('./status.ts')).status,
  'tokens list': async () => (await import('./tokens-list.ts')).tokensList,
  'tokens create': async () => (await import('./tokens-create.ts')).tokensCreate,
  'tokens rename': async () => (await import('./tokens-rename.ts')).tokensRename,
  'tokens revoke': async () => (await import('./tokens-revoke.ts')).tokensRevoke,
  'tokens check': async () => (await import('./tokens-check.ts')).tokensCheck,
  'users list': async () => (await import('./users.ts')).usersList,
  'users invite': async () => (await import('./users.ts')).usersInvite,
  'users deactivate': async () => (await import('./users.ts')).usersDeactivate,
  'users activate': async () => (await import('./users.ts')).usersActivate,
  'teams list': async () => (await import('./teams.ts')).teamsList,
  'teams create': async () => (await import('./teams.ts')).teamsCreate,
  'teams add': async () => (await import('./teams.ts')).teamsAdd,
  'teams rm': async () => (await import('./teams.ts')).teamsRm,
  'teams delete': async () => (await import('./teams.ts')).teamsDelete,
  'roles list': async () => (await import('./roles.ts')).rolesList,
  'roles show': async () => (await import('./roles.ts')).rolesShow,
  'roles create': async () => (await import('./roles.ts')).rolesCreate,
  'roles delete': async () => (await import('./roles.ts')).rolesDelete,
  'grants list': async () => (await import('./grants.ts')).grantsList,
  'grants add': async () => (await import('./grants.ts')).grantsAdd,
  'grants rm': async () => (await import('./grants.ts')).grantsRm,
  'va list': async () => (await import('./va.ts')).vaList,
  'va get': async () => (await import('./va.ts')).vaGet,
  'va create': async () => (await import('./va-token.ts')).vaCreate,
  'va grant': async () => (await import('./va.ts')).vaGrant,
  'va token': async () => (await import('./va-token.ts')).vaToken,
  'va regenerate': async () => (await import('./va-token.ts')).vaRegenerate,
  'va revoke': async () => (await import('./va.ts')).vaRevoke,
  'va freeze': async () => (await import('./va.ts')).vaFreeze,
  'va thaw': async () => (await import('./va.ts')).vaThaw,
  'va rm': async () => (await import('./va.ts')).vaRm,
  'idp list': async () => (await import('./idp.ts')).idpList,
  'idp get': async () => (await import('./idp.ts')).idpGet,
  'idp add': async () => (await import('./idp.ts')).idpAdd,
  'idp test': async () => (await import('./idp.ts')).idpTest,
  'idp enable': async () => (await import('./idp.ts')).idpEnable,
  'idp disable': async () => (await import('./idp.ts')).idpDisable,
  'idp rm': async () => (await import('./idp.ts')).idpRm,
  'can-i': async () => (await import('./grants.ts')).canI,
  why: async () => (await import('./grants.ts')).why,
};

/** Runs what the words say; resolves to the exit code. */
export async function runCommand(here: Here, args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  try {
    refuseCredentials(args);
    const { exit, ...said } = await done(here, args);
    here.out.write(json ? `${jsonText(said.json)}\n` : said.lines.map((line) => `${printable(line)}\n`).join(''));
    return exit ?? EXIT.done;
  } catch (error) {
    if (!(error instanceof Failure || error instanceof Refusal)) throw error;
    here.err.write(json ? `${jsonText({ error: shapeOf(error) })}\n` : wordsOf(error));
    return exitOf(error);
  }
}

async function done(here: Here, args: readonly string[]): Promise<Said> {
  const [first = ''] = args;
  const name = args.slice(0, GROUPS.has(first) ? 2 : 1).join(' ');
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) throw misunderstood(`There is no such command. Those of ${first}: ${commandsOf(first)}.`);
  const command = await load();
  const { words, options } = readWords(name, command, args.slice(name.split(' ').length));
  return command.run(here, words, options);
}

/** First words that need a second. */
const GROUPS: ReadonlySet<string> = new Set(
  Object.keys(COMMANDS).flatMap((name) => (name.includes(' ') ? name.split(' ').slice(0, 1) : [])),
);

const commandsOf = (group: string): string =>
  Object.keys(COMMANDS)
    .filter((name) => name.startsWith(`${group} `))
    .map((name) => name.slice(group.length + 1))
    .join(', ');

function wordsOf(error: Failure | Refusal): string {
  const { message, requestId, retryAfterSeconds: wait } = shapeOf(error);
  const lines = [
    message,
    ...(wait === undefined ? [] : [`Try again in ${wait} s.`]),
    ...(requestId === undefined || exitOf(error) !== EXIT.unanswered ? [] : [`Request id: ${requestId}`]),
  ];
  return lines.map((line, at) => `${at === 0 ? 'countersign: ' : '  '}${printable(line)}\n`).join('');
}
