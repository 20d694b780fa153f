import type { Random } from '#ports/chance-and-time.ts';
import type { KeyPlace, KeyPurpose, KeyWrapper } from '#ports/key-wrapper.ts';
import type { WrappedKey } from '#ports/keys.ts';
import { KEY_BYTES, type Key, keyFrom } from './keys.ts';

type Held = Key & Pick<KeyPlace, 'purpose' | 'tenant'>;

/** Every key that is in use, unwrapped once. Newest last: what is made is made with the last of its purpose. */
export class Keyring {
  readonly #held: Held[] = [];

  hold(place: KeyPlace, bytes: Uint8Array): void {
    this.#held.push({ ...keyFrom(place.id, bytes), purpose: place.purpose, tenant: place.tenant });
  }

  /** All of a purpose, newest first. */
  all(purpose: KeyPurpose): readonly Key[] {
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

/** A new random key as it is kept, and as it is held. */
export async function makeKey(wrapper: KeyWrapper, place: KeyPlace, at: number, random: Random) {
  const bytes = random.bytes(KEY_BYTES);
  const wrapped: WrappedKey = { ...place, wrapped: await wrapper.wrap(bytes, place), createdAt: at };
  return { wrapped, bytes };
}
