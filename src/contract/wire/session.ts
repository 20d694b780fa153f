import * as z from 'zod';
import type { Operations } from '../operation.ts';
import { flag } from './query.ts';
import { subject } from './subject.ts';

export const SESSION_OPERATIONS = {
  wireGetSession: {
    surface: 'wire',
    method: 'GET',
    path: '/api/svc/v1/session',
    access: 'caller',
    action: 'self',
    existence: 'tell',
    effect: 'reads',
    reveals: false,
    summary: 'Who the caller is; the public command line asks it for every opaque token (contract 7.6)',
    input: {
      query: z.object({
        hostName: z.string().optional(),
        tenantName: z.string().optional(),
        includeTenantInfo: flag.optional(),
      }),
    },
    output: z.object({
      user: z.object({
        id: z.string(),
        email: z.string().nullable(),
        tenantName: z.string(),
        subjectSlug: z.string(),
        subject,
        metadata: z.object({}),
      }),
      tenantInfo: z.object({ tenantName: z.string() }),
      env: z.object({ TENANT_NAME: z.string(), LLM_GATEWAY_URL: z.string() }),
    }),
  },
} as const satisfies Operations;
