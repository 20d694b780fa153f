import { expect, test } from 'vitest';
import { openWorld } from '#support/world.ts';

test('the session says who the caller is in the words that the public command line reads', async () => {
  const world = await openWorld();
  const { caller, token } = await world.person('alice', 'tenant-member');
  const { id } = caller.principal;
  const user = {
    ...{ id, email: 'alice@example.com', tenantName: 'default', subjectSlug: 'alice@example.com' },
    subject: {
      ...{ subjectId: id, subjectType: 'user', subjectSlug: 'alice@example.com' },
      ...{ subjectDisplayName: 'alice@example.com', subjectPatName: 'first' },
    },
    metadata: {},
  };
  const rest = {
    tenantInfo: { tenantName: 'default' },
    env: { TENANT_NAME: 'default', LLM_GATEWAY_URL: '/api/llm' },
  };
  const path = '/api/svc/v1/session';
  const asked = async (query: string) =>
    JSON.parse((await world.send({ method: 'GET', path: path + query, token })).text);
  expect(await asked('')).toEqual({ user, ...rest });
  expect(await asked('?hostName=x.example&tenantName=&includeTenantInfo=true')).toEqual({ user, ...rest });
  const byCookie = await world.send({ method: 'GET', path, headers: await world.browserOf(caller) });
  const { subjectPatName: _, ...subject } = user.subject;
  expect(JSON.parse(byCookie.text)).toEqual({ user: { ...user, subject }, ...rest });
});
