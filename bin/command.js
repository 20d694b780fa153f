// What the words ask for, under a Node that is new enough, with all installed.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundle } from './bundle.js';
import { isBundled, ran } from './bundled.js';

const args = process.argv.slice(2);
if (!isBundled(args) || !(await ran(await bundle(), args))) {
  const sources = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src', 'main', 'bin.ts');
  await import(pathToFileURL(sources).href);
}
