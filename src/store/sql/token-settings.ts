import type { Kysely } from 'kysely';
import type { TenantId } from '#domain/tenant.ts';
import type { TokenSettings } from '#domain/token-settings.ts';
import { ACCOUNT_RULES, type AccountRules } from '#domain/virtual-account.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { TokenSettingsReads, TokenSettingsWrites } from '#ports/token-settings.ts';
import { breaksUnder } from './breaks.ts';
import { type MacedRow, maced, proved, swap } from './maced.ts';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

type Row = Schema['token_settings'];

export const tokenSettingsReads = (db: Kysely<Schema>, macs: RowMacs): TokenSettingsReads => ({
  async get(tenant) {
    return settingsOf(proved(macs, 'token_settings', await settingsIn(db, tenant)));
  },

  async accountRules(tenant) {
    return rulesOf(proved(macs, 'token_settings', await settingsIn(db, tenant)));
  },

  async breaksUnder(tenant, wanted, now, ownersMax) {
    const standing = settingsOf(proved(macs, 'token_settings', await settingsIn(db, tenant)));
    return breaksUnder(db, { tenant, standing, wanted, now }, ownersMax);
  },
});

export const tokenSettingsWrites = (db: Kysely<Schema>, macs: RowMacs): TokenSettingsWrites => ({
  async put(tenant, settings) {
    const row = proved(macs, 'token_settings', await settingsIn(db, tenant));
    await swap(db, macs, 'token_settings', row, columnsOf(settings));
  },

  async putAccountRules(tenant, rules) {
    const row = proved(macs, 'token_settings', await settingsIn(db, tenant));
    await swap(db, macs, 'token_settings', row, { account_rules: JSON.stringify(rules) });
  },
});

const settingsRows = prepared((db, { tenant }: { readonly tenant: TenantId }) =>
  db.selectFrom('token_settings').selectAll().where('tenant', '=', tenant),
);

/** One that is missing was taken away: a tenant is made with its own. */
async function settingsIn(db: Kysely<Schema>, tenant: TenantId): Promise<Row> {
  const { rows } = await settingsRows(db, { tenant });
  return rows[0] ?? ({ tenant, mac: new Uint8Array() } as Row);
}

const columnsOf = (settings: TokenSettings): Omit<Row, 'tenant' | 'mac' | 'account_rules'> => ({
  age_days_max: settings.ageDaysMax ?? null,
  count_max: settings.countMax ?? null,
  life_days_default: settings.lifeDaysDefault ?? null,
  idle_days_max: settings.idleDaysMax ?? null,
  format_default: settings.formatDefault,
  session_only: settings.sessionOnly ? 1 : 0,
});

export const settingsRow = (macs: RowMacs, tenant: TenantId, settings: TokenSettings): Row =>
  maced(macs, 'token_settings', { tenant, ...columnsOf(settings), account_rules: null });

const rulesOf = ({ account_rules: rules }: Row): AccountRules =>
  rules === null ? ACCOUNT_RULES : { ...ACCOUNT_RULES, ...JSON.parse(rules) };

export const settingsOf = (row: MacedRow<'token_settings'>): TokenSettings => ({
  ageDaysMax: row.age_days_max ?? undefined,
  countMax: row.count_max ?? undefined,
  lifeDaysDefault: row.life_days_default ?? undefined,
  idleDaysMax: row.idle_days_max ?? undefined,
  formatDefault: row.format_default,
  sessionOnly: row.session_only === 1,
});
