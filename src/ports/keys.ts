import type { KeyId } from './digest.ts';
import type { KeyPlace } from './key-wrapper.ts';

export type WrappedKey = KeyPlace & { readonly wrapped: Uint8Array };

/** Every key of the instance, wrapped, with the fingerprint of the root key that wraps them. */
export type KeyShelf = { readonly fingerprint: string; readonly keys: readonly WrappedKey[] };

/** Read before anything else is: rows prove themselves by a key that lies here. */
export interface KeyShelves {
  /** Undefined for a database that was never begun. */
  read(): Promise<KeyShelf | undefined>;
  /** Begins the database with this shelf. The first one stays: what stands afterwards is the answer. */
  begin(shelf: KeyShelf): Promise<KeyShelf>;
}

export interface KeyReads {
  /** Oldest first. */
  all(): Promise<readonly WrappedKey[]>;
}

export interface KeyWrites {
  /** Whether it stands, and then does so until this transaction ends: what it has signed by then ends with it. */
  hold(key: KeyId): Promise<boolean>;
  insert(key: WrappedKey): Promise<void>;
  /** For ever: whatever it made can no longer be opened or checked. */
  remove(id: KeyId): Promise<void>;
}
