import { expect, test } from 'vitest';
import { openCore } from '#support/core.ts';
import { catchUp } from './catch-up.ts';

test('keys that cannot be read when a change tells of them are learnt at the next look; the change is applied, and the feed not heard to its end', async () => {
  const { deps, rows } = await openCore();
  const [signing] = deps.keyring.all('token-signing');
  deps.keyring.drop(signing?.id as never); // as if another process had made it since
  await deps.store.transact((tx) => tx.changes.append([{ kind: 'key', id: signing?.id ?? '' }]));
  const before = deps.verified.sequence;
  let isOut = true;
  const all: typeof deps.store.keys.all = async () => {
    if (isOut) throw new Error('out');
    return deps.store.keys.all();
  };
  const cut = { ...deps, store: { ...deps.store, keys: { all } } };
  expect(await catchUp(cut)).toBe(false);
  expect([deps.verified.sequence, deps.feed.owesKeys, deps.keyring.all('token-signing')]).toEqual([
    before + 1,
    true,
    [],
  ]);
  isOut = false;
  expect(await catchUp(cut)).toBe(true);
  expect(deps.feed.owesKeys).toBe(false);
  expect(deps.keyring.all('token-signing').map(({ id }) => id)).toEqual([signing?.id]);
  const [{ sequence } = {}] = await rows('select sequence from change_counter');
  expect(deps.verified.sequence).toBe(sequence);
});
