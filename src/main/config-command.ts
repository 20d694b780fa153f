import { existsSync } from 'node:fs';
import { EXIT } from '#cli/exit.ts';
import { type Config, type Given, givenSettings, type ReadConfig, readConfig } from '#config/read-config.ts';
import type { Texts } from '#config/setting.ts';
import { checksBeforeStart, isBegun, rootKeyFileOf } from './before-start.ts';
import { pathsIn } from './data-folder.ts';
import { hostOf, tlsFilesIn, warningsOf } from './network.ts';
import { problemIn } from './problem-in.ts';
import { err, notUnderstood } from './serve-command.ts';
import { readFlags } from './serve-flags.ts';
import { readTls, warningsOfTls } from './tls.ts';

/** A setting as `--json` shows it: stable. `value` is null where it is not set, or not usable. */
type Shown = {
  readonly name: string;
  readonly value: string | null;
  readonly usable: boolean;
  readonly from: string;
};

/** What is wrong, and what a start would warn of; and what cannot be known without one. */
type Found = {
  readonly exit: number;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly notChecked: readonly string[];
};

/** Prints what `serve` would take from the same flags and environment, and all that is wrong with it. */
export async function configCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [what, ...rest] = args;
  if (what !== 'check') return notUnderstood(['Usage: countersign config check [options of serve] [--json]']);
  const read = readFlags(rest, { json: { type: 'boolean' } });
  const flags = typeof read === 'string' ? {} : read;
  const found = foundIn(readConfig(env, flags), typeof read === 'string' ? [read] : []);
  const settings = shownSettings(env, flags);
  if (rest.includes('--json')) printJson(found, settings);
  else printText(found, settings);
  return found.exit;
}

function foundIn(read: ReadConfig, misread: readonly string[]): Found {
  if (read.ok && misread.length === 0) return foundOnDisk(read.config);
  const problems = [...misread, ...(read.ok ? [] : read.problems)];
  return { exit: EXIT.usage, problems, warnings: [], notChecked: [FILES] };
}

/** Without making or opening anything that `serve` would keep. */
function foundOnDisk(config: Config): Found {
  const tls = tlsFilesIn(config);
  const warnings = [...warningsOf(config, config.listen), ...missingKey(config)];
  const checkTls = () => {
    if (tls !== undefined) warnings.push(...warningsOfTls(readTls(tls, Date.now()), tls, hostOf(config)));
  };
  const problems = [...checksBeforeStart(config), checkTls].flatMap(problemIn);
  return {
    exit: problems.length === 0 ? EXIT.done : EXIT.refused,
    problems,
    warnings,
    notChecked: notCheckedOf(config),
  };
}

/** Whether that database was ever begun is known by opening it. */
const missingKey = (config: Config): readonly string[] =>
  config.databaseUrl === undefined && isBegun(config) && !existsSync(rootKeyFileOf(config))
    ? [
        `The root key ${rootKeyFileOf(config)} is missing, and there is a database, which does not open without its own.`,
      ]
    : [];

const FILES = 'the files and folders, as long as the settings are wrong';
const FROM_OUTSIDE = [
  'whether the address is one of this machine, and free',
  'whether a server runs on the data folder already',
];

const notCheckedOf = (config: Config): readonly string[] => [
  ...FROM_OUTSIDE,
  ...(isBegun(config)
    ? ['whether the database is of this tenant, of this root key, and of a version that is known']
    : []),
  ...(isBegun(config) && config.adminEmail !== undefined
    ? ['the files of an unattended first start, which count only while there is no administrator']
    : []),
];

function printJson({ problems, warnings, notChecked }: Found, settings: readonly Shown[]): void {
  print(JSON.stringify({ ok: problems.length === 0, problems, warnings, notChecked, settings }, undefined, 2));
}

function printText({ problems, warnings, notChecked }: Found, settings: readonly Shown[]): void {
  print([asTable(settings), '', ...notChecked.map((what) => `Not checked: ${what}`)].join('\n'));
  for (const line of [...warnings.map((words) => `WARNING: ${words}`), ...problems]) err(`countersign: ${line}`);
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

function shown({ key, parsed, text, isSecret }: Given, data: string): string | null {
  if ('problem' in parsed) return null; // might be a password in the wrong place
  if (key === 'rootKeyFile' && text === '') return pathsIn(data).rootKey;
  if (isSecret && text !== '') return '(set)';
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
