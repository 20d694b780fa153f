import * as z from 'zod';
import { documentedAs, email } from '../documented.ts';
import type { Operations } from '../operation.ts';

const BASE = '/api/svc/v1/users';
const MAY_NOT = 'Only a tenant admin can manage users.';

export const USER_OPERATIONS = {
  wireRegisterUser: {
    surface: 'wire',
    method: 'POST',
    path: `${BASE}/register`,
    access: 'caller',
    action: 'user:ManageUsers',
    existence: 'tell',
    denial: MAY_NOT,
    effect: 'changes',
    reveals: false,
    summary: 'Register a user, who can sign in once invited',
    input: {
      body: z.object({
        email,
        sendInviteEmail: documentedAs(z.boolean(), { const: false }).optional(), // there is no mail yet
        skipIfUserExists: z.boolean().optional(),
        dryRun: z.boolean().optional(),
        acceptInviteClientURL: z.string().optional(),
      }),
    },
    output: z.object({}),
  },
  wireInviteUser: {
    surface: 'wire',
    method: 'POST',
    path: `${BASE}/invite`,
    access: 'caller',
    action: 'user:ManageUsers',
    existence: 'tell',
    denial: MAY_NOT,
    absence: 'There is no user with this e-mail address. Register them first.',
    effect: 'mints',
    reveals: true,
    summary: 'A link, good once and for three days, by which a user sets a password',
    input: { body: z.object({ email, acceptInviteClientUrl: z.string() }) },
    output: z.object({ link: z.string() }),
  },
} as const satisfies Operations;
