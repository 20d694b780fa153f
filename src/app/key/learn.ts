import type { Deps } from '../deps.ts';

/** Holds the keys that other processes have made since, and lets go of those that they have removed. */
export async function learnKeys({ store, keyring, wrapper }: Pick<Deps, 'store' | 'keyring' | 'wrapper'>) {
  const keys = await store.keys.all();
  for (const { wrapped, ...place } of keys) {
    if (keyring.byId(place.purpose, place.id) === undefined) keyring.hold(place, await wrapper.unwrap(wrapped, place));
  }
  const known = new Set(keys.map(({ id }) => id));
  for (const id of keyring.ids()) if (!known.has(id)) keyring.drop(id);
}
