import type { Kysely } from 'kysely';
import { type Invitation, isSpent } from '#domain/invitation.ts';
import type { InvitationReads, InvitationWrites } from '#ports/invitations.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { maced, proved, swap } from './maced.ts';
import type { Schema } from './schema.ts';

export const invitationReads = (db: Kysely<Schema>, macs: RowMacs): InvitationReads => ({
  async byDigest(digests) {
    const row = await db.selectFrom('invitation').selectAll().where('digest', 'in', digests).executeTakeFirst();
    return row && { tenant: row.tenant, invitation: invitationOf(proved(macs, 'invitation', row)) };
  },
});

export const invitationWrites = (db: Kysely<Schema>, macs: RowMacs): InvitationWrites => ({
  async insert(tenant, { id, principal, createdAt, expiresAt, invitedBy }, { digest, pepper }) {
    const times = { created_at: createdAt, expires_at: expiresAt, used_at: null };
    const who = { principal: principal ?? null, invited_by: invitedBy ?? null };
    const row = maced(macs, 'invitation', { tenant, id, ...who, digest, pepper, ...times });
    await db.insertInto('invitation').values(row).execute();
  },

  async use(tenant, id, at) {
    const row = await unused(db, tenant).where('id', '=', id).executeTakeFirst();
    if (row === undefined || isSpent(invitationOf(proved(macs, 'invitation', row)), at)) return false;
    await swap(db, macs, 'invitation', row, { used_at: at });
    return true;
  },

  async voidAll(tenant, principal, at) {
    const rows = await unused(db, tenant)
      .where('principal', principal === undefined ? 'is' : '=', principal ?? null)
      .execute();
    for (const row of rows) await swap(db, macs, 'invitation', proved(macs, 'invitation', row), { used_at: at });
  },
});

const unused = (db: Kysely<Schema>, tenant: Schema['invitation']['tenant']) =>
  db.selectFrom('invitation').selectAll().where('tenant', '=', tenant).where('used_at', 'is', null);

const invitationOf = (row: Schema['invitation']): Invitation => ({
  ...{ id: row.id, principal: row.principal ?? undefined, invitedBy: row.invited_by ?? undefined },
  ...{ createdAt: row.created_at, expiresAt: row.expires_at, usedAt: row.used_at ?? undefined },
});
