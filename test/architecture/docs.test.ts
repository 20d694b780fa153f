import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SETTINGS } from '#config/read-config.ts';
import { OPERATIONS } from '#contract/operations.ts';
import { ownAccount } from '#contract/own/virtual-account.ts';
import { BUILT_IN } from '#domain/role.ts';
import { parseTokenName } from '#domain/token.ts';
import { AFTER_RETIREMENT } from '#domain/virtual-account.ts';
import { ROOMS } from './rooms.ts';

const PAGES = [
  ...readdirSync('.').filter((file) => file.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];
const read = (file: string): string => readFileSync(file, 'utf8');
const every = (page: string, pattern: RegExp): readonly string[] =>
  [...read(page).matchAll(pattern)].map(([, found]) => found as string);

/** A row of a Markdown table, as cells. */
const rowsOf = (page: string): readonly (readonly string[])[] =>
  read(page)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

test.each(PAGES)('%s names no path that is not there', (page) => {
  const named = every(page, /`((?:src|test|bin|bench|scripts|docs|console)\/[\w./-]*)`/g);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

test.each(PAGES)('%s names no script, command or endpoint that is not there', (page) => {
  const { scripts } = JSON.parse(read('package.json'));
  const usage = read('src/main/bin.ts');
  const npm = every(page, /npm (?:run )?(start|test|check|bench|[a-z:]+)\b(?=`| --|\s+#)/g);
  expect(npm.filter((script) => !(script in scripts) && script !== 'install')).toEqual([]);
  const commands = every(page, /`(?:npx )?countersign ([a-z-]+)/g);
  expect(commands.filter((command) => !usage.includes(`  ${command} `))).toEqual([]);
  const paths = new Set<string>(Object.values(OPERATIONS).map(({ path }) => path));
  const asked = every(page, /`(?:GET|POST|DELETE) (\/api\/[^\s`?]+)/g);
  expect(asked.filter((path) => !paths.has(path))).toEqual([]);
});

test.each(PAGES)('%s gives tokens no name that would be refused', (page) => {
  for (const name of every(page, /\{"name": *"([^"]+)"/g)) expect(parseTokenName(name)).toBe(name);
});

test.each(PAGES)('%s puts no token into arguments or into what a shell keeps', (page) => {
  expect(every(page, /(--api-key[ =]\S+|TFY_API_KEY=[^\s`]+)/g)).toEqual([]);
});

test('operating.md explains every setting with its flag and default, and no other', () => {
  const told = rowsOf('docs/operating.md')
    .filter(([first = '']) => first.startsWith('`COUNTERSIGN_'))
    .map(([env = '', flag = '', fallback = '']) => ({ env, flag, fallback }));
  const code = (text: string | undefined) => (text === undefined || text === '' ? '' : `\`${text}\``);
  const there = Object.values(SETTINGS).map(({ env, flag, fallback }) => ({
    env: code(env),
    flag: code(flag && `--${flag}`),
    fallback: env === 'COUNTERSIGN_ROOT_KEY_FILE' ? '`root.key` in the data folder' : code(fallback),
  }));
  expect(told).toEqual(there);
});

test.each(PAGES)('%s names no setting that is not there', (page) => {
  const known = new Set<string>(Object.values(SETTINGS).map(({ env }) => env));
  const named = every(page, /`?(COUNTERSIGN_[A-Z_]*[A-Z])\b/g).filter(
    (name) => !/^COUNTERSIGN_TEST(_REQUIRE)?$/.test(name),
  );
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test('architecture.md tells of the rooms as they are', () => {
  const names = (cell = '') => (cell === '·' ? [] : cell.replaceAll('`', '').split(' '));
  const told = rowsOf('docs/architecture.md')
    .slice(1)
    .filter(([room = '']) => room.slice(1, -1) in ROOMS && room !== '`main`')
    .map(([room = '', , rooms, packages]) => [room.slice(1, -1), { rooms: names(rooms), packages: names(packages) }]);
  const { main: _, ...there } = ROOMS as Record<string, unknown>;
  expect(Object.fromEntries(told)).toMatchObject(there);
});

test('people-and-rights.md tells of every built-in role, and of no other', () => {
  const told = rowsOf('docs/people-and-rights.md').flatMap(([roles = '']) => [...roles.matchAll(/`([^`]+)`/g)]);
  expect(told.map(([, role]) => role).sort()).toEqual(BUILT_IN.map(({ id }) => id).sort());
});

test('virtual-accounts.md tells of every field of a value, and of all that can follow the use of an old one', () => {
  const told = rowsOf('docs/virtual-accounts.md').map(([first = '']) => first.replaceAll('`', ''));
  const after = (head: string, count: number) => told.slice(told.indexOf(head) + 1).slice(0, count);
  const fields = Object.keys(ownAccount.shape.values.element.shape);
  expect(after('value', fields.length).sort()).toEqual([...fields].sort());
  expect(after('afterRetirement', AFTER_RETIREMENT.length)).toEqual([...AFTER_RETIREMENT]);
});

test('dependencies.md has a line for each direct dependency, and for no other', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'));
  const told = rowsOf('docs/dependencies.md').flatMap(([first = '']) =>
    [...first.matchAll(/`([^`…]+)`/g)].map(([, name]) => name),
  );
  const direct = { ...dependencies, ...devDependencies, ...optionalDependencies };
  expect(told.filter((name) => !((name as string) in direct))).toEqual([]);
  const untold = Object.keys(direct).filter(
    (name) => !told.includes(name) && !/^node-(bin-)?(darwin|linux|win)/.test(name),
  );
  expect(untold).toEqual([]);
});

test('decision records are numbered without a gap and say why', () => {
  const records = readdirSync('docs/decisions').sort();
  expect(records.map((file) => Number(file.slice(0, 4)))).toEqual(records.map((_, at) => at + 1));
  const parts = ['**Context.**', '**Decision.**', '**Consequences.**', '**Rejected.**'];
  const wanting = records.filter((file) => !parts.every((part) => read(join('docs/decisions', file)).includes(part)));
  expect(wanting).toEqual([]);
});
