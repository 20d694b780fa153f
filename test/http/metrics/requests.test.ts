import { beforeEach, expect, test } from 'vitest';
import type { Sensitive } from '#domain/sensitive.ts';
import { openWorld, type Sent, type World } from '#support/world.ts';
import { PATS, post } from '../provoked.ts';
import { exchanged } from '../raw-socket.ts';
import { grownBy, type Scraped, scraped } from './scraped.ts';

const REQUESTS = 'countersign_requests_total';
const SECONDS = 'countersign_request_duration_seconds';

let world: World;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  ({ token } = await world.person('admin', 'tenant-admin'));
});

/** What two looks tell of what was done between them; the first look itself is in it. */
async function grown(act: () => Promise<unknown>) {
  const before = await scraped(world, token);
  await act();
  const after = await scraped(world, token);
  return { before, after, series: seriesOf(before, after) };
}

/** `operation method status` of each that grew, and by how much. */
function seriesOf(before: Scraped, after: Scraped): Readonly<Record<string, number>> {
  const samples = after.families.get(REQUESTS)?.samples ?? [];
  const grew = samples.map(({ labels }) => {
    const { operation, method, status } = labels;
    return [`${operation} ${method} ${status}`, grownBy(before, after, REQUESTS, labels)] as const;
  });
  return Object.fromEntries(grew.filter(([, by]) => by > 0));
}
const FIRST_LOOK = { 'metrics GET 200': 1 };
const times = async (count: number, sent: Sent) => {
  for (let at = 0; at < count; at += 1) await world.send(sent);
};

test('each answer counts once, under its operation, method and status, however it ends', async () => {
  const { series } = await grown(async () => {
    await times(3, { method: 'GET', path: '/api/v1/whoami', token });
    await times(2, { method: 'GET', path: '/api/v1/whoami' });
    await world.send({ ...post(PATS, { name: 'one' }), token });
    await world.send({ ...post(PATS, { name: 'one' }), token });
    await world.send({ ...post(PATS, { name: 'x'.repeat(70_000) }), token });
    await world.send({ method: 'DELETE', path: `${PATS}/a00000000000000000000000`, token });
    await world.send({ method: 'GET', path: '/health' });
    await world.send({ ...post('/auth/sign-in', { email: 'a@example.com', password: 'no such password' }) });
  });
  expect(series).toEqual({
    ...FIRST_LOOK,
    ...{ 'ownWhoami GET 200': 3, 'ownWhoami GET 401': 2 },
    ...{ 'wireCreatePat POST 200': 1, 'wireCreatePat POST 409': 1, 'wireCreatePat POST 413': 1 },
    ...{ 'wireDeletePat DELETE 404': 1, 'health GET 200': 1, 'signIn POST 403': 1 },
  });
});

test('what leads nowhere is one series for each method that we know, and one for all others, whatever it was called', async () => {
  const { series } = await grown(async () => {
    for (let at = 0; at < 20; at += 1) await world.send({ method: 'GET', path: `/nowhere/${at}?${at}=${at}`, token });
    await times(2, { method: 'GET', path: '/api/%zz' });
    await world.send({ method: 'PUT', path: '/api/v1/whoami', token }); // something is there, but not by this method
    await world.send({ method: 'POST', path: `${PATS}/revoke/all`, token });
    for (const method of ['QUERY', 'PROPFIND', 'M-SEARCH']) await world.send({ method, path: '/nowhere' });
    await exchanged(world.origin, 'this is no HTTP\r\n\r\n');
  });
  expect(series).toEqual({
    ...FIRST_LOOK,
    ...{ 'none GET 404': 20, 'none GET 400': 2, 'none PUT 405': 1, 'none POST 405': 1 },
    ...{ 'none other 404': 3, 'none other 400': 1 },
  });
});

test('every answer of an operation lies in the buckets of its duration, and nothing else does', async () => {
  const { before, after } = await grown(async () => {
    await times(5, { method: 'GET', path: '/api/v1/whoami', token });
    await times(2, { method: 'GET', path: '/api/v1/whoami' });
    await times(4, { method: 'GET', path: '/nowhere' });
  });
  const labels = { operation: 'ownWhoami' };
  expect(grownBy(before, after, `${SECONDS}_count`, labels)).toBe(7);
  expect(grownBy(before, after, `${SECONDS}_bucket`, { ...labels, le: '+Inf' })).toBe(7);
  expect(grownBy(before, after, `${SECONDS}_sum`, labels)).toBe(0); // the clock of this test stands still
  const operations = (after.families.get(SECONDS)?.samples ?? []).map((sample) => sample.labels.operation);
  expect([...new Set(operations)].sort()).toEqual(['metrics', 'ownWhoami']);
});
