import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { OAuth2Server } from 'oauth2-mock-server';
import { onTestFinished } from 'vitest';
import { listening } from './listening.ts';
import { oidcProvider } from './oidc-provider.ts';

/* Real issuers of other people's making, until the test is over. */

/** One whose tokens say whatever is wanted. */
export async function mockServer(alg = 'RS256') {
  const server = new OAuth2Server();
  await server.issuer.keys.generate(alg);
  await server.start(0, '127.0.0.1');
  onTestFinished(() => server.stop());
  const jwksUri = `http://127.0.0.1:${server.address().port}/jwks`;
  const token = (claims: object, header: object = {}) =>
    server.issuer.buildToken({
      scopesOrTransform: (ownHeader, payload) => {
        Object.assign(ownHeader, header);
        Object.assign(
          payload,
          { iss: 'https://issuer.example', aud: 'https://countersign.example', sub: 'svc' },
          claims,
        );
      },
    });
  return { server, jwksUri, token };
}

const CLIENT = { client_id: 'build-7', client_secret: 's3cret' };
const ecPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** An access token that the certified one has granted to its client, and where its keys are. */
export async function granted(alg: string, audience = 'https://countersign.example') {
  const pair = alg === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2_048 }) : ecPair();
  const jwk = { ...pair.privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: 'one' };
  const { port } = await listening(createServer(oidcProvider({ jwk, audience, client: CLIENT })));
  const answer = await fetch(`http://127.0.0.1:${port}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', ...CLIENT }),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  return { token: access_token, jwksUri: `http://127.0.0.1:${port}/jwks` };
}
