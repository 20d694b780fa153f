import type { Caller } from '#domain/caller.ts';
import type { Deps } from '../deps.ts';
import { view } from '../doors.ts';

/** None: this product deploys nothing. Asking takes a right all the same, so that the answer proves a key. */
export const listWorkspaces = (deps: Deps, caller: Caller): Promise<readonly never[]> =>
  view(deps, caller, { action: 'workspace:ListWorkspaces', collection: 'workspace/' }, async () => []);
