/** What a change touched of all that a verification rests on. */
export type MovedKind = 'token' | 'pat' | 'principal' | 'session' | 'team' | 'role' | 'tenant' | 'provider' | 'key';
export type Moved = { readonly kind: MovedKind; readonly id: string };
export type Change = { readonly sequence: number; readonly moved: Moved };
/** As it was read. */
export type HeardChange = Change & {
  /** Since it was written, by the clock of the database; its commit came a little later. */
  readonly ageMs: number;
};

/** One sequence for all tenants: a process follows it whole, and ids are never shared. */
export interface ChangeReads {
  /** The newest sequence; 0 before the first change. */
  latest(): Promise<number>;
  since(sequence: number): Promise<readonly HeardChange[]>;
}

export interface ChangeWrites {
  /** Numbers the change in commit order, so that a reader of `since` can never skip one; nothing moved takes no number, and is 0. */
  append(moved: readonly Moved[]): Promise<number>;
}
