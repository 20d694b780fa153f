/** How much is measured. Ratios of a short run waver more; its gates of statements do not. */
export type Settings = {
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmMs: number;
  /** Of databases. The first is for what does not depend on it. */
  readonly sizes: readonly number[];
  /** Distinct tokens in rotation, how long, and of a database of which size. */
  readonly rotation: { readonly distinct: number; readonly ms: number; readonly size: number };
  readonly creates: { readonly rounds: number; readonly roundMs: number };
  readonly starts: number;
};

export const FULL: Settings = {
  ...{ rounds: 21, roundMs: 400, warmMs: 2_000, sizes: [10_000, 1_000_000] },
  // Longer than a verification is remembered without being read again, so that reading again is in the figure.
  rotation: { distinct: 100_000, ms: 75_000, size: 1_000_000 },
  creates: { rounds: 9, roundMs: 700 },
  starts: 15,
};

export const QUICK: Settings = {
  ...{ rounds: 7, roundMs: 250, warmMs: 1_000, sizes: [10_000] },
  rotation: { distinct: 10_000, ms: 3_000, size: 10_000 },
  creates: { rounds: 5, roundMs: 300 },
  starts: 5,
};
