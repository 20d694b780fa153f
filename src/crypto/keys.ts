import { createPrivateKey, createSecretKey, generateKeyPair, hkdfSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '#ports/chance-and-time.ts';
import type { KeyId } from '#ports/digest.ts';
import type { KeyPurpose } from '#ports/key-wrapper.ts';

/** Prepared once: a raw buffer costs ten microseconds more at every use. */
export type Key = { readonly id: KeyId; readonly key: KeyObject };

/** Of every key in the product that is no pair: root key, KEK, DEK, pepper, MAC key. */
export const KEY_BYTES = 32;

/** NIST SP 800-57 part 1 takes it as good until 2030, and every verifier does. */
const RSA_BITS = 2048;
const PKCS8 = { type: 'pkcs8', format: 'der' } as const;
const newPair = promisify(generateKeyPair);

type Kind = { readonly make: (random: Random) => Promise<Uint8Array>; readonly open: (bytes: Uint8Array) => KeyObject };

const SECRET: Kind = { make: async (random) => random.bytes(KEY_BYTES), open: (bytes) => createSecretKey(bytes) };

/** What a key of each purpose is, as bytes to be wrapped and as it is used. */
export const KINDS: Readonly<Record<KeyPurpose, Kind>> = {
  'token-pepper': SECRET,
  'row-mac': SECRET,
  'tenant-kek': SECRET,
  /** A pair, of which the private half says the public one. Its randomness is the runtime's own. */
  'token-signing': {
    make: async () => (await newPair('rsa', { modulusLength: RSA_BITS })).privateKey.export(PKCS8),
    open: (bytes) => createPrivateKey({ key: Buffer.from(bytes), ...PKCS8 }),
  },
};

export const keyFrom = (id: KeyId, bytes: Uint8Array): Key => ({ id, key: createSecretKey(bytes) });

/** A key for one purpose, from which neither its root nor any other can be computed. */
export const derived = (root: Uint8Array, purpose: string, bytes: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', root, '', purpose, bytes));
