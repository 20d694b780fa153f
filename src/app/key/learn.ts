import type { Keyring } from '#crypto/keyring.ts';
import type { Deps } from '../deps.ts';

type LearnDeps = Pick<Deps, 'store' | 'keyring' | 'wrapper'>;

/** Of a keyring: what is under way, and what begins after that. */
type Turns = { under?: Promise<void>; next?: Promise<void> };
const turnsOf = new WeakMap<Keyring, Turns>();

/**
 * Holds the keys that other processes have made since, and lets go of those that they have removed. One at a time: what was
 * read earlier must not undo what was read later. Whoever asks meanwhile is served by one more, which begins after they asked.
 */
export function learnKeys(deps: LearnDeps): Promise<void> {
  const turns = turnsOf.get(deps.keyring) ?? {};
  turnsOf.set(deps.keyring, turns);
  const begin = (): Promise<void> => {
    delete turns.next;
    turns.under = learn(deps).finally(() => {
      delete turns.under;
    });
    return turns.under;
  };
  if (turns.under === undefined) return begin();
  turns.next ??= turns.under.then(begin, begin);
  return turns.next;
}

async function learn({ store, keyring, wrapper }: LearnDeps): Promise<void> {
  const keys = await store.keys.all();
  for (const { wrapped, ...place } of keys) {
    if (keyring.byId(place.purpose, place.id) === undefined) keyring.hold(place, await wrapper.unwrap(wrapped, place));
  }
  const known = new Set(keys.map(({ id }) => id));
  for (const id of keyring.ids()) if (!known.has(id)) keyring.drop(id);
}
