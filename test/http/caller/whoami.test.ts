import { expect, test } from 'vitest';
import { compile, tenantWide } from '#domain/rights.ts';
import { builtIn } from '#domain/role.ts';
import { VERSION } from '#main/version.ts';
import { openWorld } from '#support/world.ts';

test('the id of the token that whoami tells is the one that its operations take', async () => {
  const world = await openWorld();
  const { caller } = await world.person('alice', 'tenant-member');
  const token = await world.pat(caller, 'deploy');
  const { credential } = JSON.parse((await world.send({ method: 'GET', path: '/api/v1/whoami', token })).text);
  const { status, text } = await world.send({ method: 'GET', path: `/api/v1/tokens/${credential.id}`, token });
  expect([status, JSON.parse(text).token.name]).toEqual([200, 'deploy']);
  expect(credential.valueId).not.toBe(credential.id);
});

test('whoami says who asks, by which credential until when, and what they may', async () => {
  const world = await openWorld();
  const { caller } = await world.person('alice', 'tenant-member');
  const token = await world.pat(caller, 'deploy', Date.UTC(2026, 7, 1));
  const whoami = { method: 'GET', path: '/api/v1/whoami' };
  const who = {
    principal: { id: caller.principal.id, kind: 'user', name: 'alice@example.com' },
    tenant: { id: world.tenant.id, name: 'default' },
    rights: { roles: ['tenant-member'], actions: compile(tenantWide(builtIn('tenant-member'))).listed },
    server: { version: VERSION },
  };
  const id = expect.stringMatching(/^[a-z][a-z0-9]{23}$/);
  const preview = `${token.reveal().slice(0, 12)}…${token.reveal().slice(-4)}`;
  expect(JSON.parse((await world.send({ ...whoami, token })).text)).toEqual({
    ...who,
    credential: { kind: 'token', id, valueId: id, name: 'deploy', preview, expiresAt: '2026-08-01T00:00:00.000Z' },
    surface: 'rest',
  });
  expect(JSON.parse((await world.send({ ...whoami, headers: await world.browserOf(caller) })).text)).toEqual({
    ...who,
    credential: { kind: 'session', id, expiresAt: '2026-01-15T22:00:00.000Z' },
    surface: 'browser',
  });
});
