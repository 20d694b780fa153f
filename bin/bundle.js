// What asks a server starts from one bundle, made on first use, rather than from a hundred files of TypeScript.
//
// Its folder is named by the digest of all that it was made of, and that is read again at every start: what has
// changed since, by hand or by a pull, is never served as it was. Where no bundle can be made or kept (a read-only
// folder, a platform without the bundler) there is none, and nothing is said: the sources do the same.
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.bundle');
const entry = join(root, 'src', 'main', 'cli-command.ts');
const NAME = 'client.js';
/** What the last bundle was made of, as paths from the root. */
const inputsFile = join(cache, 'inputs.json');
/** The digest of a bundle's files, written with them: a bundle that was cut short or touched does not have it. */
const SEAL = 'seal';
/** Besides the sources: what maps names to files, what should be installed and what is, and how a bundle is made. */
const ALWAYS = ['package.json', 'package-lock.json', 'node_modules/.package-lock.json', 'bin/bundle.js'];
/** A bundle that nobody made again for so long is not one that a command still runs from. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** The file to import, or undefined where the sources must do. */
export async function bundle() {
  return bundleThere() ?? (await made());
}

/** The one that is there for what lies there now, whole and by this Node. */
export function bundleThere() {
  try {
    const folder = join(cache, keyOf(contents(JSON.parse(readFileSync(inputsFile, 'utf8')))));
    return isWhole(folder) ? join(folder, NAME) : undefined;
  } catch {
    return undefined; // none yet, or an input that is no more
  }
}

/** Of these very bytes under these very names, for this very Node. */
function keyOf(inputs) {
  const digest = createHash('sha256').update(`${process.version} ${process.arch}\n`);
  const sorted = Object.entries(inputs).sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [path, bytes] of sorted) digest.update(`${path}\n${bytes.length}\n`).update(bytes);
  return digest.digest('hex');
}

const contents = (paths) => Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path))]));

function isWhole(folder) {
  return readFileSync(join(folder, SEAL), 'utf8') === sealOf(folder);
}

function sealOf(folder) {
  const files = readdirSync(folder).filter((name) => name !== SEAL);
  return keyOf(Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name))])));
}

/** Beside the others and then renamed, so that whoever starts at the same moment finds all of it or nothing. */
async function made() {
  const part = join(cache, `part-${randomUUID()}`);
  try {
    mkdirSync(part, { recursive: true });
    const inputs = await bundleInto(part);
    writeFileSync(join(part, SEAL), sealOf(part));
    const key = keyOf(inputs);
    if (key !== keyOf(contents(Object.keys(inputs)))) return undefined; // edited meanwhile
    const folder = put(part, join(cache, key));
    remember(Object.keys(inputs));
    prune();
    return join(folder, NAME);
  } catch {
    return undefined;
  } finally {
    forget(part);
  }
}

/** Resolves to what it was made of: the sources as the bundler has read them, not as they lie there afterwards. */
async function bundleInto(folder) {
  const inputs = contents(ALWAYS);
  const { rolldown } = await import('rolldown');
  const noting = {
    name: 'noting',
    load(id) {
      if (!id.startsWith(`${root}${sep}`) || id.includes(`${sep}node_modules${sep}`)) return undefined;
      const bytes = readFileSync(id);
      inputs[relative(root, id).replaceAll(sep, '/')] = bytes;
      return { code: bytes.toString(), moduleType: 'ts' };
    },
  };
  const bundler = await rolldown({
    input: { client: entry },
    cwd: root,
    platform: 'node',
    tsconfig: false,
    plugins: [noting],
  });
  await bundler.write({ dir: folder, format: 'esm', entryFileNames: NAME, chunkFileNames: '[name]-[hash].js' });
  await bundler.close();
  return inputs;
}

/** Another start may have put the same there first; one that is not whole gives way. */
function put(part, folder) {
  try {
    renameSync(part, folder);
  } catch {
    if (wholeNow(folder)) return chosenAgain(folder);
    rmSync(folder, { recursive: true });
    renameSync(part, folder);
  }
  return folder;
}

/** As if made now, or it might be old enough to be pruned. */
function chosenAgain(folder) {
  const now = new Date();
  utimesSync(folder, now, now);
  return folder;
}

function wholeNow(folder) {
  try {
    return isWhole(folder);
  } catch {
    return false;
  }
}

function remember(paths) {
  const part = join(cache, `inputs-${randomUUID()}`);
  writeFileSync(part, JSON.stringify(paths));
  renameSync(part, inputsFile);
}

/** Not the latest ones: a command may still wait for an answer, and load the rest of its bundle after it. */
function prune() {
  const since = Date.now() - KEPT_MS;
  for (const name of readdirSync(cache)) {
    if (statSync(join(cache, name)).mtimeMs < since) forget(join(cache, name));
  }
}

function forget(path) {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // another's, or a read-only folder: it takes some room and is in nobody's way
  }
}
