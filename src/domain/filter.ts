import { Refusal } from './refusal.ts';

/*
 * Conditions on the rows of a list, as clients write them: a tree of AND and OR whose leaves compare one column. Letters of
 * either case are the same.
 */

/** Texts by column, and by the name of each map that has keys of its own what stands in it. */
export type Row<Column extends string, Of extends string = never> = Readonly<Record<Column, string>> &
  Readonly<Record<Of, Readonly<Record<string, unknown>>>>;
export type Matches<Column extends string, Of extends string = never> = (row: Row<Column, Of>) => boolean;

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
/** Those that are true of what is not there. */
const OF_NOTHING: ReadonlySet<unknown> = new Set(['NOT_EQUAL', 'NOT_IN']);

/** What a leaf may name: columns, and maps by the name that clients have for them. */
type Known = { readonly columns: readonly string[]; readonly maps: Readonly<Record<string, string>> };
type Any = Readonly<Record<string, unknown>>;

/** Refused as a whole where any part of it is not understood: a condition that is left out would show too much. */
export function parseFilter<Column extends string, Of extends string = never>(
  text: string,
  columns: readonly Column[],
  maps: Readonly<Record<string, Of>> = {},
): Matches<Column, Of> {
  return nodeOf(treeIn(text), { columns, maps });
}

function treeIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong('must be JSON');
  }
}

const JSON_MAP = 'json_map';

function nodeOf(tree: unknown, known: Known): (row: Any) => boolean {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) throw wrong('must be made of objects');
  const { type, children }: Group = tree;
  const isLeaf = type === JSON_MAP || (type === undefined && children === undefined);
  return isLeaf ? leafOf(tree, known) : groupOf(tree, known);
}

type Group = { readonly type?: unknown; readonly children?: unknown };

/** One without children asks nothing. */
function groupOf({ type, children }: Group, known: Known): (row: Any) => boolean {
  if (!Array.isArray(children)) throw wrong('needs a list of children in each group');
  if (type !== 'AND' && type !== 'OR') throw wrong('groups by AND or OR');
  const all = children.map((child) => nodeOf(child, known));
  if (all.length === 0) return () => true;
  return type === 'AND' ? (row) => all.every((matches) => matches(row)) : (row) => all.some((matches) => matches(row));
}

type Leaf = Group & { readonly column?: unknown; readonly op?: unknown; readonly value?: unknown } & Keyed;

function leafOf(leaf: Leaf, known: Known): (row: Any) => boolean {
  const { op, value } = leaf;
  const read = readerOf(leaf, known);
  const compare = OPERATORS.get(op);
  if (compare === undefined) throw wrong(`knows the operators ${[...OPERATORS.keys()].join(', ')}`);
  const given = OF_LISTS.has(op) ? listIn(value) : [value];
  const wanted = isColumn(leaf, known) ? given : given.map(textOf);
  if (!isTexts(wanted)) throw wrong(OF_LISTS.has(op) ? 'compares with a list of texts' : 'compares with a text');
  const lowered = wanted.map((text: string) => text.toLowerCase());
  return (row) => {
    const have = read(row);
    return have === undefined ? OF_NOTHING.has(op) : compare(have.toLowerCase(), lowered);
  };
}

/** How the leaf's column is read; undefined of a key that is not there, or holds more than one value. */
function readerOf(leaf: Leaf, { columns, maps }: Known): (row: Any) => string | undefined {
  const { column } = leaf;
  if (isColumn(leaf, { columns })) return (row) => textOf(row[column as string]);
  const map = Object.keys(maps).find((name) => name === column || String(column).startsWith(`${name}.`));
  if (map === undefined || typeof column !== 'string') throw wrong(`knows the columns ${namesOf({ columns, maps })}`);
  const [at, key] = [maps[map] as string, column === map ? keyIn(leaf) : column.slice(map.length + 1)];
  return (row) => {
    const held = row[at] as Any;
    return Object.hasOwn(held, key) ? textOf(held[key]) : undefined;
  };
}

const isColumn = ({ type, column }: Leaf, { columns }: Pick<Known, 'columns'>): boolean =>
  type !== JSON_MAP && columns.some((name) => name === column);

type Keyed = { readonly key?: unknown; readonly path?: unknown; readonly jsonKey?: unknown };

/** No source says what the key of such a leaf is called: each of these is taken, where they say one thing. */
function keyIn({ key, path, jsonKey }: Keyed): string {
  const given = [key, jsonKey, Array.isArray(path) && path.length === 1 ? path[0] : path];
  const keys = new Set(given.filter((one) => one !== undefined));
  const [only] = keys;
  if (keys.size === 1 && typeof only === 'string' && only !== '') return only;
  throw wrong('needs the one key that is compared, as "key"');
}

const namesOf = ({ columns, maps }: Known): string =>
  [...columns, ...Object.keys(maps).map((name) => `${name}.<key>`)].join(', ');

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [undefined]);

/** Of what is one value; numbers and truth as JSON writes them. */
const textOf = (value: unknown): string | undefined =>
  ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;

const isTexts = (value: readonly unknown[]): value is readonly string[] =>
  value.every((one) => typeof one === 'string');

const wrong = (problem: string): Refusal =>
  new Refusal(
    'invalid_request',
    `The filter ${problem}. A condition is {"column":"email","op":"STRING_CONTAINS","value":"ada"}; {"type":"AND","children":[…]} joins several.`,
    { problems: [{ field: 'filter', problem }] },
  );
