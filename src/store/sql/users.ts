import { type Kysely, sql } from 'kysely';
import type { Instant } from '#domain/instant.ts';
import type { PrincipalId, PrincipalRecord } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { UserPage, UserView } from '#ports/principals.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Listing } from '#ports/tokens.ts';
import { proved } from './maced.ts';
import { meeting } from './meeting.ts';
import type { Schema } from './schema.ts';
import { containing } from './search.ts';

/* Principals as people know them. */

export const usersOf = (db: Kysely<Schema>, tenant: TenantId) =>
  db.selectFrom('principal').selectAll('principal').where('principal.tenant', '=', tenant).where('kind', '=', 'user');

const standing = (db: Kysely<Schema>, tenant: TenantId) => usersOf(db, tenant).where('removed_at', 'is', null);

/** Shown, and not decided by: whoever signs in proves their password, and a use its token. */
const canSignIn = sql<0 | 1>`case when exists (
  select 1 from password w where w.tenant = principal.tenant and w.principal = principal.id) then 1 else 0 end`;
const lastUsedAt = sql<Instant | null>`(select max(u.at) from personal_access_token p
  join token t on t.tenant = p.tenant and t.pat = p.id
  join token_use u on u.tenant = t.tenant and u.token = t.id
  where p.tenant = principal.tenant and p.owner = principal.id and p.ended_at is null)`;

const shown = (query: ReturnType<typeof usersOf>) =>
  query.select([canSignIn.as('can_sign_in'), lastUsedAt.as('last_used_at')]);

/** What people are filtered by, where it stands. */
export const PERSON = { email: 'principal.name', userId: 'principal.id' } as const;

type Row = Schema['principal'] & { readonly can_sign_in: 0 | 1; readonly last_used_at: Instant | null };

const viewOf = (macs: RowMacs, row: Row): UserView => ({
  ...principalOf(proved(macs, 'principal', row)),
  ...{ canSignIn: row.can_sign_in === 1, lastUsedAt: row.last_used_at ?? undefined },
});

export async function oneUser(
  db: Kysely<Schema>,
  macs: RowMacs,
  tenant: TenantId,
  id: PrincipalId,
): Promise<UserView | undefined> {
  const row = await shown(standing(db, tenant).where('principal.id', '=', id)).executeTakeFirst();
  return row && viewOf(macs, row);
}

export async function usersPage(
  db: Kysely<Schema>,
  macs: RowMacs,
  tenant: TenantId,
  { limit, offset, emailContains, isInactiveToo, where }: UserPage,
): Promise<Listing<UserView>> {
  let found = standing(db, tenant);
  if (emailContains !== '') found = found.where(containing('principal.name', emailContains));
  if (where !== undefined) found = found.where(meeting(where, PERSON));
  if (!isInactiveToo) found = found.where('active', '=', 1);
  const newestFirst = found.orderBy('created_at', 'desc').orderBy('principal.id').limit(limit).offset(offset);
  const rows = await shown(newestFirst).execute();
  const counted = found.clearSelect().select(({ fn }) => fn.countAll<number>().as('total'));
  const { total } = await counted.executeTakeFirstOrThrow();
  return { rows: rows.map((row) => viewOf(macs, row)), total: Number(total) };
}

export const principalOf = ({
  id,
  kind,
  name,
  active,
  created_at,
  updated_at,
  removed_at,
}: Schema['principal']): PrincipalRecord => ({
  ...{ id, kind, name, active: active === 1 },
  ...{ createdAt: created_at, updatedAt: updated_at, removedAt: removed_at ?? undefined },
});
