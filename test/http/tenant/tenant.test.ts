import { expect, test } from 'vitest';
import { openWorld } from '#support/world.ts';

const TENANT_ID = '/api/svc/v1/tenant-id';

test('the tenant is told to anybody who comes to its address, or names it', async () => {
  const { send, origin } = await openWorld();
  const { host, port } = new URL(origin);
  for (const asked of [host, origin, `${origin}/`, `localhost:${port}`, `[::1]:${port}`, '']) {
    const { status, text } = await send({
      method: 'GET',
      path: `${TENANT_ID}?hostName=${encodeURIComponent(asked)}`,
    });
    expect({ asked, status, body: JSON.parse(text) }).toEqual({
      ...{ asked, status: 200 },
      body: { tenantName: 'default', tenant_name: 'default', auth_server_url: origin },
    });
  }
});

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
  const paths = ['/api/svc/v1/health', TENANT_ID, '/api/svc/v1/min-cli-version', '/health'];
  for (const path of paths) expect((await world.send({ method: 'GET', path })).status).toBe(200);
});
