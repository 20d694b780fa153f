import { beforeEach, expect, test } from 'vitest';
import { disableTenant, enableTenant } from '#app/tenant/disable.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseTenantName } from '#domain/tenant.ts';
import { AT_ACME, PASSWORDS, type TwoTenants, twoTenants } from './two-tenants.ts';

const ACME = parseTenantName('acme');

let world: TwoTenants;
let token: Sensitive;
let cookie: string;
beforeEach(async () => {
  world = await twoTenants();
  ({ cookie } = await world.signIn(PASSWORDS.acme, AT_ACME));
  token = await world.tokenOfAcme();
});

const standing = async () => {
  const byToken = await world.send({ method: 'GET', path: '/api/v1/whoami', token });
  const { status } = await world.whoami(cookie, AT_ACME);
  const tenantId = await world.send({ method: 'GET', path: '/api/svc/v1/tenant-id', headers: AT_ACME });
  const signIn = await world.signIn(PASSWORDS.acme, AT_ACME);
  return { token: byToken.status, session: status, tenantId: tenantId.status, signIn: signIn.status };
};
const IN = { token: 200, session: 200, tenantId: 200, signIn: 200 };
const OUT = { token: 401, session: 401, tenantId: 421, signIn: 421 };

test('nobody of a disabled tenant is let in, from that moment on; once it is enabled, all is as it was', async () => {
  expect(await standing()).toEqual(IN);
  await disableTenant(world.deps, world.home, ACME);
  expect(await standing()).toEqual(OUT);
  expect((await world.signIn(PASSWORDS.default)).status).toBe(200);
  await enableTenant(world.deps, world.home, ACME);
  expect(await standing()).toEqual(IN);
});

test('that it was done stands in the audit as the operator’s, on the tenant', async () => {
  await disableTenant(world.deps, world.home, ACME);
  await enableTenant(world.deps, world.home, ACME);
  const resource = `tenant/${world.acme.id}`;
  const by = { principalKind: 'operator', surface: 'operator', tenant: world.tenant.id, resource, decision: 'allowed' };
  expect((await world.audit()).slice(-2)).toMatchObject([
    { ...by, action: 'tenant:Disable' },
    { ...by, action: 'tenant:Enable' },
  ]);
});

test('the server’s own tenant is not disabled, and one that is not there is told by its name', async () => {
  await expect(disableTenant(world.deps, world.home, world.tenant.name)).rejects.toMatchObject({ code: 'conflict' });
  await expect(disableTenant(world.deps, world.home, parseTenantName('nobody'))).rejects.toMatchObject({
    ...{
      code: 'not_found',
      message: 'There is no tenant nobody. To see those that there are: countersign tenants list',
    },
  });
  expect((await world.audit()).at(-1)).toMatchObject({ action: 'tenant:Disable', decision: 'denied' });
});
