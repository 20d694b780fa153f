import * as z from 'zod';
import type { Operations } from '../operation.ts';
import { flag } from './query.ts';
import { subject } from './subject.ts';

const env = z.object({ TENANT_NAME: z.string(), LLM_GATEWAY_URL: z.string() });
const named = z.object({ id: z.string(), name: z.string() });

/** The flat session of contract 7.1: two paths, one answer. */
const USER_INFO = {
  surface: 'wire',
  method: 'GET',
  access: 'caller',
  action: 'self',
  existence: 'tell',
  effect: 'reads',
  reveals: false,
  input: {},
  output: z.object({
    id: z.string(),
    userName: z.string(),
    subjectSlug: z.string(),
    subjectPatName: z.string().optional(),
    email: z.string().optional(),
    subjectType: z.string(),
    tenantName: z.string(),
    roles: z.array(z.string()),
    teams: z.array(named),
    accounts: z.array(named),
    effectiveUserId: z.string(),
  }),
} as const;

const ENV = {
  surface: 'wire',
  method: 'GET',
  access: 'public',
  action: 'none',
  effect: 'reads',
  reveals: false,
  addressed: true,
  input: {},
  output: env,
} as const;

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
      env,
    }),
  },
  wireGetUserInfo: {
    ...USER_INFO,
    path: '/api/svc/v1/users/info',
    summary: 'Who the caller is, as SDKs up to 0.3.4 ask it',
  },
  wireGetUserInfoX: {
    ...USER_INFO,
    path: '/api/svc/v1/x/users/info',
    summary: 'Who the caller is, as newer SDKs ask it',
  },
  wireGetEnv: {
    ...ENV,
    path: '/api/env',
    summary: 'What a front end needs to know of this server before anybody signs in',
  },
  wireGetFrontEndEnv: { ...ENV, path: '/api/svc/v1/fe-env', summary: 'The same, where the service itself answers it' },
} as const satisfies Operations;
