import { expect, test } from 'vitest';
import { openWorld } from '#support/world.ts';

test.each([
  { query: '?limit=1', page: { offset: 0, limit: 1 } }, // the preflight of every public skill
  { query: '?clusterId=c&workspaceName=w&workspaceFqn=c%3Aw&fqn=c%3Aw', page: { offset: 0, limit: 100 } },
  { query: '?limit=10&offset=5&name=w&includeCluster=true&attributes=id%2Cname', page: { offset: 5, limit: 10 } },
])('there are none, and the page asked for says so ($query)', async ({ query, page }) => {
  const world = await openWorld();
  const { token } = await world.person('alice', 'tenant-member');
  const { status, text } = await world.send({ method: 'GET', path: `/api/svc/v1/workspaces${query}`, token });
  expect({ status, body: JSON.parse(text) }).toEqual({
    status: 200,
    body: { data: [], pagination: { total: 0, ...page } },
  });
});
