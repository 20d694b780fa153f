/** What differs between databases, as data: the queries are the same. */
export type Engine = {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** Transactions run side by side, so that what must not needs a lock; else there is one writer at a time. */
  readonly locksRows: boolean;
  /** Other processes write here too, and are told when something moved. */
  readonly isShared: boolean;
  /** Milliseconds since the epoch by the clock of the database, in which processes on several machines agree. */
  readonly nowMs: string;
  readonly types: ColumnTypes;
};

/** What the database calls these types. */
export type ColumnTypes = {
  readonly bytes: string;
  readonly instant: string;
  readonly count: string;
  /** Ordered and compared by its bytes: rules of a language change with the machine, and an index made by others lies. */
  readonly text: string;
  /** Ends a table that lies in the order of its key: a row is then one page to write, and not one more for an index. */
  readonly keyed: string;
};

export const SQLITE: Engine = {
  name: 'SQLite',
  locksRows: false,
  isShared: false,
  nowMs: "cast(unixepoch('subsec') * 1000 as integer)",
  types: { bytes: 'blob', instant: 'integer', count: 'integer', text: 'text', keyed: 'without rowid' },
};

export const POSTGRES: Engine = {
  name: 'PostgreSQL',
  locksRows: true,
  isShared: true,
  nowMs: '(extract(epoch from clock_timestamp()) * 1000)::bigint',
  types: { bytes: 'bytea', instant: 'bigint', count: 'bigint', text: 'text collate "C"', keyed: '' },
};
