import * as z from 'zod';
import { ACTIONS } from '#domain/permission.ts';
import type { Operations } from '../operation.ts';

export const CALLER_OPERATIONS = {
  ownWhoami: {
    surface: 'own',
    method: 'GET',
    path: '/api/v1/whoami',
    access: 'caller',
    action: 'self',
    existence: 'tell',
    effect: 'reads',
    reveals: false,
    summary: 'Who the caller is, by which credential, and what they may do',
    input: {},
    output: z.strictObject({
      principal: z.strictObject({ id: z.string(), kind: z.string(), name: z.string() }),
      tenant: z.strictObject({ id: z.string(), name: z.string() }),
      rights: z.strictObject({ roles: z.array(z.string()), actions: z.array(z.enum(ACTIONS)) }),
      credential: z.strictObject({
        kind: z.enum(['token', 'session', 'external']),
        /** Of the token, as its operations take it, of the session, or of the identity provider whose word it is. */
        id: z.string(),
        /** Which of the token's values it is; the audit has it under this one. */
        valueId: z.string().optional(),
        name: z.string().optional(),
        preview: z.string().optional(),
        /** ISO 8601; null when it does not expire. */
        expiresAt: z.string().nullable(),
      }),
      surface: z.string(),
      server: z.strictObject({ version: z.string() }),
    }),
  },
} as const satisfies Operations;
