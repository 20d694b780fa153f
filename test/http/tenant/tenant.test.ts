import { expect, test } from 'vitest';
import { openWorld } from '#support/world.ts';

test.each(['', '?hostName=tfy.example.com', '?hostName=127.0.0.1%3A7080', '?hostName='])(
  'the tenant is told to anybody, whatever host they ask for (%s), and never taken from what they send',
  async (query) => {
    const { send, origin } = await openWorld();
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example' };
    const { status, text } = await send({ method: 'GET', path: `/api/svc/v1/tenant-id${query}`, headers });
    expect({ status, body: JSON.parse(text) }).toEqual({
      status: 200,
      body: { tenantName: 'default', tenant_name: 'default', auth_server_url: origin },
    });
  },
);

test('no version of the public command line is turned away, and it signs in here', async () => {
  const { send } = await openWorld();
  const { status, text } = await send({ method: 'GET', path: '/api/svc/v1/min-cli-version' });
  expect({ status, body: JSON.parse(text) }).toEqual({
    status: 200,
    body: {
      ...{ minVersion: '0.0.1', truefoundryCliMinVersion: '0.0.1' },
      ...{ useSFYServerAuthAPIs: true, pythonBuildDefaultImageTag: '3.11' },
    },
  });
});

test('who the tenant is and that the process lives is said without its database', async () => {
  const world = await openWorld();
  await world.deps.store.close();
  const paths = ['/api/svc/v1/health', '/api/svc/v1/tenant-id', '/api/svc/v1/min-cli-version', '/health'];
  for (const path of paths) expect((await world.send({ method: 'GET', path })).status).toBe(200);
});
