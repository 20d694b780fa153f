import type { Kysely } from 'kysely';
import type { AuditWrites } from '#ports/store.ts';
import { columnsOf, prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

const COLUMNS = [
  ...(['tenant', 'id', 'at', 'action', 'resource', 'decision', 'entry', 'address', 'user_agent'] as const),
] as const;

const insert = prepared((db, row: Schema['audit_entry']) =>
  db
    .insertInto('audit_entry')
    .values(columnsOf(row, COLUMNS))
    .onConflict((same) => same.columns(['tenant', 'at', 'id']).doNothing()),
);

export const auditWrites = (db: Kysely<Schema>): AuditWrites => ({
  async append(entry, { address, userAgent }) {
    const { tenant, id, at, action, resource, decision } = entry;
    const origin = { address: address ?? null, user_agent: userAgent ?? null };
    await insert(db, { tenant, id, at, action, resource, decision, entry: JSON.stringify(entry), ...origin });
  },
});
