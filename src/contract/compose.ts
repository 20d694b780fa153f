type Table = Readonly<Record<string, unknown>>;
type Merged<Tables extends readonly Table[]> = Tables extends readonly [
  infer First,
  ...infer Rest extends readonly Table[],
]
  ? First & Merged<Rest>
  : unknown;

/** Tables as one. A name that stands in two of them is refused: a spread would keep the last and say nothing. */
export function composed<const Tables extends readonly Table[]>(...tables: Tables): Merged<Tables> {
  const names = tables.flatMap((table) => Object.keys(table));
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice.length > 0) throw new Error(`named in two tables: ${twice.join(', ')}`);
  return Object.assign({}, ...tables);
}
