import { refuseCredentials } from '#cli/argv.ts';
import { EXIT } from '#cli/exit.ts';
import { Refusal } from '#domain/refusal.ts';

const USAGE_TEXT = `Usage: countersign <command> [options]

On the server:
  serve        serve the API, the pages and the control socket
                 --listen HOST:PORT            127.0.0.1:7080
                 --data DIR                    ./data
                 --root-key-file FILE          root.key in the data folder
                 --tenant NAME                 default
                 --public-url URL              what clients reach it by, where that is not the address above
                 --tls-cert FILE --tls-key FILE
                                               serve TLS by itself
                 --trusted-proxies LIST        proxies whose X-Forwarded-For is believed
                 --insecure-http               plain HTTP on other addresses than loopback, all the same
                 --bootstrap-token-file FILE   the first token of an unattended first start
                 --log-level LEVEL             info
  config check
               print the settings in force, and where each comes from; takes the options of serve
  doctor       look at all that a server rests on, and say what to do; takes the options of serve, --json, and --deep
  setup-link [--tenant NAME] [--data DIR]
               print a new one-time link for the first administrator
  password-link EMAIL [--tenant NAME] [--data DIR]
               print a one-time link by which a user sets another password
  tenants list [--json] [--data DIR]
               print the tenants of this server, and where each is reached
  tenants create NAME [--origin URL]… [--data DIR]
               make one, and print the link for its first administrator
  tenants disable|enable NAME [--data DIR]
               let nobody of it in any more; undo that
  tenants origin NAME URL [--remove] [--data DIR]
  tenants alias NAME ALIAS [--remove] [--data DIR]
               give it an address, or another name besides; or take it away
  rotate-signing-key [--data DIR]
               make a new key for JWTs, which signs an hour later
  withdraw-signing-keys [--data DIR]
               for keys that leaked: a new one at once, and an end to all that the old ones signed
  jobs [--json] [--data DIR]
               print what runs by itself: when, how often it was tried, and what was wrong; dead ones first
  jobs retry ID [--data DIR]
               have a dead one run again

Anywhere (each takes --json; docs/command-line.md tells the rest):
  login --host URL
               keep host and token; the token is asked for, or read from standard input
  logout       forget them
  whoami       print who the token speaks for
  status       print whether the server can be reached and takes the token
  tokens list [--all]
  tokens create NAME [--expires DATE | --days N] [--format opaque|jwt] [--show | --out FILE]
  tokens rename ID-or-NAME NEW-NAME
  tokens revoke ID-or-NAME [--reason deleted|unused|replaced|leaked] [--wait] [--yes]
  tokens check [--file FILE]
               tell offline whether a token is written correctly
  users list [--search TEXT] [--all]
  users invite EMAIL [--show | --out FILE]
               register a user, and make the link by which they set a password
  users deactivate EMAIL [--yes]
  users activate EMAIL
  teams list
  teams create NAME [--description TEXT]
  teams add TEAM EMAIL [--manager]
  teams rm TEAM EMAIL
  teams delete TEAM [--yes]
  roles list
  roles show ROLE
  roles create NAME --permissions type:Action,... [--description TEXT]
  roles delete ROLE [--yes]
  grants list [--subject SUBJECT] [--resource team/ID]
  grants add SUBJECT ROLE [--resource team/ID]
  grants rm ID
  va list [--search TEXT] [--team TEAM]
  va get NAME
  va create NAME [--roles ROLE,...] [--team TEAM] [--expires DATE | --days N] [--format opaque|jwt]
            [--rotate DAYS [--grace DAYS]] [--show | --out FILE]
               an identity for a program, with a token of its own
  va grant NAME ROLE [--on TYPE/ID]
  va token NAME [--show | --out FILE]
  va regenerate NAME [--grace 30d|12h|45m|0] [--yes] [--show | --out FILE]
               a new token; the one before works for the grace, 30 days where nothing is said
  va revoke NAME VALUE-ID [--yes]
  va freeze|thaw NAME
  va rm NAME [--yes]
  idp list
  idp get NAME
  idp add NAME --issuer URL --audience TEXT,... (--jwks-uri URL | --jwks-file FILE) [--algorithms RS256,...]
          [--subject-claim CLAIM] [--email-claim CLAIM] [--team-claim CLAIM]
          [--clock-skew SECONDS] [--lifetime SECONDS] [--disabled]
               somebody else whose tokens are believed
  idp test NAME [--token-file FILE]
               why a token of it is accepted, or is not
  idp enable|disable NAME
  idp rm NAME [--force] [--yes]
  can-i ACTION [--resource team/ID]
               yes or no, and the exit code 0 or 1
  why ACTION [--subject SUBJECT] [--resource team/ID]
               by which grant, or what is missing and who could give it

  --version    print the version
`;

type Command = (args: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>;

/** Each is loaded when it is asked for: a link must not wait for the server to load. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve-command.ts')).serveCommand,
  config: async () => (await import('./config-command.ts')).configCommand,
  doctor: async () => (await import('./doctor-command.ts')).doctorCommand,
  'setup-link': async () => (await import('./operator-command.ts')).setupLinkCommand,
  'password-link': async () => (await import('./operator-command.ts')).passwordLinkCommand,
  'rotate-signing-key': async () => (await import('./operator-command.ts')).rotateSigningKeyCommand,
  'withdraw-signing-keys': async () => (await import('./operator-command.ts')).withdrawSigningKeysCommand,
  jobs: async () => (await import('./jobs-command.ts')).jobsCommand,
  tenants: async () => (await import('./tenants-command.ts')).tenantsCommand,
  login: client,
  logout: client,
  whoami: client,
  status: client,
  tokens: client,
  users: client,
  teams: client,
  roles: client,
  grants: client,
  va: client,
  idp: client,
  'can-i': client,
  why: client,
};

const words = process.argv.slice(2);
const [name = '', ...args] = words;
process.umask(0o077); // what this program writes is its owner's to read
process.exitCode = await run();

async function client(): Promise<Command> {
  const { clientCommand } = await import('./cli-command.ts');
  return (rest, env) => clientCommand([name, ...rest], env);
}

async function run(): Promise<number> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const isHelp = name === 'help' || words.includes('--help');
  const saysItself = load === client && !isHelp; // as JSON where that was asked for
  const problem = saysItself ? undefined : credentialIn(words);
  if (problem !== undefined) return notUnderstood(problem);
  if (isHelp) {
    process.stdout.write(USAGE_TEXT);
    return EXIT.done;
  }
  if (load !== undefined) return (await load())(args, process.env);
  return notUnderstood(`${wordsFor(name)}\n\n${USAGE_TEXT.trimEnd()}`);
}

/** Before any of its words is read: what is read may be said again. */
function credentialIn(all: readonly string[]): string | undefined {
  try {
    refuseCredentials(all);
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  return undefined;
}

function notUnderstood(problem: string): number {
  process.stderr.write(`countersign: ${problem}\n`);
  return EXIT.usage;
}

/** What cannot be a command is not said again: it may be a key. */
function wordsFor(word: string): string {
  if (word === '') return 'no command given';
  return /^[a-z-]{1,20}$/.test(word) ? `there is no command ${word}` : 'there is no such command';
}
