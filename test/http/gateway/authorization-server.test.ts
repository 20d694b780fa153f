import { expect, test } from 'vitest';
import { ISSUER } from '#support/core.ts';
import { openWorld } from '#support/world.ts';
import { saidIn } from '../asked.ts';

test('what a gateway looks for is told to anybody, as RFC 8414 writes it, under the issuer that tokens name', async () => {
  const world = await openWorld();
  const answer = await world.send({ method: 'GET', path: '/.well-known/oauth-authorization-server' });
  expect(saidIn(answer)).toEqual({
    status: 200,
    body: {
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      introspection_endpoint: `${ISSUER}/oauth2/introspect`,
      introspection_endpoint_auth_methods_supported: ['Bearer', 'client_secret_basic'],
      revocation_endpoint: `${ISSUER}/oauth2/revoke`,
      revocation_endpoint_auth_methods_supported: ['Bearer', 'client_secret_basic'],
      response_types_supported: [],
      grant_types_supported: [],
    },
  });
});

test('every address in it is one that is served', async () => {
  const world = await openWorld();
  const { body } = saidIn(await world.send({ method: 'GET', path: '/.well-known/oauth-authorization-server' }));
  const served = async (url: string, method: string) =>
    (await world.send({ method, path: url.replace(ISSUER, '') })).status;
  expect(await served(body.jwks_uri, 'GET')).toBe(200);
  for (const one of [body.introspection_endpoint, body.revocation_endpoint])
    expect(await served(one, 'POST')).toBe(401);
});

test('no OpenID provider is pretended to', async () => {
  const world = await openWorld();
  expect((await world.send({ method: 'GET', path: '/.well-known/openid-configuration' })).status).toBe(404);
});
