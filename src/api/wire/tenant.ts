import type { TENANT_OPERATIONS } from '#contract/wire/tenant.ts';
import { hostIn } from '#domain/host.ts';
import type { Handlers } from '../handler.ts';
import { visited } from '../visited.ts';

/** Below every version there is: none is turned away. */
const MIN_VERSION = '0.0.1';

export const tenantHandlers: Handlers<typeof TENANT_OPERATIONS> = {
  wireGetTenantId: async (api, visitor, { hostName = '' }) => {
    const asked = hostName === '' ? visitor : { host: hostIn(hostName) };
    const { tenant, origin } = await visited(api, asked);
    return { tenantName: tenant.name, tenant_name: tenant.name, auth_server_url: origin };
  },
  wireGetMinCliVersion: async () => ({
    minVersion: MIN_VERSION,
    truefoundryCliMinVersion: MIN_VERSION,
    useSFYServerAuthAPIs: true, // false would send the command line's sign-in to another server
    pythonBuildDefaultImageTag: '3.11',
  }),
  wireGetHealth: async () => ({ status: 'ok' }),
};
