import { ENTRANCES } from '#contract/entrances.ts';
import { OPERATIONS } from '#contract/operations.ts';
import type { AUTHORIZATION_SERVER_OPERATIONS } from '#contract/own/authorization-server.ts';
import type { Api, Handlers } from '../handler.ts';

const { introspect, revoke } = ENTRANCES;
const METHODS: readonly ('Bearer' | 'client_secret_basic')[] = ['Bearer', 'client_secret_basic'];

/** Nothing is authorized here yet: tokens are created by people and programs, and no grant leads to one. */
export const authorizationServerHandlers: Handlers<typeof AUTHORIZATION_SERVER_OPERATIONS> = {
  ownGetAuthorizationServer: async ({ issuer }: Api) => ({
    issuer: issuer(),
    jwks_uri: issuer() + OPERATIONS.ownGetKeySet.path,
    introspection_endpoint: issuer() + introspect.path,
    introspection_endpoint_auth_methods_supported: [...METHODS],
    revocation_endpoint: issuer() + revoke.path,
    revocation_endpoint_auth_methods_supported: [...METHODS],
    response_types_supported: [],
    grant_types_supported: [],
  }),
};
