import type { Operation } from './operation.ts';

export type Row = Operation & { readonly id: string };
/** Rows at one place, under one template: two that differ by the names of their placeholders alone are no two places. */
export type Path = { readonly template: string; readonly names: readonly string[]; readonly rows: readonly Row[] };

const PLACEHOLDER = /\{(\w+)\}/g;
const placeholdersOf = ({ path }: Operation) => [...path.matchAll(PLACEHOLDER)].map(([, name = '']) => name);

export const pathsOf = (rows: readonly Row[]): readonly Path[] =>
  [...Map.groupBy(rows, ({ path }) => path.replace(PLACEHOLDER, '{}')).values()].map(pathOf);

function pathOf(rows: readonly Row[]): Path {
  const [{ path } = { path: '' }] = rows;
  const theirs = rows.map(placeholdersOf);
  const names = (theirs[0] ?? []).map((_, at) => joined(theirs.map((each) => each[at] ?? '')));
  let at = 0;
  return { template: path.replace(PLACEHOLDER, () => `{${names[at++]}}`), names, rows };
}

/** `id` and `name` become `idOrName`. */
const joined = (names: readonly string[]): string =>
  [...new Set(names)].map((name, at) => (at === 0 ? name : `Or${name[0]?.toUpperCase()}${name.slice(1)}`)).join('');

/** What one of a row's placeholders is called in the template. */
export const placeIn = ({ names }: Path, row: Row, name: string): string =>
  names[placeholdersOf(row).indexOf(name)] ?? name;
