import type { Kysely } from 'kysely';
import type { AuditWrites } from '#ports/store.ts';
import { insertion } from './prepared.ts';
import type { Schema } from './schema.ts';

const insert = insertion('audit_entry', [
  ...(['tenant', 'id', 'at', 'action', 'resource', 'decision', 'entry', 'address', 'user_agent'] as const),
]);

export const auditWrites = (db: Kysely<Schema>): AuditWrites => ({
  async append(entry, { address, userAgent }) {
    const { tenant, id, at, action, resource, decision } = entry;
    const origin = { address: address ?? null, user_agent: userAgent ?? null };
    await insert(db, { tenant, id, at, action, resource, decision, entry: JSON.stringify(entry), ...origin });
  },
});
