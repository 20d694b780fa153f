import { type Kysely, sql } from 'kysely';
import type { RowMacs } from '#ports/row-mac.ts';
import type { TokenReads, TokenUseWrites, TokenWrites } from '#ports/tokens.ts';
import { knownToken } from './known.ts';
import { maced, proved, swap } from './maced.ts';
import { endColumns, NOT_ENDED, tokenOf } from './pats.ts';
import type { Schema } from './schema.ts';

export const tokenReads = (db: Kysely<Schema>, macs: RowMacs): TokenReads => ({
  byDigest: (digests) => knownToken(db, macs, { digests }),
  byId: (tenant, id) => knownToken(db, macs, { tenant, id }),
});

export const tokenWrites = (db: Kysely<Schema>, macs: RowMacs): TokenWrites => ({
  async add(tenant, { createdAt, expiresAt, ended: _, ...same }, { digest, pepper }) {
    const all = db.selectFrom('token').where('tenant', '=', tenant).where('pat', '=', same.pat);
    const { last } = await all.select(({ fn }) => fn.max('generation').as('last')).executeTakeFirstOrThrow();
    const generation = (last ?? 0) + 1;
    const times = { created_at: createdAt, expires_at: expiresAt ?? null, ...NOT_ENDED };
    const row = maced(macs, 'token', { tenant, ...same, generation, digest, pepper, ...times });
    await db.insertInto('token').values(row).execute();
    return tokenOf(row);
  },

  async endOldest(tenant, pat, keep, ended) {
    const all = db.selectFrom('token').selectAll().where('tenant', '=', tenant).where('pat', '=', pat);
    const newestFirst = await all.where('ended_at', 'is', null).orderBy('generation', 'desc').execute();
    const over = newestFirst.slice(keep);
    for (const row of over) await swap(db, macs, 'token', proved(macs, 'token', row), endColumns(ended));
    return over.map(({ id }) => id);
  },
});

export const tokenUseWrites = (db: Kysely<Schema>): TokenUseWrites => ({
  async note(uses) {
    for (const { address, ...use } of uses) {
      await db
        .insertInto('token_use')
        .values({ ...use, address: address ?? null })
        .onConflict((old) =>
          old
            .columns(['tenant', 'token'])
            .doUpdateSet({ at: use.at, surface: use.surface, address: address ?? null })
            .where('token_use.at', '<', sql<number>`excluded.at`),
        )
        .execute();
    }
  },
});
