import { beforeEach, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { METRICS } from './scraped.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});

test('without a credential, and with one that is no good, nothing is told but what is taken', async () => {
  const bare = await world.send(METRICS);
  const bad = await world.send({ ...METRICS, token: new Sensitive('tfy_pat_of-no-known-form') });
  expect([bare.status, bad.status]).toEqual([401, 401]);
  expect(bare.headers['www-authenticate']).toBe('Bearer');
  expect(bad.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  expect(bare.text + bad.text).not.toContain('countersign_');
});

test('who may not read them is denied on the record, as with anything else', async () => {
  const { caller, token } = await world.person('member', 'tenant-member');
  const before = (await world.audit()).length;
  const { status, text } = await world.send({ ...METRICS, token });
  expect({ status, body: JSON.parse(text) }).toEqual({
    status: 403,
    body: { statusCode: 403, code: 'forbidden', message: 'This needs metrics:Read.' },
  });
  expect((await world.audit()).slice(before)).toMatchObject([
    { action: 'metrics:Read', resource: 'metrics/', decision: 'denied', principal: caller.principal.id },
  ]);
});

test('a look writes nothing, and a token that is revoked ends it at once', async () => {
  const { token } = await world.person('admin', 'tenant-admin');
  const before = await world.audit();
  expect((await world.send({ ...METRICS, token })).status).toBe(200);
  expect(await world.audit()).toEqual(before);
  await world.send({ method: 'DELETE', path: '/api/svc/v1/personal-access-tokens/revoke/all', token });
  const [row] = await world.rows('select id from personal_access_token');
  await world.send({ method: 'DELETE', path: `/api/svc/v1/personal-access-tokens/${row?.id}`, token });
  expect((await world.send({ ...METRICS, token })).status).toBe(401);
});

test('a session of our own pages reads them; one that a page elsewhere makes a browser send does not', async () => {
  const headers = await world.browserOf(await world.user('admin', 'tenant-admin'));
  expect((await world.send({ ...METRICS, headers })).status).toBe(200);
  const elsewhere = { ...headers, 'sec-fetch-site': 'cross-site' };
  expect((await world.send({ ...METRICS, headers: elsewhere })).status).toBe(401);
});

test('what Prometheus sends is answered as it reads it, whatever else it would take', async () => {
  const { token } = await world.person('admin', 'tenant-admin');
  const headers = {
    accept: 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1',
    ...{ 'accept-encoding': 'gzip', 'user-agent': 'Prometheus/3.4.0', 'x-prometheus-scrape-timeout-seconds': '10' },
  };
  const answer = await world.send({ ...METRICS, token, headers });
  expect(answer).toMatchObject({
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
  });
  expect(answer.headers['content-encoding']).toBeUndefined();
});

test('they are of all tenants, so that no right in another than the server’s own is one to them', async () => {
  const other = await secondTenant(world);
  const { token } = await other.person('admin', 'tenant-admin');
  const { status, text } = await world.send({ ...METRICS, token });
  expect({ status, body: JSON.parse(text) }).toEqual({
    status: 403,
    body: { statusCode: 403, code: 'forbidden', message: 'This needs metrics:Read.' },
  });
  expect((await world.audit()).at(-1)).toMatchObject({ action: 'metrics:Read', tenant: other.tenant.id });
});
