import { type Kysely, sql } from 'kysely';
import type { TenantId } from '#domain/tenant.ts';
import type { TokenSettings } from '#domain/token-settings.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { TokenSettingsReads, TokenSettingsWrites } from '#ports/token-settings.ts';
import { type MacedRow, maced, proved, swap } from './maced.ts';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

type Row = Schema['token_settings'];

export const tokenSettingsReads = (db: Kysely<Schema>, macs: RowMacs): TokenSettingsReads => ({
  async get(tenant) {
    return settingsOf(proved(macs, 'token_settings', await settingsIn(db, tenant)));
  },

  async breaksUnder(tenant, wanted, now, ownersMax) {
    const standing = settingsOf(await settingsIn(db, tenant));
    const byOwner = db
      .selectFrom('token')
      .innerJoin('personal_access_token as pat', (join) =>
        join.onRef('pat.tenant', '=', 'token.tenant').onRef('pat.id', '=', 'token.pat'),
      )
      .innerJoin('principal', (join) =>
        join.onRef('principal.tenant', '=', 'pat.tenant').onRef('principal.id', '=', 'pat.owner'),
      )
      .leftJoin('token_use', (join) =>
        join.onRef('token_use.tenant', '=', 'token.tenant').onRef('token_use.token', '=', 'token.id'),
      )
      .where('token.tenant', '=', tenant)
      .where('token.ended_at', 'is', null)
      .where('pat.ended_at', 'is', null)
      .where('principal.active', '=', 1)
      .groupBy(['principal.id', 'principal.kind', 'principal.name'])
      .having(sql<boolean>`count(distinct ${liveButNotUnder(standing, wanted, now)}) > 0`)
      .select(['principal.id', 'principal.kind', 'principal.name'])
      .select(sql<number>`count(distinct ${liveButNotUnder(standing, wanted, now)})`.as('tokens'))
      .orderBy('tokens', 'desc')
      .orderBy('principal.name');
    const rows = await byOwner.execute();
    return {
      tokens: rows.reduce((sum, { tokens }) => sum + Number(tokens), 0),
      owners: rows.slice(0, ownersMax).map(({ tokens, ...owner }) => ({ owner, tokens: Number(tokens) })),
      ownersTotal: rows.length,
    };
  },
});

const DAY_MS = 86_400_000;

/** When a value ends under settings, as `endOf` of the domain says it; the conformance suite holds the two together. */
const endUnder = ({ ageDaysMax, idleDaysMax }: TokenSettings) => {
  const never = sql`9223372036854775807`;
  const least = [sql`coalesce(token.expires_at, ${never})`, sql`coalesce(pat.expires_at, ${never})`];
  if (ageDaysMax !== undefined) least.push(sql`token.created_at + ${ageDaysMax * DAY_MS}`);
  if (idleDaysMax !== undefined)
    least.push(
      sql`case when token_use.at > token.created_at then token_use.at else token.created_at end + ${idleDaysMax * DAY_MS}`,
    );
  return least;
};

const all = (parts: readonly ReturnType<typeof sql>[]) => sql.join(parts, sql` and `);

/** The personal access token of a value that lives now and would not; null of every other. */
function liveButNotUnder(standing: TokenSettings, wanted: TokenSettings, now: number) {
  const lives = all(endUnder(standing).map((end) => sql`${end} > ${now}`));
  const would = all(endUnder(wanted).map((end) => sql`${end} > ${now}`));
  return sql`case when ${lives} and not (${would}) then token.pat end`;
}

export const tokenSettingsWrites = (db: Kysely<Schema>, macs: RowMacs): TokenSettingsWrites => ({
  async put(tenant, settings) {
    const row = proved(macs, 'token_settings', await settingsIn(db, tenant));
    await swap(db, macs, 'token_settings', row, columnsOf(settings));
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

const columnsOf = (settings: TokenSettings): Omit<Row, 'tenant' | 'mac'> => ({
  age_days_max: settings.ageDaysMax ?? null,
  count_max: settings.countMax ?? null,
  life_days_default: settings.lifeDaysDefault ?? null,
  idle_days_max: settings.idleDaysMax ?? null,
  format_default: settings.formatDefault,
  session_only: settings.sessionOnly ? 1 : 0,
});

export const settingsRow = (macs: RowMacs, tenant: TenantId, settings: TokenSettings): Row =>
  maced(macs, 'token_settings', { tenant, ...columnsOf(settings) });

export const settingsOf = (row: MacedRow<'token_settings'>): TokenSettings => ({
  ageDaysMax: row.age_days_max ?? undefined,
  countMax: row.count_max ?? undefined,
  lifeDaysDefault: row.life_days_default ?? undefined,
  idleDaysMax: row.idle_days_max ?? undefined,
  formatDefault: row.format_default,
  sessionOnly: row.session_only === 1,
});
