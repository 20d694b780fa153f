import * as z from 'zod';
import type { Operations } from '../operation.ts';

/** What clients ask before they have a credential (contract 8.4). */
export const TENANT_OPERATIONS = {
  wireGetTenantId: {
    surface: 'wire',
    method: 'GET',
    path: '/api/svc/v1/tenant-id',
    access: 'public',
    action: 'none',
    effect: 'reads',
    reveals: false,
    addressed: true,
    summary: 'The tenant whose address this is, or that of `hostName`',
    input: { query: z.object({ hostName: z.string().optional() }) },
    // Mixed case is the wire's: the command line reads the first and the last, the public console any of the names.
    output: z.object({ tenantName: z.string(), tenant_name: z.string(), auth_server_url: z.string() }),
  },
  wireGetMinCliVersion: {
    surface: 'wire',
    method: 'GET',
    path: '/api/svc/v1/min-cli-version',
    access: 'public',
    action: 'none',
    effect: 'reads',
    reveals: false,
    summary: 'The oldest public command line that works here',
    input: {},
    output: z.object({
      minVersion: z.string(),
      truefoundryCliMinVersion: z.string(),
      useSFYServerAuthAPIs: z.boolean(),
      pythonBuildDefaultImageTag: z.string(),
    }),
  },
  wireGetHealth: {
    surface: 'wire',
    method: 'GET',
    path: '/api/svc/v1/health',
    access: 'public',
    action: 'none',
    effect: 'reads',
    reveals: false,
    summary: 'That the process answers; it says nothing of its database',
    input: {},
    output: z.object({ status: z.literal('ok') }),
  },
} as const satisfies Operations;
