import { OPEN, type TestDatabase } from '#support/database.ts';

export type Raw = TestDatabase['raw'];

export type Adapter = {
  readonly name: string;
  /** One database; `again` opens the same once more, as another process would. */
  open(): Promise<TestDatabase>;
};

export const ADAPTERS: readonly Adapter[] = [{ name: 'SQLite', open: () => OPEN.sqlite(0) }];
