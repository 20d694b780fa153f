import { beforeEach, describe, expect, test } from 'vitest';
import { parseTenantName, parseTenantOrigin } from '#domain/tenant.ts';
import { type Core, openCore } from '#support/core.ts';
import { type Home, originFor, tenantAt } from './at.ts';
import { createTenant } from './create.ts';
import { listTenants } from './list.ts';
import { nameAlias, nameOrigin } from './name.ts';

const HOME = 'https://tokens.example.com';
const ACME = parseTenantName('acme');
const OTHER = parseTenantName('other');

let core: Core;
let home: Home;
beforeEach(async () => {
  core = await openCore();
  home = { tenant: core.tenant, origin: HOME };
  await createTenant(core.deps, home, { name: ACME, origins: [parseTenantOrigin('https://acme.example')] });
  await createTenant(core.deps, home, { name: OTHER, origins: [] });
});

const origin = (name: typeof ACME, url: string, removed = false) =>
  nameOrigin(core.deps, home, name, { origin: parseTenantOrigin(url), removed });
const alias = (name: typeof ACME, other: string, removed = false) =>
  nameAlias(core.deps, home, name, { alias: parseTenantName(other), removed });
const shown = async () =>
  (await listTenants(core.deps, home)).map(({ name, origins, aliases }) => [name, origins, aliases]);

test('a tenant is made with a key of its own, by the operator, and nobody in it', async () => {
  const [acme] = await core.rows(`select id from tenant where name = 'acme'`);
  expect(await core.rows('select tenant from wrapped_key where tenant = ?', String(acme?.id))).toHaveLength(1);
  expect(await core.rows('select id from principal')).toEqual([]);
  expect((await core.audit()).at(0)).toMatchObject({
    ...{ action: 'tenant:Create', resource: `tenant/${acme?.id}`, principalKind: 'operator', tenant: core.tenant.id },
  });
});

describe('an address belongs to one tenant', () => {
  test.each([
    ['https://acme.example', 'the same'],
    ['http://acme.example', 'what a request could not be told from'],
    ['http://acme.example:443', 'nor from that'],
    [HOME, 'the server’s own'],
    ['http://tokens.example.com:443', 'nor from that of the server'],
  ])('%s is not another’s besides: %s', async (url) => {
    const before = await shown();
    await expect(origin(OTHER, url)).rejects.toMatchObject({ code: 'conflict' });
    const name = parseTenantName('third');
    const wanted = { name, origins: [parseTenantOrigin('https://third.example'), parseTenantOrigin(url)] };
    await expect(createTenant(core.deps, home, wanted)).rejects.toMatchObject({ code: 'conflict' });
    expect(await shown()).toEqual(before);
  });

  test('until it is taken from that one', async () => {
    await origin(ACME, 'https://acme.example', true);
    await origin(OTHER, 'https://acme.example');
    expect((await tenantAt(core.deps, home, 'acme.example')).tenant.name).toBe('other');
    await expect(origin(ACME, 'https://acme.example', true)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('and a tenant may have several; its links begin with the first', async () => {
    await origin(ACME, 'http://acme.example');
    await origin(ACME, 'https://acme.example');
    await origin(ACME, 'https://aaa.example');
    const { tenant } = await tenantAt(core.deps, home, 'acme.example');
    expect(await originFor(core.deps, home, tenant)).toBe('http://acme.example');
  });

  test('without any there are no links: it says what to do', async () => {
    const [, , other] = await core.deps.store.tenants.list();
    if (other === undefined) throw new Error('there are three');
    await expect(originFor(core.deps, home, other)).rejects.toMatchObject({
      message: expect.stringContaining('countersign tenants origin other URL'),
    });
  });

  test('the server’s own tenant can have further ones, beside that which is set', async () => {
    await origin(core.tenant.name, 'https://old.example.com');
    expect(await tenantAt(core.deps, home, 'old.example.com')).toEqual({
      ...{ tenant: core.tenant, origin: 'https://old.example.com' },
    });
    expect(await tenantAt(core.deps, home, 'tokens.example.com')).toEqual(home);
    expect(await originFor(core.deps, home, core.tenant)).toBe(HOME);
  });
});

describe('names and aliases are one space', () => {
  test.each(['acme', 'other', 'default', 'acme-old'])('%s cannot be had twice', async (taken) => {
    await alias(ACME, 'acme-old');
    await expect(alias(OTHER, taken)).rejects.toMatchObject({ code: 'conflict' });
    const wanted = { name: parseTenantName(taken), origins: [] };
    await expect(createTenant(core.deps, home, wanted)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('an alias is taken away, and free again; given twice it is there once', async () => {
    await alias(ACME, 'acme-old');
    await alias(ACME, 'acme-old');
    expect(await shown()).toEqual([
      ['acme', ['https://acme.example'], ['acme-old']],
      ['default', [HOME], []],
      ['other', [], []],
    ]);
    await alias(ACME, 'acme-old', true);
    await expect(alias(ACME, 'acme-old', true)).rejects.toMatchObject({ code: 'conflict' });
    await alias(OTHER, 'acme-old');
  });

  test('an operator may speak of a tenant by either', async () => {
    await alias(ACME, 'acme-old');
    await origin(parseTenantName('acme-old'), 'https://more.example');
    expect((await tenantAt(core.deps, home, 'more.example')).tenant.name).toBe('acme');
  });
});
