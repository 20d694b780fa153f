import type { Caller } from '#domain/caller.ts';
import type { Deps } from '../deps.ts';
import { view } from '../doors.ts';

/** Figures of the whole process, in which nobody and nothing is named; `read` is how they are gathered. */
export const readMetrics = <Text>(deps: Deps, caller: Caller, read: () => Promise<Text>): Promise<Text> =>
  view(deps, caller, { action: 'metrics:Read', collection: 'metrics/' }, read);
