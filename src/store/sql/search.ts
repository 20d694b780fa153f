import { sql } from 'kysely';

/** For the one character that ends a pattern on SQLite, and that PostgreSQL refuses. */
const IN_NO_NAME = ' ';

/** What is searched is kept in lower case; `%` and `_` are letters like any other. */
export const containing = (column: string, text: string) =>
  sql<boolean>`${sql.ref(column)} like ${`%${text
    .toLowerCase()
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('\0', IN_NO_NAME)}%`} escape '\\'`;
