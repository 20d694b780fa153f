import { ENGINE, OPEN, type TestDatabase } from '#support/database.ts';

export type Raw = TestDatabase['raw'];

export type Adapter = {
  readonly name: string;
  /** One database; `again` opens the same once more, as another process would. */
  open(): Promise<TestDatabase>;
};

const KNOWN = {
  sqlite: { name: 'SQLite', open: () => OPEN.sqlite(0) },
  postgres: { name: 'PostgreSQL', open: () => OPEN.postgres(0) },
} as const satisfies Record<typeof ENGINE, Adapter>;

/** Of the engine that these tests run on: vitest.config.ts runs them once for each. */
export const ADAPTERS: readonly Adapter[] = [KNOWN[ENGINE]];
