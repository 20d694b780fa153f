import { sql } from 'kysely';

/** For the one character that ends a pattern on SQLite, and that PostgreSQL refuses. */
const IN_NO_NAME = ' ';

export const withoutNul = (text: string): string => text.replaceAll('\0', IN_NO_NAME);

/** For `like … escape '\'`: `%` and `_` are letters like any other. */
export const pattern = (text: string): string => withoutNul(text.toLowerCase().replace(/[\\%_]/g, '\\$&'));

/** What is searched is kept in lower case. */
export const containing = (column: string, text: string) =>
  sql<boolean>`${sql.ref(column)} like ${`%${pattern(text)}%`} escape '\\'`;
