import * as z from 'zod';
import { id } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { flag } from '../wire/query.ts';

export const OWN_USER_OPERATIONS = {
  ownRevokeUserTokens: {
    surface: 'own',
    method: 'DELETE',
    path: '/api/v1/users/{id}/tokens',
    access: 'caller',
    action: 'personal-access-token:RevokeAll',
    existence: 'tell',
    denial: 'Only a tenant admin can revoke what others hold.',
    absence: 'There is no user of this id. List the users to find it.',
    effect: 'changes',
    reveals: false,
    summary: 'Revoke all that a user holds, and say how many there were; with dryRun, say so and change nothing',
    input: { path: z.strictObject({ id }), query: z.strictObject({ dryRun: flag.optional() }) },
    output: z.strictObject({
      tokens: z.int(),
      dryRun: z.boolean(),
      /** How long any server may go on accepting one of them. */
      revocation: z.strictObject({ boundMs: z.int(), staleMsMax: z.int() }),
    }),
  },
} as const satisfies Operations;
