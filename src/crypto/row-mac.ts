import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { MacField, RowMacs } from '#ports/row-mac.ts';
import type { Keyring } from './keyring.ts';

/*
 * A row's MAC:   format (1 byte)  key id (24)  HMAC-SHA-256 (32)
 */
const FORMAT = 1;
const KEY_ID_BYTES = 24;
const HMAC_AT = 1 + KEY_ID_BYTES;

export const rowMacs = (keyring: Keyring): RowMacs => ({
  of(table, fields) {
    const { id, key } = keyring.current('row-mac');
    return Buffer.concat([Buffer.of(FORMAT), Buffer.from(id), hmac(key, table, fields)]);
  },
  proves(mac, table, fields) {
    const key = keyring.byId('row-mac', Buffer.from(mac.subarray(1, HMAC_AT)).toString('latin1'))?.key;
    if (mac[0] !== FORMAT || key === undefined) return false;
    const expected = hmac(key, table, fields);
    const found = mac.subarray(HMAC_AT);
    return found.length === expected.length && timingSafeEqual(found, expected);
  },
});

/** JSON has one encoding for each list; bytes stand in a list of their own, so that no text reads as bytes. */
const hmac = (key: KeyObject, table: string, fields: readonly MacField[]): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify([FORMAT, table, ...fields.map(encoded)]))
    .digest();

const encoded = (field: MacField) => (field instanceof Uint8Array ? [Buffer.from(field).toString('hex')] : field);
