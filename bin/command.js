// What the words ask for, under a Node that is new enough: the server from its sources, what asks it from a bundle.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundle } from './bundle.js';

const sources = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src', 'main');
/** Those of `src/cli`. test/cli/bundle.test.ts holds the list to the usage. */
const CLIENT = new Set(['login', 'logout', 'whoami', 'status', 'tokens']);

const args = process.argv.slice(2);
const client = CLIENT.has(args[0]) && !args.includes('--help') ? await bundled() : undefined;
if (client === undefined) {
  await import(pathToFileURL(join(sources, 'bin.ts')).href);
} else {
  process.umask(0o077); // as bin.ts does
  process.exitCode = await client.clientCommand(args, process.env);
}

async function bundled() {
  const file = await bundle();
  if (file === undefined) return undefined;
  return import(pathToFileURL(file).href).catch(() => undefined);
}
