import { type Kysely, sql } from 'kysely';
import type { TenantId } from '#domain/tenant.ts';
import {
  type LastUse,
  LIVE_GENERATIONS_MAX,
  type PatId,
  type PatView,
  type PersonalAccessToken,
  type StandingToken,
} from '#domain/token.ts';
import { earliest, endOf, settingsOfKind } from '#domain/token-settings.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { proved } from './maced.ts';
import { latest, tokenOf, useOf } from './rows.ts';
import type { Schema } from './schema.ts';
import { tokenSettingsReads } from './token-settings.ts';

type Pats = readonly Pick<Schema['personal_access_token'], 'id' | 'owner'>[];

/** The values of these that stand, newest first. They are the newest that there are, so older ones are not looked at. */
export async function standing(
  db: Kysely<Schema>,
  macs: RowMacs,
  tenant: TenantId,
  pats: Pats,
): Promise<readonly StandingToken[]> {
  const settings = await tokenSettingsReads(db, macs).get(tenant);
  const rows = await db
    .selectFrom('personal_access_token as pat')
    .innerJoin('token', (join) =>
      join
        .onRef('token.tenant', '=', 'pat.tenant')
        .onRef('token.pat', '=', 'pat.id')
        .on('token.generation', '>', sql<number>`(${newestOf(db)}) - ${LIVE_GENERATIONS_MAX}`),
    )
    .leftJoin('token_use as used', (join) =>
      join.onRef('used.tenant', '=', 'token.tenant').onRef('used.token', '=', 'token.id'),
    )
    .selectAll('token')
    .select([
      'used.at as used_at',
      'used.surface as used_surface',
      'used.address as used_address',
      'used.mac as used_mac',
    ])
    .where('pat.tenant', '=', tenant)
    .where('pat.owner', 'in', ownersOf(pats))
    .where('pat.id', 'in', idsIn(pats))
    .where('token.ended_at', 'is', null)
    .orderBy('token.generation', 'desc')
    .execute();
  return rows.map((row) => {
    const token = tokenOf(proved(macs, 'token', row));
    const lastUse = useOf(provedUse(macs, row), row.used_surface, row.used_address);
    return {
      ...token,
      lastUse,
      endsAt: endOf(settingsOfKind(token.kind, settings), { ...token, lastUsedAt: lastUse?.at }),
    };
  });
}

const newestOf = (db: Kysely<Schema>) =>
  db
    .selectFrom('token as newest')
    .whereRef('newest.tenant', '=', sql.ref('pat.tenant'))
    .whereRef('newest.pat', '=', sql.ref('pat.id'))
    .select(({ fn }) => fn.max('newest.generation').as('generation'));

/** The last time any value of each of these was presented after its end. */
export async function deadUses(db: Kysely<Schema>, tenant: TenantId, pats: Pats): Promise<ReadonlyMap<PatId, LastUse>> {
  const all = db.selectFrom('token_dead_use').selectAll().where('tenant', '=', tenant).where('pat', 'in', idsIn(pats));
  const rows = await all.execute();
  return new Map(rows.map(({ pat, at, surface, address }) => [pat, { at, surface, address: address ?? undefined }]));
}

const ownersOf = (pats: Pats) => [...new Set(pats.map(({ owner }) => owner))];

/** Of a value that was used. Its row is found by the very columns that the MAC covers. */
function provedUse(macs: RowMacs, { tenant, id, used_at: at, used_mac: mac }: UsedRow): number | null {
  return at === null ? null : proved(macs, 'token_use', { tenant, token: id, at, mac }).at;
}
type UsedRow = Pick<Schema['token'], 'tenant' | 'id'> & { used_at: number | null; used_mac: Uint8Array | null };

/** Repeated up to a power of two: a dozen texts, and so a dozen prepared statements, serve any number of ids. */
function idsIn(pats: readonly { id: PatId }[]): readonly PatId[] {
  const ids = pats.map(({ id }) => id);
  const size = 2 ** Math.ceil(Math.log2(ids.length));
  return [...ids, ...Array.from({ length: size - ids.length }, () => ids[0] as PatId)];
}

export function shownOf(
  { expiresAt }: PersonalAccessToken,
  tokens: readonly StandingToken[],
): Pick<PatView, 'tokens' | 'endsAt' | 'lastUse'> {
  return {
    tokens,
    endsAt: earliest(expiresAt, last(tokens.map(({ endsAt }) => endsAt))),
    lastUse: latest(tokens.map(({ lastUse }) => lastUse)),
  };
}

/** Undefined is never, and so the last of all. */
const last = (ends: readonly (number | undefined)[]): number | undefined =>
  ends.reduce((end, other) => (end === undefined || other === undefined ? undefined : Math.max(end, other)), 0);
