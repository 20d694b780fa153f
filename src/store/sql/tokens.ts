import { type Kysely, sql } from 'kysely';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId } from '#domain/token.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { TokenReads, TokenUseWrites, TokenWrites } from '#ports/tokens.ts';
import { knownToken } from './known.ts';
import { MACED, maced, proved, swap } from './maced.ts';
import { insertion, prepared } from './prepared.ts';
import { endColumns, NOT_ENDED } from './rows.ts';
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
  byDigest: (digests) => knownToken(db, macs, { digests }),
  byId: (tenant, pat, id) => knownToken(db, macs, { tenant, pat, id }),
  async lastGeneration(tenant, pat) {
    const { rows } = await lastGeneration(db, { tenant, pat });
    return rows[0]?.last ?? 0;
  },
  async anyLiveSignedBy(key, now) {
    let live = db
      .selectFrom('token')
      .innerJoin('personal_access_token as pat', (join) =>
        join
          .onRef('pat.tenant', '=', 'token.tenant')
          .onRef('pat.owner', '=', 'token.subject')
          .onRef('pat.id', '=', 'token.pat'),
      )
      .select('token.id')
      .where('token.signed_by', '=', key);
    for (const table of ['token', 'pat'] as const) {
      live = live
        .where(`${table}.ended_at`, 'is', null)
        .where(({ eb, or }) => or([eb(`${table}.expires_at`, 'is', null), eb(`${table}.expires_at`, '>', now)]));
    }
    return (await live.limit(1).executeTakeFirst()) !== undefined;
  },
});

export const tokenWrites = (db: Kysely<Schema>, macs: RowMacs): TokenWrites => ({
  async add(tenant, { createdAt, expiresAt, ended: _, signedBy, ...same }, { digest, pepper }) {
    const times = { created_at: createdAt, expires_at: expiresAt ?? null, ...NOT_ENDED };
    const row = maced(macs, 'token', { tenant, ...same, signed_by: signedBy ?? null, digest, pepper, ...times });
    await insertToken(db, row);
  },

  async endOldest(tenant, pat, keep, ended) {
    const all = db.selectFrom('token').selectAll().where('tenant', '=', tenant).where('pat', '=', pat);
    const newestFirst = await all.where('ended_at', 'is', null).orderBy('generation', 'desc').execute();
    const over = newestFirst.slice(keep);
    for (const row of over) await swap(db, macs, 'token', proved(macs, 'token', row), endColumns(ended));
    return over.map(({ id }) => id);
  },
});

export const tokenUseWrites = (db: Kysely<Schema>, macs: RowMacs): TokenUseWrites => ({
  async note(uses) {
    for (const use of uses) {
      const row = maced(macs, 'token_use', { ...use, address: use.address ?? null });
      const { tenant: _, token: __, ...changed } = row;
      const newer = db
        .insertInto('token_use')
        .values(row)
        .onConflict((old) =>
          old.columns(['tenant', 'token']).doUpdateSet(changed).where('token_use.at', '<', sql<number>`excluded.at`),
        );
      await newer.execute();
    }
  },
  async noteDead(uses) {
    for (const use of uses) {
      const row = { ...use, address: use.address ?? null };
      const { tenant: _, token: __, ...changed } = row;
      const newer = db
        .insertInto('token_dead_use')
        .values(row)
        .onConflict((old) =>
          old
            .columns(['tenant', 'token'])
            .doUpdateSet(changed)
            .where('token_dead_use.at', '<', sql<number>`excluded.at`),
        );
      await newer.execute();
    }
  },
});
