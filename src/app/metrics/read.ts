import type { Caller } from '#domain/caller.ts';
import { rightsTo } from '#domain/rights.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';
import { view } from '../doors.ts';

const WHAT = { action: 'metrics:Read', collection: 'metrics/' } as const;

/**
 * Figures of the whole process, in which nobody and nothing is named; `read` is how they are gathered. They tell of all
 * tenants, so no right in any tenant but the instance's own is one to them.
 */
export const readMetrics = <Text>(deps: Deps, home: Tenant, caller: Caller, read: () => Promise<Text>): Promise<Text> =>
  view(deps, caller.tenant.id === home.id ? caller : { ...caller, rights: rightsTo([]) }, WHAT, read);
