import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import type { Random } from '#ports/chance-and-time.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What encrypting adds. */
export const AEAD_BYTES = NONCE_BYTES + TAG_BYTES;

/**
 * AES-256-GCM:   nonce (12)  ciphertext  tag (16)
 * The nonce is random, which GCM tolerates for 2^32 messages a key (NIST SP 800-38D, 8.3); ours seal far fewer.
 */
export function encrypt(key: KeyObject, plaintext: Uint8Array, aad: Uint8Array, random: Random): Uint8Array {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Throws for a wrong key, a changed byte or other associated data, and does not say which. */
export function decrypt(key: KeyObject, message: Uint8Array, aad: Uint8Array): Uint8Array {
  if (message.length < AEAD_BYTES) throw new Error('too short to be an encrypted message');
  const decipher = createDecipheriv('aes-256-gcm', key, message.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad).setAuthTag(message.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(message.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
