import { hash } from 'node:crypto';
import type { Instant } from '#domain/instant.ts';
import { Sensitive } from '#domain/sensitive.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId } from '#domain/token.ts';
import type { Random } from '#ports/chance-and-time.ts';
import type { KeyId } from '#ports/digest.ts';
import { open, seal } from './envelope.ts';
import { derived, KEY_BYTES, type Key, keyFrom } from './keys.ts';

/*
 * An answer that may be given again is sealed under a key that only the credential of the request gives. The database
 * and every key of ours together do not open it.
 */

/** Until when it may be asked for is bound too: whoever can write the database cannot put it off. */
type Place = {
  readonly tenant: TenantId;
  readonly pat: PatId;
  readonly replay: string;
  readonly expiresAt: Instant;
};
/** The credential that asks, and its id. */
type Asker = { readonly id: string; readonly credential: Sensitive };

/** One for each credential and key; and a digest of what was asked by it. */
export const replayId = (asker: string, key: string): string => digest(['replay', asker, key]);
export const askedDigest = (request: readonly unknown[]): string => digest(['request', ...request]);

const digest = (parts: readonly unknown[]): string => hash('sha256', JSON.stringify(parts), 'hex');

export const sealReplay = (asker: Asker, value: Sensitive, place: Place, random: Random): Uint8Array =>
  seal(keyOf(asker), Buffer.from(value.reveal()), binding(place), random);

export function openReplay(asker: Asker, sealed: Uint8Array, place: Place): Sensitive {
  const key = keyOf(asker);
  return new Sensitive(Buffer.from(open((id) => (id === key.id ? key : undefined), sealed, binding(place))).toString());
}

const keyOf = ({ id, credential }: Asker): Key =>
  keyFrom(id as KeyId, derived(Buffer.from(credential.reveal()), 'token-replay', KEY_BYTES));

const binding = ({ tenant, pat, replay, expiresAt }: Place) =>
  ({ purpose: 'token-replay', tenant, ids: { pat, replay, expiresAt: String(expiresAt) } }) as const;
