import type { Id } from '#domain/id.ts';

export type KeyId = Id<'Key'>;

/** HMAC-SHA-256 of a whole credential, 32 bytes; the only key that credentials are looked up by. */
export type Digest = Uint8Array;
/** A digest with the pepper it was made under. */
export type PepperedDigest = { readonly digest: Digest; readonly pepper: KeyId };
