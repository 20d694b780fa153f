import { Refusal } from './refusal.ts';

/*
 * Conditions on the rows of a list, as clients write them: a tree of AND and OR whose leaves compare one column. Letters of
 * either case are the same.
 */

export type Row<Column extends string> = Readonly<Record<Column, string>>;
export type Matches<Column extends string> = (row: Row<Column>) => boolean;

type Compare = (have: string, wanted: readonly string[]) => boolean;

const OPERATORS: ReadonlyMap<unknown, Compare> = new Map<string, Compare>([
  ['STRING_CONTAINS', (have, [text = '']) => have.includes(text)],
  ['STRING_STARTS_WITH', (have, [text = '']) => have.startsWith(text)],
  ['STRING_ENDS_WITH', (have, [text = '']) => have.endsWith(text)],
  ['EQUAL', (have, [text = '']) => have === text],
  ['NOT_EQUAL', (have, [text = '']) => have !== text],
  ['IN', (have, texts) => texts.includes(have)],
  ['NOT_IN', (have, texts) => !texts.includes(have)],
]);
/** Those that take a list. */
const OF_LISTS: ReadonlySet<unknown> = new Set(['IN', 'NOT_IN']);

/** Refused as a whole where any part of it is not understood: a condition that is left out would show too much. */
export function parseFilter<Column extends string>(text: string, columns: readonly Column[]): Matches<Column> {
  return nodeOf(treeIn(text), columns);
}

function treeIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong('must be JSON');
  }
}

function nodeOf<Column extends string>(tree: unknown, columns: readonly Column[]): Matches<Column> {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) throw wrong('must be made of objects');
  return 'children' in tree || 'type' in tree ? groupOf(tree, columns) : leafOf(tree, columns);
}

type Group = { readonly type?: unknown; readonly children?: unknown };

/** One without children asks nothing. */
function groupOf<Column extends string>({ type, children }: Group, columns: readonly Column[]): Matches<Column> {
  if (!Array.isArray(children)) throw wrong('needs a list of children in each group');
  if (type !== 'AND' && type !== 'OR') throw wrong('groups by AND or OR');
  const all = children.map((child) => nodeOf(child, columns));
  if (all.length === 0) return () => true;
  return type === 'AND' ? (row) => all.every((matches) => matches(row)) : (row) => all.some((matches) => matches(row));
}

type Leaf = { readonly column?: unknown; readonly op?: unknown; readonly value?: unknown };

function leafOf<Column extends string>({ column, op, value }: Leaf, columns: readonly Column[]): Matches<Column> {
  const known = columns.find((name) => name === column);
  if (known === undefined) throw wrong(`knows the columns ${columns.join(', ')}`);
  const compare = OPERATORS.get(op);
  if (compare === undefined) throw wrong(`knows the operators ${[...OPERATORS.keys()].join(', ')}`);
  const wanted = OF_LISTS.has(op) ? value : [value];
  if (!isTexts(wanted)) throw wrong(OF_LISTS.has(op) ? 'compares with a list of texts' : 'compares with a text');
  const lowered = wanted.map((text) => text.toLowerCase());
  return (row) => compare(row[known].toLowerCase(), lowered);
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

const wrong = (problem: string): Refusal =>
  new Refusal(
    'invalid_request',
    `The filter ${problem}. A condition is {"column":"email","op":"STRING_CONTAINS","value":"ada"}; {"type":"AND","children":[…]} joins several.`,
    { problems: [{ field: 'filter', problem }] },
  );
