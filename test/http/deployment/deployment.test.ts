import { beforeEach, describe, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { asking } from '../asked.ts';
import { post } from '../provoked.ts';

const API = '/api/svc/v1';
const LISTS = ['clusters', 'apps'];
const ORDERS = [
  ...['deployment', 'deployment/code-upload-url', 'jobs/trigger', 'jobs/terminate'],
  'mcp-servers/openapi-spec-upload-url',
];

let world: World;
let alice: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  alice = asking(world, (await world.person('alice', 'tenant-member')).token);
});

describe.each(LISTS)('a list of %s', (list) => {
  test.each([
    { query: '', page: { offset: 0, limit: 100 } },
    { query: '?limit=10&offset=20', page: { offset: 20, limit: 10 } },
    { query: '?clusterId=c&workspaceFqn=c%3Aw&fqn=c%3Aw&applicationName=a', page: { offset: 0, limit: 100 } },
  ])('is empty, and the page asked for says so ($query)', async ({ query, page }) => {
    expect(await alice.ask({ method: 'GET', path: `${API}/${list}${query}` })).toEqual({
      status: 200,
      body: { data: [], pagination: { total: 0, ...page } },
    });
  });
});

test.each([
  ['clusters/a-cluster', 'There is no such cluster: nothing is deployed from this server.'],
  ['clusters/a%2Fb', 'There is no such cluster: nothing is deployed from this server.'],
  ['fqn/workspace?fqn=cluster-a%3Adev', 'There is nothing of this FQN: nothing is deployed from this server.'],
  ['fqn/app', 'There is nothing of this FQN: nothing is deployed from this server.'],
])('%s is not there, in words', async (path, message) => {
  expect(await alice.ask({ method: 'GET', path: `${API}/${path}` })).toEqual({
    status: 404,
    body: { statusCode: 404, code: 'not_found', message },
  });
});

test.each(ORDERS)(
  'an order to %s is refused in words, with whatever body, and is never taken and forgotten',
  async (path) => {
    const refused = {
      status: 422,
      body: {
        ...{ statusCode: 422, code: 'unprocessable' },
        message: 'No deployment target is configured. This server keeps credentials and deploys nothing.',
      },
    };
    const manifest = { manifest: { type: 'service', name: 'x', env: { KEY: 'tfy-secret://a:b:c' } }, workspaceId: 'w' };
    const before = (await world.audit()).length;
    for (const body of [{}, manifest, { __proto__: null, dryRun: true }]) {
      expect(await alice.ask(post(`${API}/${path}`, body))).toEqual(refused);
    }
    expect(await alice.ask({ method: 'POST', path: `${API}/${path}` })).toEqual(refused);
    expect(await world.audit()).toHaveLength(before);
  },
);

test.each([...LISTS, 'clusters/x', 'fqn/app', ...ORDERS])('%s says nothing to a stranger', async (path) => {
  const method = ORDERS.includes(path) ? 'POST' : 'GET';
  const { status, headers } = await world.send({ method, path: `${API}/${path}` });
  expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
});
