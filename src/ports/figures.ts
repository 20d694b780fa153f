/** What a store counts of itself since it was opened, and how it is at this moment. */
export type StoreFigures = {
  readonly committed: number;
  readonly rolledBack: number;
  /** Of those rolled back: run again, because another was faster. */
  readonly lostRaces: number;
  /** What was made durable: several transactions may share one. */
  readonly commits: number;
  /** Transactions, or whoever else needs a connection, that wait for their turn. */
  readonly waiting: number;
  readonly connections: { readonly busy: number; readonly idle: number };
};
