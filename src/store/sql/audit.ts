import type { Kysely } from 'kysely';
import type { AuditWrites } from '#ports/store.ts';
import type { Schema } from './schema.ts';

export const auditWrites = (db: Kysely<Schema>): AuditWrites => ({
  async append(entry, { address, userAgent }) {
    const { tenant, id, at, action, resource, decision } = entry;
    const origin = { address: address ?? null, user_agent: userAgent ?? null };
    await db
      .insertInto('audit_entry')
      .values({ tenant, id, at, action, resource, decision, entry: JSON.stringify(entry), ...origin })
      .execute();
  },
});
