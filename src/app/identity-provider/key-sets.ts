import type { KeySource } from '#crypto/external-jwt.ts';
import { type KeySet, keySetIn, keysOf } from '#crypto/external-jwt-keys.ts';
import type { IdentityProvider, IdentityProviderId } from '#domain/identity-provider.ts';
import type { UploadedKeys } from '#domain/identity-provider-keys.ts';
import { type Instant, isWithin, type Moment } from '#domain/instant.ts';
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

type Provider = Pick<IdentityProvider, 'id' | 'keys' | 'updatedAt'>;
type Uploaded = { readonly asOf: Instant; readonly set: KeySet };

/**
 * The keys of identity providers, fetched when a token needs them, once for all that wait. Within FRESH_MS a set serves as it is; a key
 * that is not in it makes us look again, so that a rotation is followed. While the issuer cannot be asked, the last set serves.
 */
export class KeySets {
  readonly #outbound: Outbound;
  readonly #clock: Clock;
  /** By provider and address: what one tenant's tokens make us ask does not delay another's. */
  readonly #entries = new Map<string, Entry>();
  readonly #uploaded = new Map<IdentityProviderId, Uploaded>();

  constructor(outbound: Outbound, clock: Clock) {
    this.#outbound = outbound;
    this.#clock = clock;
  }

  of({ id, keys, updatedAt }: Provider): KeySource {
    if (keys.from === 'upload') return async () => this.#read(id, updatedAt, keys.jwks);
    return (isEnough) => this.#fetched(`${id} ${keys.jwksUri}`, keys.jwksUri, isEnough);
  }

  #read(id: IdentityProviderId, asOf: Instant, jwks: UploadedKeys): KeySet {
    const known = this.#uploaded.get(id);
    if (known?.asOf === asOf) return known.set;
    const set = keysOf(jwks);
    put(this.#uploaded, id, { asOf, set });
    return set;
  }

  async #fetched(key: string, url: string, isEnough: (set: KeySet) => boolean): Promise<KeySet | OutboundFailure> {
    const entry = this.#entries.get(key) ?? EMPTY;
    if (!this.#serves(entry, isEnough)) await this.#again(key, url, entry, isEnough);
    const { held, failure } = this.#entries.get(key) ?? EMPTY;
    return held !== undefined && this.#isWithin(held.askedAt, STALE_MS_MAX) ? held.set : failure;
  }

  /** Whoever can be answered by what is held does not wait for an issuer that was out when it was asked last. */
  async #again(key: string, url: string, entry: Entry, isEnough: (set: KeySet) => boolean): Promise<void> {
    const asked = entry.under ?? this.#askOnce(key, url, entry);
    const { held, askedAt } = entry;
    const wasOut = held !== undefined && askedAt !== held.askedAt && this.#isWithin(held.askedAt, STALE_MS_MAX);
    if (!wasOut || !isEnough(held.set)) return asked;
    asked.catch(() => {}); // whoever has to wait for it hears of it
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
      const askedAt = this.#clock.moment();
      this.#put(key, { ...entry, askedAt, under: undefined }); // a fault of ours is met again, but not by each token
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
    put(this.#entries, key, entry);
  }
}

function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key);
  const [oldest] = map.size < SETS_MAX ? [] : map.keys();
  if (oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}
