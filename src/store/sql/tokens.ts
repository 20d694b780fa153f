import { type Kysely, sql } from 'kysely';
import type { TenantId } from '#domain/tenant.ts';
import { type Ended, LIVE_GENERATIONS_MAX, type PatId, type TokenId } from '#domain/token.ts';
import type { Moved } from '#ports/changes.ts';
import type { KeyId } from '#ports/digest.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { EndedAll, TokenReads, TokenUseWrites, TokenWrites } from '#ports/tokens.ts';
import type { Engine } from './engine.ts';
import { knownToken } from './known.ts';
import { isProved, MACED, maced, proved, swap } from './maced.ts';
import { insertion, prepared } from './prepared.ts';
import { endColumns, NOT_ENDED, tokenOf } from './rows.ts';
import type { Schema } from './schema.ts';

const insertToken = insertion('token', [...MACED.token, 'preview', 'mac']);

const lastGeneration = prepared((db, { tenant, pat }: { readonly tenant: TenantId; readonly pat: PatId }) =>
  db
    .selectFrom('token')
    .where('tenant', '=', tenant)
    .where('pat', '=', pat)
    .select(({ fn }) => fn.max('generation').as('last')),
);

export const tokenReads = (db: Kysely<Schema>, macs: RowMacs): TokenReads => ({
  byDigest: (digests, within) => knownToken(db, macs, { digests, within }),
  byGeneration: (tenant, pat, generation) => knownToken(db, macs, { tenant, pat, generation }),
  async lastGeneration(tenant, pat) {
    const { rows } = await lastGeneration(db, { tenant, pat });
    return rows[0]?.last ?? 0;
  },
  async get(tenant, pat, token) {
    const all = db.selectFrom('token').selectAll().where('tenant', '=', tenant).where('pat', '=', pat);
    const row = await all.where('id', '=', token).executeTakeFirst();
    return row && tokenOf(proved(macs, 'token', row));
  },
  async standing(tenant, pat) {
    const rows = await standingOf(db, tenant, pat).orderBy('generation').execute();
    return rows.map((row) => tokenOf(proved(macs, 'token', row)));
  },
  async anyLivedAfter(key, at) {
    let living = signedBy(db, key).select('token.id');
    for (const table of ['token', 'pat'] as const) {
      living = living.where(({ eb, or }) =>
        or([eb(`${table}.ended_at`, 'is', null), eb(`${table}.ended_at`, '>', at)]),
      );
      living = living.where(({ eb, or }) =>
        or([eb(`${table}.expires_at`, 'is', null), eb(`${table}.expires_at`, '>', at)]),
      );
    }
    return (await living.limit(1).executeTakeFirst()) !== undefined;
  },
});

const signedBy = (db: Kysely<Schema>, key: KeyId) =>
  db
    .selectFrom('token')
    .innerJoin('personal_access_token as pat', (join) =>
      join
        .onRef('pat.tenant', '=', 'token.tenant')
        .onRef('pat.owner', '=', 'token.subject')
        .onRef('pat.id', '=', 'token.pat'),
    )
    .where('token.signed_by', '=', key);

export const tokenWrites = (db: Kysely<Schema>, macs: RowMacs, { locksRows }: Engine): TokenWrites => ({
  async add(tenant, { createdAt, expiresAt, ended: _, signedBy, ...same }, { digest, pepper }) {
    const times = { created_at: createdAt, expires_at: expiresAt ?? null, ...NOT_ENDED };
    const row = maced(macs, 'token', { tenant, ...same, signed_by: signedBy ?? null, digest, pepper, ...times });
    await insertToken(db, row);
  },

  /**
   * Each that is added ends what is over. So what stands is among the newest few, whatever ended between them, and no
   * others are looked at: not here, and not to show them.
   */
  async endOldest(tenant, pat, keep, ended) {
    const all = db.selectFrom('token').selectAll().where('tenant', '=', tenant).where('pat', '=', pat);
    const newestFirst = all.orderBy('generation', 'desc').limit(LIVE_GENERATIONS_MAX + 1);
    const newest = (await newestFirst.execute()).map((row) => proved(macs, 'token', row));
    return endAll(
      db,
      macs,
      newest.slice(keep).filter((row) => row.ended_at === null),
      ended,
    );
  },

  async endOne(tenant, pat, token, ended) {
    const row = await standingOf(db, tenant, pat).where('id', '=', token).executeTakeFirst();
    if (row === undefined) return false;
    await swap(db, macs, 'token', proved(macs, 'token', row), endColumns(ended));
    await shred(db, row);
    return true;
  },

  async expireOne(tenant, pat, token, at) {
    const row = await standingOf(db, tenant, pat).where('id', '=', token).executeTakeFirstOrThrow();
    await swap(db, macs, 'token', proved(macs, 'token', row), { expires_at: at });
  },

  async holdOwners(keys) {
    if (!locksRows || keys.length === 0) return;
    await ownersOfSigned(db, keys).forNoKeyUpdate().execute();
  },

  endSignedBy: (key, ended) => endSigned(db, macs, key, ended),
});

async function endSigned(db: Kysely<Schema>, macs: RowMacs, key: KeyId, ended: Ended): Promise<EndedAll<Moved>> {
  const standing = signedBy(db, key).where('token.ended_at', 'is', null).where('pat.ended_at', 'is', null);
  const rows = await standing.selectAll('token').orderBy('token.generation').execute();
  const all = { ended: [] as Moved[], unproved: [] as Moved[] };
  for (const row of rows) {
    const token = { kind: 'token', id: row.id } as const;
    if (!isProved(macs, 'token', row)) {
      all.unproved.push(token);
      continue;
    }
    const pat = (await isLast(db, row)) ? await patOfValue(db, row) : undefined;
    const isOurs = pat !== undefined && isProved(macs, 'personal_access_token', pat);
    if (pat !== undefined && !isOurs) all.unproved.push({ kind: 'pat', id: pat.id });
    await (isOurs ? swap(db, macs, 'personal_access_token', pat, endColumns(ended)) : endAll(db, macs, [row], ended));
    await shred(db, row);
    all.ended.push(isOurs ? { kind: 'pat', id: row.pat } : token);
  }
  return all;
}

/** One statement, however many they are; locks are taken in the order in which it sorts. */
const ownersOfSigned = (db: Kysely<Schema>, keys: readonly KeyId[]) =>
  db
    .selectFrom('principal')
    .select('id')
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('token')
          .select('token.id')
          .whereRef('token.tenant', '=', 'principal.tenant')
          .whereRef('token.subject', '=', 'principal.id')
          .where('token.signed_by', 'in', keys)
          .where('token.ended_at', 'is', null),
      ),
    )
    .orderBy('tenant')
    .orderBy('id');

/** What is kept of a value goes with its end. */
async function shred(
  db: Kysely<Schema>,
  { tenant, id, kind }: Pick<ValueRow, 'tenant' | 'id' | 'kind'>,
): Promise<void> {
  if (kind !== 'va') return;
  await db.deleteFrom('virtual_account_value').where('tenant', '=', tenant).where('token', '=', id).execute();
}

const standingOf = (db: Kysely<Schema>, tenant: TenantId, pat: PatId) =>
  db.selectFrom('token').selectAll().where('tenant', '=', tenant).where('pat', '=', pat).where('ended_at', 'is', null);

type ValueRow = Pick<Schema['token'], 'tenant' | 'subject' | 'pat' | 'id' | 'kind'>;

/** A token without a value would be neither alive nor ended; a virtual account gets another. */
async function isLast(db: Kysely<Schema>, { tenant, pat, id, kind }: ValueRow): Promise<boolean> {
  if (kind === 'va') return false;
  const others = db.selectFrom('token').select('id').where('tenant', '=', tenant).where('pat', '=', pat);
  return (await others.where('ended_at', 'is', null).where('id', '!=', id).executeTakeFirst()) === undefined;
}

const patOfValue = (db: Kysely<Schema>, { tenant, subject, pat }: ValueRow) =>
  db
    .selectFrom('personal_access_token')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('owner', '=', subject)
    .where('id', '=', pat)
    .executeTakeFirstOrThrow();

async function endAll(
  db: Kysely<Schema>,
  macs: RowMacs,
  rows: readonly Schema['token'][],
  ended: Ended,
): Promise<readonly TokenId[]> {
  for (const row of rows) await swap(db, macs, 'token', row, endColumns(ended));
  return rows.map(({ id }) => id);
}

const used = ({ tenant, token, at, surface, address }: Omit<Schema['token_use'], 'mac'>) => ({
  ...{ tenant, token, at, surface, address },
});

const noteUse = prepared((db, row: Schema['token_use']) =>
  db
    .insertInto('token_use')
    .values({ ...used(row), mac: row.mac })
    .onConflict((old) =>
      old
        .columns(['tenant', 'token'])
        .doUpdateSet({ at: row.at, surface: row.surface, address: row.address, mac: row.mac })
        .where('token_use.at', '<', sql<number>`excluded.at`),
    ),
);

const noteDeadUse = prepared((db, row: Schema['token_dead_use']) =>
  db
    .insertInto('token_dead_use')
    .values({ ...used(row), pat: row.pat })
    .onConflict((old) =>
      old
        .columns(['tenant', 'pat'])
        .doUpdateSet({ token: row.token, at: row.at, surface: row.surface, address: row.address })
        .where('token_dead_use.at', '<', sql<number>`excluded.at`),
    ),
);

export const tokenUseWrites = (db: Kysely<Schema>, macs: RowMacs): TokenUseWrites => ({
  async note(uses) {
    for (const use of uses) await noteUse(db, maced(macs, 'token_use', { ...use, address: use.address ?? null }));
  },

  async noteDead(uses) {
    for (const use of uses) await noteDeadUse(db, { ...use, address: use.address ?? null });
  },
});
