import * as z from 'zod';
import type { Operations } from '../operation.ts';

/** How the two endpoints know who asks: with a token as a Bearer, or as the password of HTTP Basic, whatever the name. */
const METHODS = z.array(z.enum(['Bearer', 'client_secret_basic']));

export const AUTHORIZATION_SERVER_OPERATIONS = {
  ownGetAuthorizationServer: {
    surface: 'own',
    method: 'GET',
    path: '/.well-known/oauth-authorization-server',
    access: 'public',
    action: 'none',
    effect: 'reads',
    reveals: false,
    summary: 'Where tokens of this server are introspected and revoked, and by which keys JWTs verify (RFC 8414)',
    input: {},
    output: z.strictObject({
      issuer: z.string(),
      jwks_uri: z.string(),
      introspection_endpoint: z.string(),
      introspection_endpoint_auth_methods_supported: METHODS,
      revocation_endpoint: z.string(),
      revocation_endpoint_auth_methods_supported: METHODS,
      response_types_supported: z.array(z.string()),
      grant_types_supported: z.array(z.string()),
    }),
  },
} as const satisfies Operations;
