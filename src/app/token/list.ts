import type { Caller } from '#domain/caller.ts';
import type { PatView } from '#domain/token.ts';
import type { Listing, Page } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { view } from '../doors.ts';

/** The caller's own, whatever else they may: nobody lists another's. */
export const listPats = (deps: Deps, caller: Caller, page: Page): Promise<Listing<PatView>> =>
  view(deps, caller, { action: 'personal-access-token:List', collection: 'personal-access-token/' }, () =>
    deps.store.pats.list(caller.tenant.id, caller.principal.id, page),
  );
