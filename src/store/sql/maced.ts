import type { Kysely } from 'kysely';
import { notOurs } from '#domain/refusal.ts';
import type { MacField, RowMacs } from '#ports/row-mac.ts';
import { LostRace } from './lost-race.ts';
import type { Schema, Table } from './schema.ts';

/** Columns that decide who may do what, in the order in which the MAC covers them: never reordered, only added to by a new format. */
export const MACED = {
  tenant: ['id', 'name', 'disabled_at'],
  tenant_origin: ['origin', 'tenant'],
  tenant_alias: ['name', 'tenant'],
  principal: ['tenant', 'id', 'kind', 'name', 'active', 'removed_at'],
  password: ['tenant', 'principal', 'hash'],
  role_grant: ['tenant', 'id', 'subject', 'role', 'resource', 'binding'],
  team: ['tenant', 'id', 'name'],
  team_member: ['tenant', 'team', 'principal', 'member', 'manager'],
  role: ['tenant', 'id', 'name', 'permissions'],
  role_binding: ['tenant', 'id', 'name'],
  personal_access_token: [
    ...(['tenant', 'id', 'owner', 'name', 'created_by', 'created_at', 'expires_at'] as const),
    ...(['ended_at', 'ended_by', 'end_reason', 'kind'] as const),
  ],
  virtual_account: [
    ...([
      'tenant',
      'id',
      'pat',
      'current_token',
      'team',
      'expires_at',
      'format',
      'interval_days',
      'grace_days',
    ] as const),
    ...(['rotates_at', 'version'] as const),
  ],
  identity_provider: ['tenant', 'id', 'name', 'enabled', 'definition', 'updated_at'],
  identity_audience: ['issuer', 'audience', 'tenant', 'provider'],
  identity_mapping: ['tenant', 'provider', 'kind', 'value', 'mapped'],
  token: [
    ...(['tenant', 'id', 'kind', 'pat', 'subject', 'generation', 'format', 'signed_by', 'digest', 'pepper'] as const),
    ...(['created_at', 'expires_at', 'ended_at', 'ended_by', 'end_reason'] as const),
  ],
  token_use: ['tenant', 'token', 'at'],
  token_settings: [
    ...(['tenant', 'age_days_max', 'count_max', 'life_days_default', 'idle_days_max'] as const),
    ...(['format_default', 'session_only', 'account_rules'] as const),
  ],
  session: ['tenant', 'id', 'principal', 'digest', 'pepper', 'created_at', 'expires_at', 'ended_at'],
  invitation: ['tenant', 'id', 'principal', 'digest', 'pepper', 'created_at', 'expires_at', 'used_at', 'invited_by'],
  job: ['id', 'kind', 'payload'],
} as const satisfies { readonly [T in Table]?: readonly (keyof Schema[T])[] };
export type MacedTable = keyof typeof MACED;

/**
 * Columns that came after rows without them were written, last in their list: null, they stand in no MAC, so that those
 * rows prove themselves as they were. A list with one more field is another text, so none of them can be taken away.
 */
const ADDED: { readonly [T in MacedTable]?: (typeof MACED)[T][number] } = {
  tenant: 'disabled_at',
  principal: 'removed_at',
  role_grant: 'binding',
  invitation: 'invited_by',
  personal_access_token: 'kind',
  token_settings: 'account_rules',
};

/** Tables whose rows decide nothing, and why. */
export const NOT_MACED = {
  migration: 'says which statements ran; rights are not among them',
  instance: 'names the root key; another name is refused at the start',
  wrapped_key: 'wrapped under the root key with all the rest of its row: one that was changed or moved does not unwrap',
  token_dead_use: 'shown to the owner, never decided by',
  replay: 'sealed for its own row, under a key that only the token that asked gives',
  delivery: 'sealed for its own row',
  virtual_account_value: 'sealed for its own row',
  node: 'waited for, and shown; a verifier that is not told refuses by its own clock, whatever stands here',
  audit_entry: 'never read to decide; history is proved by its own means',
  change_counter:
    'only tells other processes what moved: one applies its own changes without it, and reads all again after a minute',
  change_log: 'as change_counter',
} as const satisfies Record<Exclude<Table, MacedTable>, string>;

type Unproved<T extends MacedTable> = Omit<Schema[T], 'mac'>;

/** The row with its proof, as it is written. */
export const maced = <T extends MacedTable>(macs: RowMacs, table: T, row: Unproved<T>): Schema[T] =>
  ({ ...row, mac: macs.of(table, fieldsOf(table, row)) }) as Schema[T];

/** The row itself, if this program wrote it. One that it did not is a break-in or a broken disk: never believed, never absent. */
export function proved<T extends MacedTable, Row extends MacedRow<T>>(macs: RowMacs, table: T, row: Row): Row {
  if (isProved(macs, table, row)) return row;
  throw notOurs(`a row of ${table} does not carry a valid MAC`);
}

/** For whoever leaves such a row alone and goes on. */
export const isProved = <T extends MacedTable>(macs: RowMacs, table: T, row: MacedRow<T>): boolean =>
  row.mac !== null && macs.proves(row.mac, table, fieldsOf(table, row));

/** What must be read of a row to prove it. */
export type MacedRow<T extends MacedTable> = Pick<Schema[T], (typeof MACED)[T][number] & keyof Schema[T]> & {
  /** Null of a row that an outer join did not find. */
  readonly mac: Uint8Array | null;
};

const fieldsOf = <T extends MacedTable>(table: T, row: object): readonly MacField[] =>
  MACED[table]
    .map((column) => ({ column, field: (row as Record<string, MacField>)[column] ?? null }))
    .filter(({ column, field }) => field !== null || column !== ADDED[table])
    .map(({ field }) => field);

/** The columns that name one row: its primary key. */
export const ROW_KEY = {
  tenant: ['id'],
  tenant_origin: ['origin'],
  tenant_alias: ['name'],
  principal: ['tenant', 'id'],
  password: ['tenant', 'principal'],
  role_grant: ['tenant', 'id'],
  team: ['tenant', 'id'],
  team_member: ['tenant', 'team', 'principal'],
  role: ['tenant', 'id'],
  role_binding: ['tenant', 'id'],
  personal_access_token: ['tenant', 'owner', 'id'],
  virtual_account: ['tenant', 'id'],
  identity_provider: ['tenant', 'id'],
  identity_audience: ['issuer', 'audience'],
  identity_mapping: ['tenant', 'provider', 'kind', 'value'],
  token: ['tenant', 'pat', 'generation'],
  token_use: ['tenant', 'token'],
  token_settings: ['tenant'],
  session: ['tenant', 'id'],
  invitation: ['tenant', 'id'],
  job: ['id'],
} as const satisfies { readonly [T in MacedTable]: readonly (typeof MACED)[T][number][] };

/** Changes a row that was read, and only as it was read. Whoever was faster wins; the loser's transaction is undone. */
export async function swap<T extends MacedTable>(
  db: Kysely<Schema>,
  macs: RowMacs,
  table: T,
  row: MacedRow<T>,
  changes: Partial<Unproved<T>>,
): Promise<void> {
  const mac = macs.of(table, fieldsOf(table, { ...row, ...changes }));
  const found = row as Record<string, unknown>;
  const swapped = db
    .updateTable(table as 'token') // one statement for any of these tables, by columns that each of them has
    .set({ ...(changes as object), mac })
    .where(({ and, eb }) =>
      and(ROW_KEY[table].map((column) => eb(column as 'id', '=', found[column] as Schema['token']['id']))),
    )
    .where('mac', '=', row.mac);
  const done = await swapped.executeTakeFirst();
  if (done.numUpdatedRows === 1n) return;
  throw new LostRace();
}
