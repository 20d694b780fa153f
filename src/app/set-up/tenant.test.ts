import { beforeEach, expect, test } from 'vitest';
import { parseTenantName } from '#domain/tenant.ts';
import { type Core, openCore } from '#support/core.ts';
import { setUpTenant } from './tenant.ts';

let core: Core;
beforeEach(async () => {
  core = await openCore();
});

const traces = () => [core.rows('select id from tenant'), core.rows('select id from wrapped_key'), core.audit()];

test('a data folder without a tenant gets one, with a key of its own; the same name finds it again', async () => {
  core.tamper('delete from tenant');
  const keys = core.rows('select id from wrapped_key').length;
  const tenant = await setUpTenant(core.deps, parseTenantName('acme'));
  expect(await setUpTenant(core.deps, parseTenantName('acme'))).toEqual(tenant);
  expect(core.rows('select id, name from tenant')).toEqual([{ id: tenant.id, name: 'acme' }]);
  expect(core.rows('select id from wrapped_key')).toHaveLength(keys + 1);
  expect(core.audit()).toMatchObject([{ action: 'tenant:SetUp', resource: `tenant/${tenant.id}` }]);
});

/** A typing error once made a second tenant, with a set-up link for it on the terminal. */
test('another name than the one there is, is a refusal that names it, and makes nothing', async () => {
  const before = traces();
  await expect(setUpTenant(core.deps, parseTenantName('defualt'))).rejects.toMatchObject({
    code: 'conflict',
    message: 'There is no tenant defualt in this data folder; there is default. Set COUNTERSIGN_TENANT to it.',
  });
  expect(traces()).toEqual(before);
});
