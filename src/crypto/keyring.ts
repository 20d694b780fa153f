import type { Random } from '#ports/chance-and-time.ts';
import type { KeyId } from '#ports/digest.ts';
import type { KeyPlace, KeyPurpose, KeyWrapper } from '#ports/key-wrapper.ts';
import type { WrappedKey } from '#ports/keys.ts';
import { type Key, KINDS } from './keys.ts';

export type Held = Key & KeyPlace;

/** Every key that is in use, unwrapped once. Newest last: what is made is made with the last of its purpose. */
export class Keyring {
  #held: Held[] = [];

  /** Again is nothing: whoever made it may have learnt of it as well. */
  hold(place: KeyPlace, bytes: Uint8Array): void {
    if (this.byId(place.purpose, place.id) !== undefined) return;
    this.#held.push({ ...place, key: KINDS[place.purpose].open(bytes) });
    this.#held.sort((one, other) => one.createdAt - other.createdAt); // one that another process made is learnt late
  }

  drop(id: KeyId): void {
    this.#held = this.#held.filter((held) => held.id !== id);
  }

  ids(): readonly KeyId[] {
    return this.#held.map(({ id }) => id);
  }

  /** All of a purpose, newest first. */
  all(purpose: KeyPurpose): readonly Held[] {
    return this.#held.filter((key) => key.purpose === purpose).reverse();
  }

  /** Throws when there is none: every start makes the instance's keys, and every tenant begins with its own. */
  current(purpose: KeyPurpose, tenant?: string): Key {
    const key = this.#held.findLast((held) => held.purpose === purpose && held.tenant === tenant);
    if (key === undefined) throw new Error(`there is no ${purpose} key${tenant ? ` of tenant ${tenant}` : ''}`);
    return key;
  }

  byId(purpose: KeyPurpose, id: string): Key | undefined {
    return this.#held.find((key) => key.purpose === purpose && key.id === id);
  }
}

export async function openKeyring(wrapper: KeyWrapper, keys: readonly WrappedKey[]): Promise<Keyring> {
  const keyring = new Keyring();
  for (const { wrapped, ...place } of keys) keyring.hold(place, await wrapper.unwrap(wrapped, place));
  return keyring;
}

/** A new key as it is kept, and as it is held. */
export async function makeKey(wrapper: KeyWrapper, place: KeyPlace, random: Random) {
  const bytes = await KINDS[place.purpose].make(random);
  const wrapped: WrappedKey = { ...place, wrapped: await wrapper.wrap(bytes, place) };
  return { wrapped, bytes };
}
