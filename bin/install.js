// Brings node_modules to what package-lock.json asks for, once, however many starts ask at the same time.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === 'win32';
const modules = join(root, 'node_modules');
/** Beside node_modules, because `npm ci` empties that folder. */
const lock = join(root, '.installing');
const BEAT_MS = 500;
/** A lock whose holder has not touched it for so long belongs to a process that was killed. */
const STILL_MS_MAX = 10_000;

/** npm has one package of Node for each platform; this one's. */
const nodePackage = join(modules, `node-${windows ? 'win' : process.platform}-${process.arch}`);
export const pinnedNode = join(nodePackage, 'bin', windows ? 'node.exe' : 'node');

const say = (line) => process.stderr.write(`countersign: ${line}\n`);

/** Whether all is installed now. What went wrong has been said. */
export async function installWhatIsMissing() {
  if (isInstalled()) return true;
  try {
    await takeLock();
  } catch (error) {
    say(`cannot write to ${root}, where the dependencies belong: ${error.message}`);
    return false;
  }
  try {
    return isInstalled() || (await install());
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/**
 * npm writes what it installed into node_modules, last of all; so what was cut short, or was locked otherwise since
 * (after a pull), is installed again. Packages for other platforms may be missing, this platform's Node may not.
 */
function isInstalled() {
  const wanted = packagesIn(join(root, 'package-lock.json')) ?? {};
  const present = packagesIn(join(modules, '.package-lock.json'));
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    if (join(root, path) === nodePackage && !existsSync(pinnedNode)) return false;
    const found = present[path];
    return found === undefined ? optional === true : found.version === version && found.integrity === integrity;
  });
}

/** None where the file is not there or was cut short: npm then says what is wrong, or writes it again. */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** A folder, since making one either succeeds or fails; the wait for another's shows that its holder lives. */
async function takeLock() {
  let beat;
  let since = performance.now();
  while (!madeLock()) {
    const latest = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (beat === undefined) say('another start is installing; waiting for it');
    if (latest !== beat) since = performance.now();
    else if (performance.now() - since > STILL_MS_MAX) rmSync(lock, { recursive: true, force: true });
    beat = latest ?? 0;
    await new Promise((done) => setTimeout(done, BEAT_MS));
  }
}

function madeLock() {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function install() {
  say('installing what is missing, Node among it; this happens once and takes about a minute');
  const begun = performance.now();
  const beat = setInterval(() => existsSync(lock) && utimesSync(lock, new Date(), new Date()), BEAT_MS);
  const problem = await npm();
  clearInterval(beat);
  if (problem === undefined) {
    say(`installed in ${Math.round((performance.now() - begun) / 1000)} s`);
    return true;
  }
  say(`could not install: ${problem}. npm's own words stand above.`);
  say('see that npm reaches its registry and that the disk has 1 GB free, then run the same command again');
  return false;
}

/** What went wrong, or nothing. Standard output belongs to the command, so npm talks to standard error. */
function npm() {
  const command = existsSync(join(root, 'package-lock.json')) ? 'ci' : 'install';
  // Named, because a person's settings or NODE_ENV may leave them out; the pinned Node is an optional dependency.
  const args = [command, '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const child = spawn('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: windows, env: ourEnvironment() });
  const stop = (signal) => child.kill(signal);
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'];
  for (const signal of signals) process.on(signal, stop);
  return new Promise((done) => {
    child.on('error', (error) => done(`npm does not start (${error.message})`));
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, stop);
      if (signal !== null) {
        rmSync(lock, { recursive: true, force: true });
        process.exit(128 + constants.signals[signal]);
      }
      done(code === 0 ? undefined : `npm ${command} ended with ${code}`);
    });
  });
}

/** Without our own node_modules/.bin: npm must not run on the very Node that it replaces. */
function ourEnvironment() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return {
    ...process.env,
    PATH: folders.filter((folder) => resolve(folder) !== join(modules, '.bin')).join(delimiter),
  };
}
