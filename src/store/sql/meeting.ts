import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Condition, Operator } from '#domain/condition.ts';
import { pattern, withoutNul } from './search.ts';

type Compare = (column: RawBuilder<string>, texts: readonly string[]) => RawBuilder<SqlBool>;

const ALL = sql<SqlBool>`1 = 1`;
const NONE = sql<SqlBool>`1 = 0`;
const like = (column: RawBuilder<string>, text: string) => sql<SqlBool>`${column} like ${text} escape '\\'`;
const among = (texts: readonly string[]) => sql.join(texts.map(withoutNul));

const OPERATORS: Readonly<Record<Operator, Compare>> = {
  STRING_CONTAINS: (column, [text = '']) => like(column, `%${pattern(text)}%`),
  STRING_STARTS_WITH: (column, [text = '']) => like(column, `${pattern(text)}%`),
  STRING_ENDS_WITH: (column, [text = '']) => like(column, `%${pattern(text)}`),
  EQUAL: (column, [text = '']) => sql`${column} = ${withoutNul(text)}`,
  NOT_EQUAL: (column, [text = '']) => sql`${column} <> ${withoutNul(text)}`,
  IN: (column, texts) => (texts.length === 0 ? NONE : sql`${column} in (${among(texts)})`),
  NOT_IN: (column, texts) => (texts.length === 0 ? ALL : sql`${column} not in (${among(texts)})`),
};

/** Rows that meet a condition, by the columns of these names; what stands in them is in lower case. */
export function meeting<Column extends string>(
  condition: Condition<Column>,
  columns: Readonly<Record<Column, string>>,
): RawBuilder<SqlBool> {
  if ('op' in condition) return OPERATORS[condition.op](sql.ref(columns[condition.column]), condition.texts);
  const { type, children } = condition;
  if (children.length === 0) return ALL;
  const all = children.map((child) => meeting(child, columns));
  return sql`(${sql.join(all, type === 'AND' ? sql` and ` : sql` or `)})`;
}
