/** What a row's MAC covers, in the table's fixed order. */
export type MacField = string | number | null | Uint8Array;

/**
 * Proof that this program wrote a row: whoever can write the database but has no root key can neither make one nor
 * change one. It covers the table's name and every field that decides who may do what, ids included.
 */
export interface RowMacs {
  of(table: string, fields: readonly MacField[]): Uint8Array;
  /** False for a row that was changed, moved or made by somebody else, and for a key that is not known. */
  proves(mac: Uint8Array, table: string, fields: readonly MacField[]): boolean;
}
