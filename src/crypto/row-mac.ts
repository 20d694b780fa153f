import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { MacField, RowMacs } from '#ports/row-mac.ts';
import type { Keyring } from './keyring.ts';

/*
 * A row's MAC:   format (1 byte)  key id (24)  HMAC-SHA-256 (32)
 */
const FORMAT = 1;
const KEY_ID_BYTES = 24;
const HMAC_AT = 1 + KEY_ID_BYTES;

/** Rows that are read again and again (tenants, settings, people, grants): as many as are in use at once. */
const PROVED_MAX = 10_000;

/** What a row that was proved lately said, by its MAC: one that says the very same need not be computed again. */
export function rowMacs(keyring: Keyring): RowMacs {
  const proved = new Map<string, string>();
  const isProved = (mac: Uint8Array, text: string): boolean => {
    const key = keyring.byId('row-mac', Buffer.from(mac.subarray(1, HMAC_AT)).toString('latin1'))?.key;
    if (mac[0] !== FORMAT || key === undefined) return false;
    const found = mac.subarray(HMAC_AT);
    const expected = hmac(key, text);
    return found.length === expected.length && timingSafeEqual(found, expected);
  };
  return {
    of(table, fields) {
      const { id, key } = keyring.current('row-mac');
      return Buffer.concat([Buffer.of(FORMAT), Buffer.from(id), hmac(key, textOf(table, fields))]);
    },
    proves(mac, table, fields) {
      const [name, text] = [Buffer.from(mac).toString('latin1'), textOf(table, fields)];
      if (proved.get(name) === text) return true;
      if (!isProved(mac, text)) return false;
      if (proved.size >= PROVED_MAX) proved.clear();
      proved.set(name, text);
      return true;
    },
  };
}

/** JSON has one encoding for each list; bytes stand in a list of their own, so that no text reads as bytes. */
const textOf = (table: string, fields: readonly MacField[]): string =>
  JSON.stringify([FORMAT, table, ...fields.map(encoded)]);

const hmac = (key: KeyObject, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const encoded = (field: MacField) => (field instanceof Uint8Array ? [Buffer.from(field).toString('hex')] : field);
