import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf } from './imports.ts';

/** None where this is no clone, as in what is unpacked from an archive. */
function tracked(): readonly string[] {
  const { status, stdout } = spawnSync('git', ['ls-files', '-z', '--cached'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\0').filter((file) => file !== '') : [];
}

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const DOORS: Readonly<Record<string, string>> = JSON.parse(readFileSync('package.json', 'utf8')).imports;

/** The file of ours that a specifier names, by path from here; undefined for a package, and for what is computed. */
function ownFile(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return join(from, '..', specifier);
  const [room, ...rest] = specifier.split('/');
  const folder = DOORS[`${room}/*`];
  return folder === undefined ? undefined : join(folder.replace('*', rest.join('/')));
}

/** What a clone would miss of what a file imports. */
const missingOf = (file: string, specifiers: readonly string[], known: ReadonlySet<string>): readonly string[] =>
  specifiers
    .map((specifier) => ownFile(file, specifier))
    .filter((named) => named !== undefined && !known.has(named))
    .map((named) => `${file} imports ${named}`);

const known = new Set(tracked());
const sources = [...known].filter((file) => SOURCE.test(file) && existsSync(file));

describe.skipIf(known.size === 0)('a clone (needs git)', () => {
  test('has every file that one of its files imports', () => {
    expect(sources).toEqual(expect.arrayContaining(['bin/countersign.js', 'src/main/bin.ts']));
    expect(sources.flatMap((file) => missingOf(file, importsOf(file), known))).toEqual([]);
  });
});

test.each([
  { file: 'src/main/a.ts', line: `import { b } from './b.ts'`, named: 'src/main/b.ts' },
  { file: 'src/main/a.ts', line: `import type { B } from '#domain/deep/b.ts'`, named: 'src/domain/deep/b.ts' },
  { file: 'test/cli/a.ts', line: `await import('#support/b.ts')`, named: 'test/support/b.ts' },
  { file: 'bin/a.js', line: `export { b } from '../scripts/b.js'`, named: 'scripts/b.js' },
  { file: 'bench/a.ts', line: `import 'zod'; import 'node:fs'; await import(name)`, named: undefined },
])('of $file with `$line` it would miss $named', ({ file, line, named }) => {
  const missing = missingOf(file, importsOf(file, line), new Set([file]));
  expect(missing).toEqual(named === undefined ? [] : [`${file} imports ${named}`]);
});
