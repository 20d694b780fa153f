import * as z from 'zod';
import type { Operations } from '../operation.ts';

const KEY_SET = {
  method: 'GET',
  access: 'public',
  action: 'none',
  effect: 'reads',
  reveals: false,
  summary: 'The public keys that JWTs of this server are signed with (RFC 7517); revocation is not theirs to tell',
  input: {},
  output: z.strictObject({
    keys: z.array(
      z.strictObject({
        kid: z.string(),
        kty: z.literal('RSA'),
        use: z.literal('sig'),
        alg: z.literal('RS256'),
        n: z.string(),
        e: z.string(),
      }),
    ),
  }),
} as const;

export const SIGNING_KEY_OPERATIONS = {
  ownGetKeySet: { ...KEY_SET, surface: 'own', path: '/.well-known/jwks.json' },
  wireGetKeySet: { ...KEY_SET, surface: 'wire', path: '/api/svc/v1/keys/jwks' },
} as const satisfies Operations;
