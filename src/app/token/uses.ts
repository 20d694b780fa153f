import type { Origin } from '#domain/caller.ts';
import type { Id } from '#domain/id.ts';
import type { Instant } from '#domain/instant.ts';
import type { TokenId } from '#domain/token.ts';
import type { Known } from '#domain/verification.ts';
import type { TokenUse } from '#ports/tokens.ts';

/** Uses within it, from the same place, are one: a busy token must not cost a write every second. */
const SAME_USE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Tokens used since the last flush; beyond it a use that keeps nothing alive is not noted, which makes `last used` late. */
const NOTED_MAX = 100_000;

type Live = Known & { readonly credential: { readonly kind: 'token' } };
/** It is written under one id, however often that is tried: who tries first gives it. */
export type DeadUse = {
  readonly known: Live;
  readonly origin: Origin;
  readonly at: Instant;
  readonly entry?: Id<'AuditEntry'>;
};

/** What verifying noticed, to be written behind it: verifying itself never writes. */
export class Uses {
  /** To be written. */
  readonly #live = new Map<TokenId, TokenUse>();
  /** Lately written. */
  readonly #written = new Map<TokenId, TokenUse>();
  #dead: DeadUse[] = [];
  readonly #reportedInHour = new Map<TokenId, number>();

  accepted(known: Known, { surface, address }: Origin, at: Instant): void {
    if (!isToken(known)) return;
    const token = known.credential.id;
    const noted = this.#live.get(token) ?? this.#written.get(token);
    if (noted !== undefined && at - noted.at < SAME_USE_MS && isSamePlace(noted, surface, address)) return;
    if (noted !== undefined && at < noted.at) return; // the clock was turned back
    if (this.#live.size >= NOTED_MAX && !this.#live.has(token) && known.idle === undefined) return;
    this.#live.set(token, { tenant: known.tenant.id, token, at, surface, address });
  }

  /** Of this process, as far as it is remembered; up to a minute early. */
  lastOf({ idle, credential: { id } }: Known): Instant | undefined {
    if (idle === undefined) return undefined;
    return (this.#live.get(id as TokenId) ?? this.#written.get(id as TokenId))?.at;
  }

  /** Somebody still has a token that ended: one event for each token and hour. */
  refused(known: Known, origin: Origin, at: Instant): void {
    if (!isToken(known)) return;
    const hour = Math.floor(at / HOUR_MS);
    if (this.#reportedInHour.get(known.credential.id) === hour) return;
    if (this.#reportedInHour.size >= NOTED_MAX) this.#reportedInHour.clear();
    this.#reportedInHour.set(known.credential.id, hour);
    this.#dead.push({ known, origin, at });
  }

  takeLive(max: number): readonly TokenUse[] {
    const taken: TokenUse[] = [];
    for (const use of this.#live.values()) {
      if (taken.length === max) break;
      taken.push(use);
    }
    if (this.#written.size + taken.length > NOTED_MAX) this.#written.clear();
    for (const use of taken) {
      this.#live.delete(use.token);
      this.#written.set(use.token, use);
    }
    return taken;
  }

  takeDead(max: number): readonly DeadUse[] {
    return this.#dead.splice(0, max);
  }

  /** What could not be written, unless something newer was noted meanwhile. */
  giveBack(live: readonly TokenUse[], dead: readonly DeadUse[]): void {
    for (const use of live) {
      this.#written.delete(use.token);
      if (!this.#live.has(use.token)) this.#live.set(use.token, use);
    }
    this.#dead.unshift(...dead);
  }
}

const isSamePlace = (noted: TokenUse, surface: string, address: string | undefined): boolean =>
  noted.surface === surface && noted.address === address;

const isToken = (known: Known): known is Live => known.credential.kind === 'token';
