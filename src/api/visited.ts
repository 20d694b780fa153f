import { type Home, type Place, tenantAt } from '#app/tenant/at.ts';
import type { Visitor } from '#domain/caller.ts';
import type { Api, Site } from './handler.ts';

export const homeOf = ({ tenant, origin }: Site): Home => ({ tenant, origin: origin() });

/** Whom somebody means who has no credential yet: whoever has the address that they came to. */
export const visited = (api: Api, { host }: Visitor): Promise<Place> => tenantAt(api, homeOf(api.site), host);
