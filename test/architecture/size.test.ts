import { readFileSync } from 'node:fs';
import { Visitor } from 'oxc-parser';
import { expect, test } from 'vitest';
import { parsed, sourcesIn } from './imports.ts';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 60;
const FUNCTION_LINES_MEDIAN_MAX = 10;
const PARAMETERS_MAX = 5;

type Sized = { readonly where: string; readonly lines: number; readonly parameters: number };

const linesIn = (text: string): number => text.trimEnd().split('\n').length;

/** Every function of a file, methods and arrows too, however deep. */
function functionsIn(file: string, source: string): readonly Sized[] {
  const found: Sized[] = [];
  const note = ({ start, end, params }: { start: number; end: number; params: readonly unknown[] }) => {
    const line = linesIn(source.slice(0, start + 1));
    found.push({ where: `${file}:${line}`, lines: linesIn(source.slice(start, end)), parameters: params.length });
  };
  new Visitor({ FunctionDeclaration: note, FunctionExpression: note, ArrowFunctionExpression: note }).visit(
    parsed(file, source).program,
  );
  return found;
}

const FILES = sourcesIn('src').map((file) => ({ file, source: readFileSync(`src/${file}`, 'utf8') }));
const FUNCTIONS = FILES.flatMap(({ file, source }) => functionsIn(file, source));
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

test(`no file is longer than ${FILE_LINES_MAX} lines`, () => {
  const long = FILES.map(({ file, source }) => ({ file, lines: linesIn(source) }));
  expect(long.filter(({ lines }) => lines > FILE_LINES_MAX)).toEqual([]);
});

/** One literal each, and why it is not cut. This list may shrink. */
const LITERALS: readonly string[] = [
  'store/sql/migrations.ts', // the SQL of a migration, which is one and is never edited once released
];

test(`no function is longer than ${FUNCTION_LINES_MAX} lines`, () => {
  const long = FUNCTIONS.filter(({ lines }) => lines > FUNCTION_LINES_MAX);
  expect(long.map(({ where }) => where.replace(/:.*/, ''))).toEqual(LITERALS);
});

test(`no function takes more than ${PARAMETERS_MAX} parameters`, () => {
  expect(FUNCTIONS.filter(({ parameters }) => parameters > PARAMETERS_MAX)).toEqual([]);
});

test(`half of the functions with a body of their own have at most ${FUNCTION_LINES_MEDIAN_MAX} lines`, () => {
  const bodies = FUNCTIONS.filter(({ lines }) => lines > 1);
  expect(bodies.length).toBeGreaterThan(100);
  expect(median(bodies.map(({ lines }) => lines))).toBeLessThanOrEqual(FUNCTION_LINES_MEDIAN_MAX);
});

/** Broken on purpose: what the three limits would see. */
test('functions are measured wherever they stand', () => {
  const source = `class A {
  method(a, b) {
    return (c) =>
      c;
  }
}
export function f({ a, b }, ...rest) {}
`;
  expect(functionsIn('probe.ts', source)).toEqual([
    { where: 'probe.ts:2', lines: 4, parameters: 2 },
    { where: 'probe.ts:3', lines: 2, parameters: 1 },
    { where: 'probe.ts:7', lines: 1, parameters: 2 },
  ]);
});
