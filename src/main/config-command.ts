import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { EXIT } from '#cli/exit.ts';
import { type Config, type Given, givenSettings, readConfig } from '#config/read-config.ts';
import type { Texts } from '#config/setting.ts';
import { Refusal } from '#domain/refusal.ts';
import { pathsIn } from './data-folder.ts';
import { tlsFilesIn } from './network.ts';
import { notUnderstood } from './serve-command.ts';
import { readFlags } from './serve-flags.ts';
import { OTHERS_READ, OTHERS_WRITE, refuseShared } from './shared.ts';
import { naming } from './system-refusal.ts';
import { readTls } from './tls.ts';

/** A setting as `--json` shows it: stable. `value` is null where it is not set, or not usable. */
type Shown = {
  readonly name: string;
  readonly value: string | null;
  readonly usable: boolean;
  readonly from: string;
};

/** Prints what `serve` would take from the same flags and environment, and all that is wrong with it. */
export async function configCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [what, ...rest] = args;
  if (what !== 'check') return notUnderstood(['Usage: countersign config check [options of serve] [--json]']);
  const read = readFlags(rest, { json: { type: 'boolean' } });
  const flags = typeof read === 'string' ? {} : read;
  const problems = [...(typeof read === 'string' ? [read] : []), ...problemsOf(env, flags)];
  const settings = shownSettings(env, flags);
  if (rest.includes('--json')) print(JSON.stringify({ ok: problems.length === 0, problems, settings }, undefined, 2));
  else print(asTable(settings));
  if (problems.length === 0) return EXIT.done;
  return rest.includes('--json') ? EXIT.usage : notUnderstood(problems);
}

function problemsOf(env: Texts, flags: Texts): readonly string[] {
  const read = readConfig(env, flags);
  return read.ok ? problemsOnDisk(read.config) : read.problems;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** None of them is secret: keys and passwords are named by file, and no file is opened for its content to be shown. */
function shownSettings(env: Texts, flags: Texts): readonly Shown[] {
  const given = givenSettings(env, flags);
  const text = (key: keyof Config) => given.find((one) => one.key === key)?.text ?? '';
  return given.map((one) => ({
    name: one.env,
    value: shown(one, text('data')),
    usable: 'value' in one.parsed,
    from: fromOf(one),
  }));
}

function shown({ key, parsed, text }: Given, data: string): string | null {
  if ('problem' in parsed) return null; // might be a password in the wrong place
  if (key === 'rootKeyFile' && text === '') return pathsIn(data).rootKey;
  return text === '' ? null : text;
}

const fromOf = ({ source, flag }: Given): string => (source === 'flag' ? `--${flag}` : source);

function asTable(settings: readonly Shown[]): string {
  const rows = settings.map(({ name, value, usable, from }) => [
    name,
    value ?? (usable ? '(not set)' : '(not usable)'),
    from,
  ]);
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [names, values] = [width(0), width(1)];
  return rows
    .map(([name = '', value = '', from]) => `${name.padEnd(names)}  ${value.padEnd(values)}  ${from}`)
    .join('\n');
}

/** What only the file system knows, without making or opening anything that `serve` would keep. */
function problemsOnDisk(config: Config): readonly string[] {
  const files = tlsFilesIn(config);
  const { data, adminPasswordFile, rootKeyFile } = config;
  return [
    () => whereThere(data, () => checkFolder(data)),
    () => checkRootKey(rootKeyFile ?? pathsIn(data).rootKey),
    () => files && readTls(files, Date.now()),
    () => adminPasswordFile && readable(adminPasswordFile, `The password file ${adminPasswordFile}`),
  ].flatMap(problemIn);
}

function problemIn(check: () => unknown): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof Refusal) return [error.message];
    throw error;
  }
}

/** The first start makes it. */
const whereThere = (path: string, check: () => void): void => {
  if (existsSync(path)) check();
};

function checkFolder(folder: string): void {
  const what = `The data folder ${folder}`;
  if (!statSync(folder).isDirectory()) throw new Refusal('conflict', `${what} is not a folder.`);
  naming(what, () => accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK));
  refuseShared(folder, what, OTHERS_WRITE);
}

const ROOT_KEY_BYTES = 32;

function checkRootKey(file: string): void {
  whereThere(file, () => {
    const what = `The root key ${file}`;
    readable(file, what);
    refuseShared(file, what, OTHERS_READ);
    const { size } = statSync(file);
    if (size !== ROOT_KEY_BYTES) throw new Refusal('conflict', `${what} has ${size} bytes, and should have 32.`);
  });
}

const readable = (file: string, what: string): void => naming(what, () => accessSync(file, constants.R_OK));
