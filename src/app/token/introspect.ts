import type { Caller, Origin } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Deps } from '../deps.ts';
import { view } from '../doors.ts';
import { type KnownToken, presentedToken } from './presented.ts';
import { judged } from './verify.ts';

const WHAT = { action: 'token:Introspect', collection: 'token/' } as const;

/**
 * A token of the caller's own tenant as it is now, where it is good; for all others there is one answer. It was used
 * where the caller serves, and nobody here has seen from where.
 */
export const introspect = (deps: Deps, caller: Caller, token: Sensitive): Promise<KnownToken | undefined> =>
  view(deps, caller, WHAT, async () => {
    const known = await presentedToken(deps, caller, token);
    return judged(deps, known, usedElsewhere(caller.origin), deps.clock.now()).ok ? known : undefined;
  });

const usedElsewhere = ({ requestId }: Origin): Origin => ({
  ...{ surface: 'introspection', address: undefined, userAgent: undefined, requestId },
});
