import { describe, expect, test } from 'vitest';
import type { KeyPlace } from '#ports/key-wrapper.ts';
import type { WrappedKey } from '#ports/keys.ts';
import type { Adapter } from './adapters.ts';
import { fixedMacs, newId, random } from './world.ts';

/** What `KeyShelves` and `KeyWrites` promise. */
export function keyShelfConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of the key shelf`, () => {
    const key = (createdAt: number, own: Partial<KeyPlace> = {}): WrappedKey => ({
      ...{ id: newId(), purpose: 'row-mac', tenant: undefined, ...own },
      ...{ wrapped: Buffer.from(random.bytes(77)), createdAt },
    });
    const plain = (keys: readonly WrappedKey[] = []) => keys.map((k) => ({ ...k, wrapped: Buffer.from(k.wrapped) }));

    test('a database that was never begun has none; the first one stays, and is the answer', async () => {
      const { database } = await adapter.open();
      const { keys } = database;
      expect(await keys.read()).toBeUndefined();
      const [old, young] = [key(1), key(2, { purpose: 'token-pepper' })];
      const first = await keys.begin({ fingerprint: 'first', keys: [young, old] });
      expect([first.fingerprint, plain(first.keys)]).toEqual(['first', [old, young]]);
      expect(await keys.begin({ fingerprint: 'second', keys: [key(3)] })).toEqual(first);
      expect(await keys.read()).toEqual(first);
      database.close();
    });

    test('those who begin at once get one shelf', async () => {
      const { database, again } = await adapter.open();
      const neighbour = await again();
      const shelf = (fingerprint: string) => ({ fingerprint, keys: [key(1)] });
      const answers = await Promise.all([
        database.keys.begin(shelf('a')),
        database.keys.begin(shelf('b')),
        neighbour.keys.begin(shelf('c')),
      ]);
      expect(answers.every((answer) => answer.fingerprint === answers[0]?.fingerprint)).toBe(true);
      expect(answers.map(({ keys }) => keys)).toEqual([answers[0]?.keys, answers[0]?.keys, answers[0]?.keys]);
      for (const one of [database, neighbour]) one.close();
    });

    test('a key that a transaction removes is gone for every start to come, and no other with it', async () => {
      const { database, again } = await adapter.open();
      const [old, young] = [key(1), key(2)];
      await database.keys.begin({ fingerprint: 'f', keys: [old, young] });
      const store = database.store(fixedMacs());
      await store.transact((tx) => tx.keys.remove(old.id));
      await store.transact((tx) => tx.keys.remove(newId()));
      await store.close();
      const next = await again();
      expect(plain((await next.keys.read())?.keys)).toEqual([young]);
      next.close();
    });

    test('a key that a transaction adds is found by the next start, the newest last', async () => {
      const { database, again } = await adapter.open();
      await database.keys.begin({ fingerprint: 'f', keys: [key(1)] });
      const store = database.store(fixedMacs());
      const kek = key(2, { purpose: 'tenant-kek', tenant: newId() });
      await store.transact((tx) => tx.keys.insert(kek));
      await store.close();
      const next = await again();
      expect(plain((await next.keys.read())?.keys).at(-1)).toEqual(kek);
      next.close();
    });
  });
}
