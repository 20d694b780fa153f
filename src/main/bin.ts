import { err, USAGE } from './serve-command.ts';

const USAGE_TEXT = `Usage: countersign <command> [options]

  serve        serve the API, the pages and the control socket
                 --listen HOST:PORT            127.0.0.1:7080
                 --data DIR                    ./data
                 --root-key-file FILE          root.key in the data folder
                 --tenant NAME                 default
                 --bootstrap-token-file FILE   the first token of an unattended first start
                 --log-level LEVEL             info
  setup-link   print a new one-time link for the first administrator (--data DIR)
  password-link EMAIL
               print a one-time link by which a user sets another password (--data DIR)
  --version    print the version
`;

type Command = (args: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>;

/** Each is loaded when it is asked for: a link must not wait for the server to load. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve-command.ts')).serveCommand,
  'setup-link': async () => (await import('./operator-command.ts')).setupLinkCommand,
  'password-link': async () => (await import('./operator-command.ts')).passwordLinkCommand,
};

const [name = '', ...args] = process.argv.slice(2);
process.umask(0o077); // what this program writes is its owner's to read
process.exitCode = await run();

async function run(): Promise<number> {
  if (name === 'help' || [name, ...args].includes('--help')) {
    process.stdout.write(USAGE_TEXT);
    return 0;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load !== undefined) return (await load())(args, process.env);
  err(`countersign: ${name === '' ? 'no command given' : `there is no command ${name}`}\n\n${USAGE_TEXT}`);
  return USAGE;
}
