import type { RequestListener } from 'node:http';

/** The package brings no types; this much of it is used. */
type Made = { callback(): RequestListener };
type Construct = new (issuer: string, configuration: object) => Made;
const NAME: string = 'oidc-provider';
const { Provider } = (await import(NAME)) as { Provider: Construct };

type Wanted = {
  readonly jwk: object & { readonly alg: string };
  readonly audience: string;
  readonly client: { readonly client_id: string; readonly client_secret: string };
};

/** A certified authorization server that gives one client access tokens as JWTs for one audience (RFC 9068). */
export function oidcProvider({ jwk, audience, client }: Wanted): RequestListener {
  const accessToken = {
    audience,
    scope: '',
    accessTokenFormat: 'jwt',
    accessTokenTTL: 600,
    jwt: { sign: { alg: jwk.alg } },
  };
  return new Provider('https://issuer.example', {
    jwks: { keys: [jwk] },
    clients: [
      {
        ...client,
        ...{ grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
        ...{ token_endpoint_auth_method: 'client_secret_post', id_token_signed_response_alg: jwk.alg },
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: { enabled: true, defaultResource: () => audience, getResourceServerInfo: () => accessToken },
    },
  }).callback();
}
