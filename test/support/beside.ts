import { onTestFinished } from 'vitest';
import type { Deps } from '#app/deps.ts';
import { Uses } from '#app/token/uses.ts';
import { VerifiedCredentials } from '#app/token/verified-credentials.ts';
import { openKeyring } from '#crypto/keyring.ts';
import { rowMacs } from '#crypto/row-mac.ts';
import type { KeyShelf } from '#ports/keys.ts';
import type { NodeId } from '#ports/nodes.ts';
import type { Core } from './core.ts';

/** Another process on the same database; where there is one process at most, the same one once more. */
export async function nodeBeside({ deps, again }: Core): Promise<Deps> {
  if (!deps.store.isShared) return deps;
  const database = await again();
  const { keys } = (await database.keys.read()) as KeyShelf; // begun by the first
  const keyring = await openKeyring(deps.wrapper, keys);
  const store = database.store(rowMacs(keyring));
  onTestFinished(() => store.close());
  const memory = { verified: new VerifiedCredentials('another salt', await store.changes.latest()), uses: new Uses() };
  return { ...deps, store, keyring, ...memory, node: { id: 'o'.repeat(24) as NodeId, name: 'beside' } };
}
