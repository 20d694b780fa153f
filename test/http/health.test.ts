import { expect, test } from 'vitest';
import { openWorld } from '#support/world.ts';

test('health is told to anybody, as the proxies of the public product tell it and as JSON', async () => {
  const { send } = await openWorld();
  expect(await send({ method: 'GET', path: '/health' })).toMatchObject({ status: 200, text: 'OK!' });
  expect(await send({ method: 'GET', path: '/api/svc/v1/health' })).toMatchObject({
    status: 200,
    text: '{"status":"ok"}',
  });
});
