import type { Kysely } from 'kysely';
import type { RowMacs } from '#ports/row-mac.ts';
import type { SessionReads, SessionWrites } from '#ports/sessions.ts';
import { knownSession } from './known.ts';
import { maced, proved, swap } from './maced.ts';
import type { Schema } from './schema.ts';

export const sessionReads = (db: Kysely<Schema>, macs: RowMacs): SessionReads => ({
  byDigest: (digests) => knownSession(db, macs, { digests }),
  byId: (tenant, id) => knownSession(db, macs, { tenant, id }),
});

export const sessionWrites = (db: Kysely<Schema>, macs: RowMacs): SessionWrites => ({
  async insert(tenant, { id, principal, createdAt, expiresAt }, { digest, pepper }) {
    const times = { created_at: createdAt, expires_at: expiresAt, ended_at: null };
    const row = maced(macs, 'session', { tenant, id, principal, digest, pepper, ...times });
    await db.insertInto('session').values(row).execute();
  },

  async end(tenant, id, at) {
    const one = db.selectFrom('session').selectAll().where('tenant', '=', tenant).where('id', '=', id);
    const row = await one.where('ended_at', 'is', null).executeTakeFirst();
    if (row !== undefined) await swap(db, macs, 'session', proved(macs, 'session', row), { ended_at: at });
  },

  async endAll(tenant, principal, at) {
    const all = db.selectFrom('session').selectAll().where('tenant', '=', tenant).where('principal', '=', principal);
    for (const row of await all.where('ended_at', 'is', null).execute()) {
      await swap(db, macs, 'session', proved(macs, 'session', row), { ended_at: at });
    }
  },
});
