import type { Instant } from '#domain/instant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { TeamId } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Ended, LastUse, PatId, PatView, PersonalAccessToken, Token, TokenId, TokenName } from '#domain/token.ts';
import type { Known } from '#domain/verification.ts';
import type { Moved } from './changes.ts';
import type { Digest, KeyId, PepperedDigest } from './digest.ts';

export type Page = {
  readonly limit: number;
  readonly offset: number;
  readonly nameContains: string;
  /** Revoked ones are listed too, of those that ended after this instant; without it none is. */
  readonly endedAfter?: Instant;
};
export type Listing<Row> = { readonly rows: readonly Row[]; readonly total: number };

/** `unproved` stays as it is: it was refused already, and is to be looked at by somebody. */
export type EndedAll<Each> = { readonly ended: readonly Each[]; readonly unproved: readonly Each[] };

/** Personal access tokens; that of a virtual account is among them only where it is said. */
export interface PatReads {
  /** Undefined unless it is the owner's; one that was revoked is found. */
  get(tenant: TenantId, owner: PrincipalId, id: PatId): Promise<PersonalAccessToken | undefined>;
  /** The owner's unrevoked one of that name. */
  byName(tenant: TenantId, owner: PrincipalId, name: TokenName): Promise<PersonalAccessToken | undefined>;
  view(tenant: TenantId, owner: PrincipalId, id: PatId): Promise<PatView | undefined>;
  /** How many of the owner's have a value that lives, under the settings that stand. */
  countLive(tenant: TenantId, owner: PrincipalId, now: Instant): Promise<number>;
  /** Of anybody: how many unrevoked ones are put down to a team. */
  countOfTeam(tenant: TenantId, team: TeamId): Promise<number>;
  /** The tokens of virtual accounts, with their values, in no order; of one that is gone there is none. */
  ofAccounts(tenant: TenantId, accounts: readonly PrincipalId[]): Promise<readonly PatView[]>;
  /** Lists what the owner holds, expired ones too, newest first; `total` counts past the page. */
  list(tenant: TenantId, owner: PrincipalId, page: Page): Promise<Listing<PatView>>;
}

/** Of a virtual account's, too. */
export interface PatWrites {
  /** False, and nothing written, when the owner has an unrevoked one of that name. */
  insert(tenant: TenantId, pat: PersonalAccessToken): Promise<boolean>;
  /** False, and nothing written, when the owner has another unrevoked one of that name; throws for one that is not there. */
  rename(tenant: TenantId, owner: PrincipalId, id: PatId, name: TokenName, at: Instant): Promise<boolean>;
  /** Its own date, which is the last of its values'. Throws for one that is not there. */
  setExpiry(
    tenant: TenantId,
    owner: PrincipalId,
    id: PatId,
    expiresAt: Instant | undefined,
    at: Instant,
  ): Promise<void>;
  /** False unless it is the owner's. The first end stays: revoking again changes nothing. */
  revoke(tenant: TenantId, owner: PrincipalId, id: PatId, ended: Ended): Promise<boolean>;
  /** Ends everything the owner has not revoked; says which. Rows that do not prove themselves keep nothing else from ending. */
  revokeAll(tenant: TenantId, owner: PrincipalId, ended: Ended): Promise<EndedAll<PatId>>;
}

export interface TokenReads {
  /**
   * Finds a token by its digest under any pepper in use, whatever its standing; undefined when it was never issued.
   * One statement, and a second for what the owner of one that was issued holds. No tenant leads here: this is where a request's tenant comes from.
   * `within` is for whoever presents one that is not theirs: of another tenant it was never issued, by the same statement.
   */
  byDigest(digests: readonly Digest[], within?: TenantId): Promise<Known | undefined>;
  /** The same of a token that is known already. */
  byGeneration(tenant: TenantId, pat: PatId, generation: number): Promise<Known | undefined>;
  /** Of the newest value of a personal access token; 0 where it has none. */
  lastGeneration(tenant: TenantId, pat: PatId): Promise<number>;
  /** One value, ended or not; undefined where it is none of this token, or was removed since. */
  get(tenant: TenantId, pat: PatId, token: TokenId): Promise<Token | undefined>;
  /** Values of a token that were not ended, oldest first; some may be past their date. */
  standing(tenant: TenantId, pat: PatId): Promise<readonly Token[]>;
  /** Whether any value that this key signed, in any tenant, lived after this instant: was not ended by then, nor past its date. */
  anyLivedAfter(key: KeyId, at: Instant): Promise<boolean>;
}

export interface TokenWrites {
  /** Adds a value to its personal access token; a generation that is taken undoes the transaction. */
  add(tenant: TenantId, token: Token, digest: PepperedDigest): Promise<void>;
  /** Holds whoever owns a value that these keys signed and that stands, as `PrincipalWrites.hold`, in the order of their ids. */
  holdOwners(keys: readonly KeyId[]): Promise<void>;
  /**
   * Ends every value that this key signed and that stands, in any tenant; in place of the last that a token has, the
   * token. Says which. Rows that do not prove themselves keep nothing else from ending.
   */
  endSignedBy(key: KeyId, ended: Ended): Promise<EndedAll<Moved>>;
  /** Ends one value that stands, with what is kept of it to be had again; false for one that does not, or is another token's. */
  endOne(tenant: TenantId, pat: PatId, token: TokenId, ended: Ended): Promise<boolean>;
  /** Has it work until `at` and not longer; throws for one that does not stand. */
  expireOne(tenant: TenantId, pat: PatId, token: TokenId, at: Instant): Promise<void>;
  /** Ends what stands of a personal access token beyond its `keep` newest values, ended ones counted; says which. */
  endOldest(tenant: TenantId, pat: PatId, keep: number, ended: Ended): Promise<readonly TokenId[]>;
}

export type TokenUse = LastUse & { readonly tenant: TenantId; readonly token: TokenId };
export type DeadTokenUse = TokenUse & { readonly pat: PatId };

export interface TokenUseWrites {
  /** Notes when tokens were last used; an older use never replaces a newer one. */
  note(uses: readonly TokenUse[]): Promise<void>;
  /** The same of uses after the end, which were refused: of a personal access token the last, whichever value it was of. */
  noteDead(uses: readonly DeadTokenUse[]): Promise<void>;
}
