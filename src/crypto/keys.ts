import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { KeyId } from '#ports/digest.ts';

/** Prepared once: a raw buffer costs ten microseconds more at every use. */
export type Key = { readonly id: KeyId; readonly key: KeyObject };

/** Of every key in the product: root key, KEK, DEK, pepper, MAC key. */
export const KEY_BYTES = 32;

export const keyFrom = (id: KeyId, bytes: Uint8Array): Key => ({ id, key: createSecretKey(bytes) });

/** A key for one purpose, from which neither its root nor any other can be computed. */
export const derived = (root: Uint8Array, purpose: string, bytes: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', root, '', purpose, bytes));
