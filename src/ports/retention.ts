import type { Instant } from '#domain/instant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId } from '#domain/token.ts';

/** How far a walk has come; to be handed back as it is. */
export type Place = readonly (string | number)[];

/** `next` is undefined where there is nothing further. */
export type Walk<Found> = Found & {
  /** Rows that do not prove themselves, by table and id: they are neither believed nor removed. */
  readonly unproved: readonly string[];
  readonly next: Place | undefined;
};

export type OverPat = { readonly tenant: TenantId; readonly owner: PrincipalId; readonly pat: PatId };

/** The two ways to what is over: what was ended itself, and what ends by its values or with their dates. */
export const TOKEN_WALKS = ['revoked-tokens', 'over-values'] as const;
export type TokenWalk = (typeof TOKEN_WALKS)[number];

/** Tables of which a row goes once its time is past. */
export const PAST_TABLES = ['session', 'invitation', 'replay', 'delivery'] as const;
export type PastTable = (typeof PAST_TABLES)[number];

/** From a place on, or from the beginning; looks at no more than `max` rows. */
export type Step = { readonly before: Instant; readonly after: Place | undefined; readonly max: number };

export interface RetentionReads {
  /** Personal access tokens that were ended by `before`, or have a value that was; each is judged when it is removed. */
  overPats(
    walk: TokenWalk,
    step: Step,
  ): Promise<{ readonly found: readonly OverPat[]; readonly next: Place | undefined }>;
}

export type Removed = { readonly tokens: number; readonly values: number; readonly unproved: readonly string[] };

export interface RetentionWrites {
  /**
   * Removes what is over of these, with its uses: the whole (`overAt`), or values that ended by then and are not among the
   * newest, whose numbers count on. Values first, a bounded number of each token, and the token once none is left.
   */
  removeOver(pats: readonly OverPat[], before: Instant): Promise<Removed>;
  /** Removes rows whose time was past at `before`. */
  removePast(table: PastTable, step: Step): Promise<Walk<{ readonly removed: number }>>;
  /** Removes the oldest changes up to this sequence that every node has applied, and that are old by the clock of the database. */
  removeChanges(upTo: number, ageMsMin: number, max: number): Promise<number>;
  /** Removes jobs that were dead by then, whether or not they prove themselves: nobody runs them. */
  removeDeadJobs(before: Instant, max: number): Promise<number>;
  /** Removes nodes that have been silent for so long, by the clock of the database. */
  removeNodes(silentMsMin: number, max: number): Promise<number>;
}
