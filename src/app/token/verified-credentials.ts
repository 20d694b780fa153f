import { cacheKeyOf } from '#crypto/opaque.ts';
import type { Instant } from '#domain/instant.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Known } from '#domain/verification.ts';
import type { Change, Moved } from '#ports/changes.ts';

/** About 240 MB at the 2 kB that one entry costs. A hundred thousand tokens in turn fit, with whoever else asks meanwhile. */
const ENTRIES_MAX = 120_000;
/** Strangers are many and worth little. */
const STRANGERS_MAX = 10_000;
/** What has moved lately; when there is more, everything is read again once. */
const EPOCHS_MAX = 100_000;
/** Second line of defence: what no change reached is read again after a minute. */
const AGE_MS_MAX = 60_000;
/** Nobody can present a credential before it is issued, so "unknown" may be believed for as long as a client's retries take. */
const STRANGER_AGE_MS_MAX = 5_000;

/** Whether what is remembered, and what was read, may be believed by now; `reading` is called before the read. */
type Belief = { isHeard(): boolean; reading(): () => boolean };
const ALWAYS: Belief = { isHeard: () => true, reading: () => () => true };

/** `asOf` is the moment before the read: the read may know more than was known then, never less. */
type Entry = { readonly known: Known; readonly readAt: Instant; readonly asOf: number };
/** The moment of an id's last change, and the number that the change has in the feed. */
type Epoch = { readonly moment: number; readonly sequence: number };
type Lookup = Promise<Known | undefined>;
/** Told whether it was known when it was last read. */
type Look = (wasKnown: boolean) => Lookup;

/**
 * The credentials this process has lately read, by salted digest; no credential is ever held.
 *
 * A change names what moved; the epoch of an id is the moment of its last change. An entry is good while it is as new
 * as the epochs of all it rests on. So nobody needs to know which entries a change touches: not those of one token under
 * several keys, nor those of a principal's many tokens, nor those still being read.
 *
 * Moments are counted here, and not taken from the database: whoever can write there could turn its numbers back.
 */
export class VerifiedCredentials {
  readonly #salt: string;
  readonly #belief: Belief;
  readonly #entries = new Map<string, Entry>();
  readonly #strangers = new Map<string, Instant>();
  readonly #epochs = new Map<string, Epoch>();
  readonly #lookups = new Map<string, Lookup>();
  /** How each of those asked for was answered: from memory, by sharing a read under way, or by a read. */
  readonly counts = { hit: 0, stranger: 0, shared: 0, read: 0, overtaken: 0 };
  #sequence: number;
  #moment = 0;
  /** The epoch of every id that has none of its own. */
  #floor = 0;

  constructor(salt: string, sequence: number, belief: Belief = ALWAYS) {
    this.#salt = salt;
    this.#sequence = sequence;
    this.#belief = belief;
  }

  /** The newest change of the feed that has been applied here. */
  get sequence(): number {
    return this.#sequence;
  }

  get sizes(): { readonly known: number; readonly strangers: number } {
    return { known: this.#entries.size, strangers: this.#strangers.size };
  }

  /** From memory, or by one lookup that everyone who asks meanwhile shares. */
  find(credential: Sensitive, now: Instant, look: Look): Lookup | Known | undefined {
    return this.#found(cacheKeyOf(this.#salt, credential), now, look);
  }

  /**
   * The same for whoever presents one that need not be theirs, of which they know what is of their tenant. Remembered
   * apart, so that another tenant's is a stranger here, and at home what it is. No credential holds the line break.
   */
  findWithin(tenant: TenantId, credential: Sensitive, now: Instant, look: Look): Lookup | Known | undefined {
    return this.#found(cacheKeyOf(`${this.#salt}${tenant}\n`, credential), now, look);
  }

  #found(key: string, now: Instant, look: Look): Lookup | Known | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#isGood(entry, now)) {
      this.counts.hit += 1;
      return entry.known;
    }
    const strangerAt = this.#strangers.get(key);
    if (strangerAt === undefined || !isYoung(strangerAt, now, STRANGER_AGE_MS_MAX)) return this.#shared(key, now, look);
    this.counts.stranger += 1;
    return undefined;
  }

  #shared(key: string, readAt: Instant, look: Look): Lookup {
    const under = this.#lookups.get(key);
    this.counts[under === undefined ? 'read' : 'shared'] += 1;
    return under ?? this.#lookUp(key, readAt, look);
  }

  /** Applies a change that this process has just committed: nobody gets an answer from before it. */
  applyOwn(sequence: number, moved: readonly Moved[]): void {
    this.#move(sequence, moved);
  }

  #move(sequence: number, moved: readonly Moved[]): void {
    this.#lookups.clear(); // not even from a lookup that is under way
    this.#moment += 1;
    if (this.#epochs.size + moved.length > EPOCHS_MAX) {
      this.#epochs.clear();
      this.#floor = this.#moment;
    }
    for (const { id } of moved) this.#epochs.set(id, { moment: this.#moment, sequence });
  }

  /** Applies a change that the feed tells of, once; true where it was news, and not a change of our own. */
  apply({ sequence, moved }: Change): boolean {
    if (sequence < this.#sequence) return false; // another catching up, beside this one, was faster
    this.#sequence = sequence;
    if (this.#epochs.get(moved.id)?.sequence === sequence) return false;
    this.#move(sequence, [moved]);
    return true;
  }

  /** Follows the feed from here on, and believes nothing that is older. */
  beginAnew(sequence: number): void {
    this.forgetAll();
    this.#sequence = sequence;
  }

  /** Everything is read again, whatever is under way. */
  forgetAll(): void {
    this.#lookups.clear();
    this.#strangers.clear();
    this.#epochs.clear();
    this.#moment += 1;
    this.#floor = this.#moment;
  }

  #isGood(entry: Entry, now: Instant): boolean {
    return isYoung(entry.readAt, now, AGE_MS_MAX) && this.#isCurrent(entry) && this.#belief.isHeard();
  }

  #isCurrent({ known, asOf }: Pick<Entry, 'known' | 'asOf'>): boolean {
    for (const id of known.restsOn) if (asOf < (this.#epochs.get(id)?.moment ?? this.#floor)) return false;
    return true;
  }

  /** Something that it rests on has moved while it was read: nobody knows which came first, so it is read again. */
  #isOld(known: Known | undefined, asOf: number): boolean {
    return known !== undefined && !this.#isCurrent({ known, asOf });
  }

  #lookUp(key: string, readAt: Instant, look: Look): Lookup {
    const asOf = this.#moment;
    const isFresh = this.#belief.reading();
    const lookup: Lookup = look(this.#entries.has(key))
      .then((known) => {
        if (!isFresh()) throw tooLate();
        if (this.#lookups.get(key) !== lookup) {
          if (!this.#isOld(known, asOf)) return known;
          this.counts.overtaken += 1;
          return this.#shared(key, readAt, look);
        }
        for (const remembered of [this.#strangers, this.#entries]) remembered.delete(key);
        if (known === undefined) put(this.#strangers, key, readAt, STRANGERS_MAX);
        else put(this.#entries, key, { known, readAt, asOf }, ENTRIES_MAX);
        return known;
      })
      .finally(() => {
        if (this.#lookups.get(key) === lookup) this.#lookups.delete(key);
      });
    this.#lookups.set(key, lookup);
    return lookup;
  }
}

const tooLate = (): Refusal =>
  new Refusal(
    'unavailable',
    'The service is unavailable for the moment; your API key is not the problem. Its database answers too late: try again.',
    { detail: 'the database answered so late that what it said may have changed since' },
  );

/** A clock that was turned back makes nothing young again. */
const isYoung = (readAt: Instant, now: Instant, ageMsMax: number): boolean => now >= readAt && now - readAt < ageMsMax;

/** The latest read is the last to go. */
function put<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  const [oldest] = map.size < max ? [] : map.keys();
  if (oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}
