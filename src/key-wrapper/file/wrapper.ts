import { decrypt, encrypt } from '#crypto/aead.ts';
import { derived, KEY_BYTES, keyFrom } from '#crypto/keys.ts';
import { associatedData } from '#crypto/purposes.ts';
import { notOurs, Refusal } from '#domain/refusal.ts';
import type { Random } from '#ports/chance-and-time.ts';
import type { KeyId } from '#ports/digest.ts';
import type { KeyPlace, KeyWrapper } from '#ports/key-wrapper.ts';

/*
 * Wrapped key:   format (1 byte)  fingerprint of the root key (16)  nonce (12)  key (32)  tag (16)
 */
const FORMAT = 1;
const FINGERPRINT_BYTES = 16;
const KEY_AT = 1 + FINGERPRINT_BYTES;

/** The root key is the content of a file, 32 random bytes. It wraps by a key derived from it, and names itself by another. */
export function fileWrapper(root: Uint8Array, random: Random): KeyWrapper {
  if (root.length !== KEY_BYTES) {
    const found = `A root key has ${KEY_BYTES} bytes, this one ${root.length}.`;
    throw new Refusal('conflict', `${found} Put the right one back from its backup.`);
  }
  const name = Buffer.from(derived(root, 'root-key-fingerprint', FINGERPRINT_BYTES));
  const { key } = keyFrom('root' as KeyId, derived(root, 'root-key-wrapping', KEY_BYTES));
  return {
    fingerprint: name.toString('hex'),
    wrap: async (bytes, place) => Buffer.concat([Buffer.of(FORMAT), name, encrypt(key, bytes, aadOf(place), random)]),
    unwrap: async (wrapped, place) => {
      try {
        if (wrapped[0] !== FORMAT || !name.equals(wrapped.subarray(1, KEY_AT))) throw new Error('of another key');
        return decrypt(key, wrapped.subarray(KEY_AT), aadOf(place));
      } catch (cause) {
        throw notOurs(`the key ${place.id} for ${place.purpose} does not unwrap`, cause);
      }
    },
  };
}

const aadOf = ({ purpose, tenant, id, createdAt }: KeyPlace): Uint8Array =>
  associatedData('wrapped', FORMAT, { purpose, tenant, ids: { key: id, createdAt: String(createdAt) } });
