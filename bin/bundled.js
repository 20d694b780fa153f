// The commands that run from a bundle.
import { pathToFileURL } from 'node:url';

/** Those of `src/cli`, which ask a server. test/cli/bundle.test.ts holds the list to the usage. */
const COMMANDS = new Set([
  'login',
  'logout',
  'whoami',
  'status',
  'tokens',
  'users',
  'teams',
  'roles',
  'grants',
  'va',
  'idp',
  'can-i',
  'why',
]);

export const isBundled = (args) => COMMANDS.has(args[0]) && !args.includes('--help');

/** Whether it ran from this file: there may be none, or none that can be loaded. */
export async function ran(file, args) {
  const client = file === undefined ? undefined : await import(pathToFileURL(file).href).catch(() => undefined);
  if (client === undefined) return false;
  process.umask(0o077); // as bin.ts does
  process.exitCode = await client.clientCommand(args, process.env);
  return true;
}
