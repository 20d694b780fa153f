import type { TenantId } from '#domain/tenant.ts';
import type { NewJob } from '#ports/jobs.ts';
import type { Deps } from '../deps.ts';
import { newId } from '../new-id.ts';
import type { RefusedUse } from './contain.ts';

type InTenant = RefusedUse & { readonly tenant: TenantId };

/** Uses of accounts' values that were refused, to be looked into by whichever process comes to it. */
export const jobOfRefused = (deps: Pick<Deps, 'random' | 'clock'>, uses: readonly InTenant[]): NewJob => ({
  ...{ id: newId<'Job'>(deps), kind: 'refused-uses', payload: JSON.stringify(uses), dueAt: deps.clock.now() },
});

/** Of a row that proves itself: `jobOfRefused` wrote it. */
export const usesIn = (payload: string): readonly InTenant[] => JSON.parse(payload) as readonly InTenant[];
