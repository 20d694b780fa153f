import { containReuse } from '#app/virtual-account/contain.ts';
import { usesIn } from '#app/virtual-account/refused-uses.ts';
import type { Handler } from './run.ts';
import { tenantOf } from './tenant-of.ts';

/** Does what the tenant wants done about values that were used after their grace, by what stands when it comes to it. */
export const containUses: Handler = async (deps, run) => {
  for (const { tenant, ...use } of usesIn(run.job.payload)) {
    await containReuse(deps, { ...use, tenant: await tenantOf(deps, tenant), hold: run.hold });
  }
  await run.settle(async () => undefined);
};
