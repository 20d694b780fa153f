import { describe, expect, test } from 'vitest';
import { has, needing, usePart } from '#support/parts.ts';
import { openWorld } from '#support/world.ts';
import { linesOf } from '../clients/program.ts';
import { blocksOf } from './commands.ts';

/* What cannot be run here is asked for as each of the two asks, by what stands in the blocks of the page. */

/** The blocks, as JSON: one line for each. */
const reading = (blocks: readonly string[]) => `import json, yaml
for text in json.loads(${JSON.stringify(JSON.stringify(blocks))}):
    print(json.dumps(yaml.safe_load(text)))`;

describe.skipIf(!has('pyjwt'))(needing('pyjwt', 'the blocks for Envoy and Traefik, read as YAML'), () => {
  const read = async () =>
    (await linesOf(
      usePart('pyjwt').python,
      ['-c', reading(blocksOf('yaml', 'docs/gateways.md'))],
      {},
    )) as unknown as readonly [Envoy, Traefik];
  type Pattern = { readonly exact: string };
  type Envoy = {
    static_resources: {
      listeners: readonly [{ filter_chains: readonly [{ filters: readonly [{ typed_config: Manager }] }] }];
      clusters: readonly { name: string }[];
    };
  };
  type Manager = {
    http_filters: readonly [{ typed_config: Authz }];
    route_config: { request_headers_to_remove: readonly string[] };
  };
  type Authz = { failure_mode_allow: boolean; status_on_error: { code: string }; http_service: Service };
  type Service = {
    server_uri: { cluster: string };
    path_prefix: string;
    authorization_request: { headers_to_add: readonly { key: string; value: string }[] };
    authorization_response: { allowed_upstream_headers: { patterns: readonly Pattern[] } };
  };
  type ForwardAuth = {
    address: string;
    trustForwardHeader: boolean;
    authRequestHeaders: readonly string[];
    authResponseHeaders: readonly string[];
  };
  type Traefik = { http: { middlewares: { countersign: { forwardAuth: ForwardAuth } } } };

  test('Envoy: fails closed, asks below our path by the method of the request, and sets every header that we give', async () => {
    const [envoy] = await read();
    const [
      {
        filter_chains: [
          {
            filters: [{ typed_config: manager }],
          },
        ],
      },
    ] = envoy.static_resources.listeners;
    const { failure_mode_allow, status_on_error, http_service } = manager.http_filters[0].typed_config;
    expect([failure_mode_allow, status_on_error.code]).toEqual([false, 'ServiceUnavailable']);
    expect(manager.route_config.request_headers_to_remove).toEqual(['authorization']);
    expect(envoy.static_resources.clusters.map(({ name }) => name)).toContain(http_service.server_uri.cluster);

    const world = await openWorld();
    const { token } = await world.person('alice', 'tenant-member');
    const added = Object.fromEntries(
      http_service.authorization_request.headers_to_add.map(({ key, value }) => [key, value]),
    );
    const headers = { host: 'app.example.com', 'content-length': '0', 'x-forwarded-for': '203.0.113.9', ...added };
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await world.send({ method, path: `${http_service.path_prefix}/app?a=%41`, token, headers });
      expect([method, answer.status]).toEqual([method, 200]);
      expect(setFrom(answer.headers)).toEqual(
        http_service.authorization_response.allowed_upstream_headers.patterns.map(({ exact }) => exact).sort(),
      );
    }
    const nobody = await world.user('nobody');
    const lacking = await world.pat(
      { ...nobody, rights: (await world.user('other', 'tenant-member')).rights },
      'first',
    );
    expect(
      (await world.send({ method: 'POST', path: `${http_service.path_prefix}/app`, token: lacking, headers })).status,
    ).toBe(403);
    expect((await world.send({ method: 'POST', path: `${http_service.path_prefix}/app`, headers })).status).toBe(401);
  });

  test('Traefik: asks by GET with the token alone, and sets every header that we give', async () => {
    const [, traefik] = await read();
    const { address, trustForwardHeader, authRequestHeaders, authResponseHeaders } =
      traefik.http.middlewares.countersign.forwardAuth;
    expect([trustForwardHeader, authRequestHeaders]).toEqual([false, ['Authorization']]);
    const world = await openWorld();
    const { token } = await world.person('alice', 'tenant-member');
    const { pathname, search } = new URL(address);
    const headers = {
      ...{ 'x-forwarded-method': 'POST', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.example.com' },
      ...{ 'x-forwarded-uri': '/app?a=b', 'x-forwarded-for': '203.0.113.9', 'x-forwarded-port': '443' },
    };
    const answer = await world.send({ method: 'GET', path: pathname + search, token, headers });
    expect(answer.status).toBe(200);
    expect(setFrom(answer.headers)).toEqual(authResponseHeaders.map((name) => name.toLowerCase()).sort());
    expect((await world.send({ method: 'GET', path: pathname + search, headers })).status).toBe(401);
  });
});

/** Of the headers of an answer, those that are ours to be set. */
const setFrom = (headers: object): readonly string[] =>
  Object.keys(headers)
    .filter((name) => /^x-(forwarded|tenant|auth)-/.test(name))
    .sort();
