import type { KeyShelves } from '#ports/keys.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Store } from '#ports/store.ts';

/** A database whose keys can be read, and whose rows can once the keys are. */
export type Database = { readonly keys: KeyShelves; store(macs: RowMacs): Store; close(): Promise<void> };
