import { createSecretKey } from 'node:crypto';
import { notOurs } from '#domain/refusal.ts';
import type { Random } from '#ports/chance-and-time.ts';
import type { KeyId } from '#ports/digest.ts';
import { AEAD_BYTES, decrypt, encrypt } from './aead.ts';
import { KEY_BYTES, type Key } from './keys.ts';
import { associatedData, type Binding, type Purpose } from './purposes.ts';

/*
 * Sealed form:   format (1 byte)  KEK id (24)  wrapped DEK (60)  nonce (12)  ciphertext  tag (16)
 * One DEK seals one value and lies wrapped beside it, so no key ever sees a second value, and deleting the row shreds it.
 */
const FORMAT = 1;
const KEY_ID_BYTES = 24;
const DEK_AT = 1 + KEY_ID_BYTES;
const VALUE_AT = DEK_AT + KEY_BYTES + AEAD_BYTES;

export function seal<P extends Purpose>(
  kek: Key,
  plaintext: Uint8Array,
  binding: Binding<P>,
  random: Random,
): Uint8Array {
  const dek = random.bytes(KEY_BYTES);
  return Buffer.concat([
    Buffer.of(FORMAT),
    Buffer.from(kek.id),
    encrypt(kek.key, dek, associatedData('wrapped', FORMAT, binding), random),
    encrypt(createSecretKey(dek), plaintext, associatedData('sealed', FORMAT, binding), random),
  ]);
}

/** Refuses an unknown key or format, a changed byte, and another row's binding, and does not say which. */
export function open<P extends Purpose>(
  kekById: (id: KeyId) => Key | undefined,
  sealed: Uint8Array,
  binding: Binding<P>,
): Uint8Array {
  try {
    return opened(kekById, sealed, binding);
  } catch (cause) {
    throw notOurs(`what is sealed for ${binding.purpose} does not open`, cause);
  }
}

function opened<P extends Purpose>(
  kekById: (id: KeyId) => Key | undefined,
  sealed: Uint8Array,
  binding: Binding<P>,
): Uint8Array {
  const kek = kekById(Buffer.from(sealed.subarray(1, DEK_AT)).toString('latin1') as KeyId);
  if (sealed[0] !== FORMAT || kek === undefined) throw new Error('not sealed in a known format by a known key');
  const dek = decrypt(kek.key, sealed.subarray(DEK_AT, VALUE_AT), associatedData('wrapped', FORMAT, binding));
  return decrypt(createSecretKey(dek), sealed.subarray(VALUE_AT), associatedData('sealed', FORMAT, binding));
}
