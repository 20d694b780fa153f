import { parseFilter } from './filter.ts';

/** A filter as data, for whoever has a database ask it. Texts are in lower case, as what they are compared with has to be. */
export type Condition<Column extends string> =
  | { readonly type: 'AND' | 'OR'; readonly children: readonly Condition<Column>[] }
  | { readonly column: Column; readonly op: Operator; readonly texts: readonly string[] };
export type Operator =
  | ('STRING_CONTAINS' | 'STRING_STARTS_WITH' | 'STRING_ENDS_WITH')
  | ('EQUAL' | 'NOT_EQUAL' | 'IN' | 'NOT_IN');

/** Of columns alone; refused where `parseFilter` refuses it. */
export function parseCondition<Column extends string>(text: string, columns: readonly Column[]): Condition<Column> {
  parseFilter(text, columns);
  return conditionOf(JSON.parse(text) as Understood<Column>);
}

/** What has passed: a leaf has an operator, a group has children. */
type Understood<Column extends string> =
  | { readonly type: 'AND' | 'OR'; readonly children: readonly Understood<Column>[] }
  | { readonly column: Column; readonly op: Operator; readonly value: string | readonly string[] };

function conditionOf<Column extends string>(tree: Understood<Column>): Condition<Column> {
  if ('type' in tree) return { type: tree.type, children: tree.children.map(conditionOf) };
  const { column, op, value } = tree;
  return { column, op, texts: [value].flat().map((one) => one.toLowerCase()) };
}
