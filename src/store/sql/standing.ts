import type { Kysely } from 'kysely';
import type { TenantId } from '#domain/tenant.ts';
import type { LastUse, PatId, PatView, PersonalAccessToken, StandingToken } from '#domain/token.ts';
import { earliest, endOf } from '#domain/token-settings.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { proved } from './maced.ts';
import { latest, tokenOf, useOf } from './rows.ts';
import type { Schema } from './schema.ts';
import { tokenSettingsReads } from './token-settings.ts';

/** A value of a personal access token as it is shown. */
type Value = { readonly token: StandingToken; readonly deadUse: LastUse | undefined };

/** The values of these that stand, newest first, and those that were presented after their end. */
export async function standing(
  db: Kysely<Schema>,
  macs: RowMacs,
  tenant: TenantId,
  pats: readonly { id: PatId }[],
): Promise<readonly Value[]> {
  const settings = await tokenSettingsReads(db, macs).get(tenant);
  const rows = await db
    .selectFrom('token')
    .leftJoin('token_use as used', (join) =>
      join.onRef('used.tenant', '=', 'token.tenant').onRef('used.token', '=', 'token.id'),
    )
    .leftJoin('token_dead_use as dead', (join) =>
      join.onRef('dead.tenant', '=', 'token.tenant').onRef('dead.token', '=', 'token.id'),
    )
    .selectAll('token')
    .select([
      'used.at as used_at',
      'used.surface as used_surface',
      'used.address as used_address',
      'used.mac as used_mac',
    ])
    .select(['dead.at as dead_at', 'dead.surface as dead_surface', 'dead.address as dead_address'])
    .where('token.tenant', '=', tenant)
    .where(({ eb, or }) => or([eb('token.ended_at', 'is', null), eb('dead.at', 'is not', null)]))
    .where('token.pat', 'in', idsIn(pats))
    .orderBy('token.generation', 'desc')
    .execute();
  return rows.map((row) => {
    const token = tokenOf(proved(macs, 'token', row));
    const lastUse = useOf(provedUse(macs, row), row.used_surface, row.used_address);
    const deadUse = useOf(row.dead_at, row.dead_surface, row.dead_address);
    return { token: { ...token, lastUse, endsAt: endOf(settings, { ...token, lastUsedAt: lastUse?.at }) }, deadUse };
  });
}

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
  values: readonly Value[],
): Pick<PatView, 'tokens' | 'endsAt' | 'lastUse' | 'deadUse'> {
  const tokens = values.map(({ token }) => token).filter(({ ended }) => ended === undefined);
  return {
    tokens,
    endsAt: earliest(expiresAt, last(tokens.map(({ endsAt }) => endsAt))),
    lastUse: latest(tokens.map(({ lastUse }) => lastUse)),
    deadUse: latest(values.map(({ deadUse }) => deadUse)),
  };
}

/** Undefined is never, and so the last of all. */
const last = (ends: readonly (number | undefined)[]): number | undefined =>
  ends.reduce((end, other) => (end === undefined || other === undefined ? undefined : Math.max(end, other)), 0);
