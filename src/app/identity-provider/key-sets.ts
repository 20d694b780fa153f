import type { KeySource } from '#crypto/external-jwt.ts';
import { type KeySet, keySetIn, keysOf } from '#crypto/external-jwt-keys.ts';
import type { IdentityProvider } from '#domain/identity-provider.ts';
import type { UploadedKeys } from '#domain/identity-provider-keys.ts';
import { isWithin, type Moment } from '#domain/instant.ts';
import type { Clock } from '#ports/chance-and-time.ts';
import type { Outbound, OutboundFailure } from '#ports/outbound.ts';

/** How long a set is believed without another look: so long may a key be taken that its issuer has withdrawn. */
export const FRESH_MS = 10 * 60 * 1000;
/** And so long where the issuer cannot be asked: longer than most outages, and than what was signed before them lives. */
export const STALE_MS_MAX = 6 * 60 * 60 * 1000;
/** A key that is not in the set may be new, or made up by a stranger: neither makes us ask more often than this. */
export const ASK_AGAIN_MS = 60 * 1000;
/** Where there is no set at all, everybody waits for it. */
export const FIRST_AGAIN_MS = 10 * 1000;
/** The one that was asked for longest ago goes; it is fetched again when it is needed. */
const SETS_MAX = 1_000;

type Entry = {
  /** The last set that was fetched, and before when. */
  readonly held: { readonly set: KeySet; readonly askedAt: Moment } | undefined;
  readonly askedAt: Moment | undefined;
  readonly failure: OutboundFailure;
  readonly under: Promise<void> | undefined;
};
const EMPTY: Entry = { held: undefined, askedAt: undefined, failure: 'unreachable', under: undefined };

type Provider = Pick<IdentityProvider, 'id' | 'keys'>;

/**
 * The keys of identity providers, fetched when a token needs them, once for all that wait. Within FRESH_MS a set serves as it is; a key
 * that is not in it makes us look again, so that a rotation is followed. While the issuer cannot be asked, the last set serves.
 */
export class KeySets {
  readonly #outbound: Outbound;
  readonly #clock: Clock;
  /** By provider and address: what one tenant's tokens make us ask does not delay another's. */
  readonly #entries = new Map<string, Entry>();
  readonly #uploaded = new WeakMap<UploadedKeys, KeySet>();

  constructor(outbound: Outbound, clock: Clock) {
    this.#outbound = outbound;
    this.#clock = clock;
  }

  of({ id, keys }: Provider): KeySource {
    if (keys.from === 'upload') return async () => this.#read(keys.jwks);
    return (isEnough) => this.#fetched(`${id} ${keys.jwksUri}`, keys.jwksUri, isEnough);
  }

  #read(jwks: UploadedKeys): KeySet {
    const set = this.#uploaded.get(jwks) ?? keysOf(jwks);
    this.#uploaded.set(jwks, set);
    return set;
  }

  async #fetched(key: string, url: string, isEnough: (set: KeySet) => boolean): Promise<KeySet | OutboundFailure> {
    const entry = this.#entries.get(key) ?? EMPTY;
    if (!this.#serves(entry, isEnough)) await (entry.under ?? this.#askOnce(key, url, entry));
    const { held, failure } = this.#entries.get(key) ?? EMPTY;
    return held !== undefined && this.#isWithin(held.askedAt, STALE_MS_MAX) ? held.set : failure;
  }

  #serves({ held }: Entry, isEnough: (set: KeySet) => boolean): boolean {
    return held !== undefined && this.#isWithin(held.askedAt, FRESH_MS) && isEnough(held.set);
  }

  #isWithin(since: Moment, ms: number): boolean {
    return isWithin(since, this.#clock.moment(), ms);
  }

  async #askOnce(key: string, url: string, entry: Entry): Promise<void> {
    const pause = entry.held === undefined ? FIRST_AGAIN_MS : ASK_AGAIN_MS;
    if (entry.askedAt !== undefined && this.#isWithin(entry.askedAt, pause)) return;
    const under = this.#ask(key, url).catch((error: unknown) => {
      this.#put(key, { ...entry, under: undefined }); // a fault of ours: the next one who asks meets it anew
      throw error;
    });
    this.#put(key, { ...entry, under });
    await under;
  }

  /** Before the answer lies the moment for which it holds. */
  async #ask(key: string, url: string): Promise<void> {
    const askedAt = this.#clock.moment();
    const answer = await this.#outbound.getJson(url);
    const set = answer.ok ? keySetIn(answer.value) : undefined;
    const before = this.#entries.get(key) ?? EMPTY;
    const failure = answer.ok ? 'bad_answer' : answer.reason;
    this.#put(key, { held: set === undefined ? before.held : { set, askedAt }, askedAt, failure, under: undefined });
  }

  #put(key: string, entry: Entry): void {
    this.#entries.delete(key);
    const [oldest] = this.#entries.size < SETS_MAX ? [] : this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(key, entry);
  }
}
