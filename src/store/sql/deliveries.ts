import type { Kysely } from 'kysely';
import type { Delivery, DeliveryReads, DeliveryWrites } from '#ports/deliveries.ts';
import type { Schema } from './schema.ts';

export const deliveryReads = (db: Kysely<Schema>): DeliveryReads => ({
  async pending(tenant) {
    const row = await db
      .selectFrom('delivery')
      .select(['token', 'pat', 'sealed'])
      .where('tenant', '=', tenant)
      .where('sealed', 'is not', null)
      .executeTakeFirst();
    return row as Delivery | undefined; // the statement has just said that `sealed` is there
  },
});

export const deliveryWrites = (db: Kysely<Schema>): DeliveryWrites => ({
  async insert(tenant, delivery) {
    await db
      .insertInto('delivery')
      .values({ tenant, ...delivery, delivered_at: null })
      .execute();
  },

  async markDelivered(tenant, token, at) {
    const done = db.updateTable('delivery').set({ sealed: null, delivered_at: at });
    await done.where('tenant', '=', tenant).where('token', '=', token).where('sealed', 'is not', null).execute();
  },
});
