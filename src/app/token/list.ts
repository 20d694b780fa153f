import type { Caller } from '#domain/caller.ts';
import type { Instant } from '#domain/instant.ts';
import { type PatId, type PatView, REVOKED_SHOWN_MS } from '#domain/token.ts';
import type { Listing, Page } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { view, viewOne } from '../doors.ts';

const LIST = { action: 'personal-access-token:List', collection: 'personal-access-token/' } as const;

type Wanted = Omit<Page, 'endedAfter'> & { readonly isRevokedToo?: boolean };

/** The caller's own, whatever else they may: nobody lists another's. */
export const listPats = (
  deps: Deps,
  caller: Caller,
  { isRevokedToo = false, ...page }: Wanted,
): Promise<Listing<PatView>> =>
  view(deps, caller, LIST, () => {
    const revoked = isRevokedToo ? { endedAfter: shownAfter(deps) } : {};
    return deps.store.pats.list(caller.tenant.id, caller.principal.id, { ...page, ...revoked });
  });

const shownAfter = ({ clock }: Deps): Instant => clock.now() - REVOKED_SHOWN_MS;

/** One of the caller's own that is listed, revoked or not; another's is as absent as none, and costs no more to look for. */
export async function getPat(deps: Deps, caller: Caller, id: PatId): Promise<PatView> {
  const { tenant, principal } = caller;
  const what = {
    action: LIST.action,
    resource: `personal-access-token/${id}`,
    locate: async () => {
      const pat = await deps.store.pats.get(tenant.id, principal.id, id);
      return pat?.ended !== undefined && pat.ended.at <= shownAfter(deps) ? undefined : pat;
    },
  };
  await viewOne(deps, caller, what);
  const found = await deps.store.pats.view(tenant.id, principal.id, id);
  return found ?? getPat(deps, caller, id); // long over, and removed meanwhile: as absent as none
}
