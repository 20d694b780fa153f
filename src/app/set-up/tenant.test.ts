import { beforeEach, expect, test } from 'vitest';
import { parseTenantName } from '#domain/tenant.ts';
import { type Core, openCore } from '#support/core.ts';
import { setUpTenant } from './tenant.ts';

let core: Core;
beforeEach(async () => {
  core = await openCore();
});

const traces = async () => [
  await core.rows('select id from tenant'),
  await core.rows('select id from wrapped_key'),
  await core.audit(),
];

test('a data folder without a tenant gets one, with a key of its own; the same name finds it again', async () => {
  await core.tamper('delete from tenant');
  const keys = (await core.rows('select id from wrapped_key')).length;
  const tenant = await setUpTenant(core.deps, parseTenantName('acme'));
  expect(await setUpTenant(core.deps, parseTenantName('acme'))).toEqual(tenant);
  expect(await core.rows('select id, name from tenant')).toEqual([{ id: tenant.id, name: 'acme' }]);
  expect(await core.rows('select id from wrapped_key')).toHaveLength(keys + 1);
  expect(await core.audit()).toMatchObject([{ action: 'tenant:SetUp', resource: `tenant/${tenant.id}` }]);
});

/** A typing error once made a second tenant, with a set-up link for it on the terminal. */
test('another name than the one there is, is a refusal that names it, and makes nothing', async () => {
  const before = await traces();
  await expect(setUpTenant(core.deps, parseTenantName('defualt'))).rejects.toMatchObject({
    code: 'conflict',
    message: 'There is no tenant defualt in this data folder; there is default. Set COUNTERSIGN_TENANT to it.',
  });
  expect(await traces()).toEqual(before);
});
