import { setImmediate } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { Instant } from '#domain/instant.ts';
import type { Principal, PrincipalId } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId } from '#domain/token.ts';
import { earliest, isLiveUnder, type Life, type TokenSettings } from '#domain/token-settings.ts';
import type { Breaks } from '#ports/token-settings.ts';
import type { Schema } from './schema.ts';

/** Tokens that are looked at in one turn of the event loop: a few milliseconds, in which nobody else is served. */
const TURN_MAX = 1_000;
/** Ids that stand in one statement. */
const IDS_MAX = 500;

type Asked = {
  readonly tenant: TenantId;
  readonly standing: TokenSettings;
  readonly wanted: TokenSettings;
  readonly now: Instant;
};
type Held = { readonly owner: PrincipalId; readonly pat: PatId; readonly life: Life };

/** Goes through all tokens of a tenant, a turn at a time, by the very rule that a verification goes by. */
export async function breaksUnder(db: Kysely<Schema>, asked: Asked, ownersMax: number): Promise<Breaks> {
  const byOwner = new Map<PrincipalId, Set<PatId>>();
  for await (const { owner, pat, life } of livesIn(db, asked.tenant)) {
    if (!isLiveUnder(asked.standing, life, asked.now) || isLiveUnder(asked.wanted, life, asked.now)) continue;
    byOwner.set(owner, (byOwner.get(owner) ?? new Set()).add(pat));
  }
  const active = await activeAmong(db, asked.tenant, [...byOwner.keys()]);
  const owners = active.map((owner) => ({ owner, tokens: byOwner.get(owner.id)?.size ?? 0 }));
  owners.sort((one, other) => other.tokens - one.tokens || (one.owner.name < other.owner.name ? -1 : 1));
  const tokens = owners.reduce((sum, one) => sum + one.tokens, 0);
  return { tokens, owners: owners.slice(0, ownersMax), ownersTotal: owners.length };
}

/** Every value that was not ended, in the order in which they lie. Tokens without one come too, or a turn of them would be the end. */
async function* livesIn(db: Kysely<Schema>, tenant: TenantId): AsyncGenerator<Held> {
  let last = { owner: '', pat: '' };
  for (;;) {
    const rows = await valuesAfter(db, tenant, last).execute();
    for (const { owner, pat, created_at: createdAt, ...row } of rows) {
      if (createdAt !== null) yield { owner, pat, life: lifeOf({ createdAt, ...row }) };
    }
    const end = rows.at(-1);
    if (end === undefined) return;
    last = end;
    await setImmediate();
  }
}

const valuesAfter = (db: Kysely<Schema>, tenant: TenantId, { owner, pat }: { owner: string; pat: string }) =>
  db
    .selectFrom((from) =>
      from
        .selectFrom('personal_access_token')
        .select(['owner', 'id', 'expires_at'])
        .where('tenant', '=', tenant)
        .where(sql<boolean>`(owner, id) > (${owner}, ${pat})`)
        .where('ended_at', 'is', null)
        .where('kind', 'is', null)
        .orderBy('owner')
        .orderBy('id')
        .limit(TURN_MAX)
        .as('pat'),
    )
    .leftJoin('token', (join) =>
      join.on('token.tenant', '=', tenant).onRef('token.pat', '=', 'pat.id').on('token.ended_at', 'is', null),
    )
    .leftJoin('token_use as used', (join) => join.on('used.tenant', '=', tenant).onRef('used.token', '=', 'token.id'))
    .select(['pat.owner', 'pat.id as pat', 'pat.expires_at as pat_expires_at'])
    .select(['token.created_at', 'token.expires_at', 'used.at as used_at'])
    .orderBy('pat.owner')
    .orderBy('pat.id');

type Row = Awaited<ReturnType<ReturnType<typeof valuesAfter>['execute']>>[number];
type Dates = Pick<Row, 'expires_at' | 'pat_expires_at' | 'used_at'> & { readonly createdAt: Instant };

const lifeOf = ({ createdAt, ...row }: Dates): Life => ({
  createdAt,
  expiresAt: earliest(row.expires_at ?? undefined, row.pat_expires_at ?? undefined),
  lastUsedAt: row.used_at ?? undefined,
});

async function activeAmong(
  db: Kysely<Schema>,
  tenant: TenantId,
  ids: readonly PrincipalId[],
): Promise<readonly Principal[]> {
  const found: Principal[] = [];
  for (let from = 0; from < ids.length; from += IDS_MAX) {
    const some = db.selectFrom('principal').select(['id', 'kind', 'name']).where('tenant', '=', tenant);
    const named = some.where('active', '=', 1).where('id', 'in', ids.slice(from, from + IDS_MAX));
    found.push(...(await named.execute()));
  }
  return found;
}
