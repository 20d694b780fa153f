import type { Deps } from '#app/deps.ts';
import type { Home } from '#app/tenant/at.ts';
import { createTenant } from '#app/tenant/create.ts';
import { disableTenant, enableTenant } from '#app/tenant/disable.ts';
import { listTenants } from '#app/tenant/list.ts';
import { nameAlias, nameOrigin } from '#app/tenant/name.ts';
import { parseTenantName, parseTenantOrigin } from '#domain/tenant.ts';
import { type Control, REMOVE, wordsIn } from './control.ts';
import { setUpLink } from './links.ts';

type TenantsControl = Pick<Control, Extract<keyof Control, `tenants${string}`>>;

/** What an operator may do to tenants; `home` is asked each time, as where we are reached is known once we listen. */
export const tenantsControl = (deps: Deps, home: () => Home): TenantsControl => ({
  tenants: async () => JSON.stringify(await listTenants(deps, home())),
  'tenants-create': async (said) => {
    const [name = '', ...urls] = wordsIn(said);
    const wanted = { name: parseTenantName(name), origins: urls.map(parseTenantOrigin) };
    const tenant = await createTenant(deps, home(), wanted);
    if (urls.length === 0) return withoutOrigin(name);
    const link = await setUpLink(deps, home(), tenant, 'operator');
    return `The tenant ${name} is there. To make its administrator, within 15 minutes: ${link}`;
  },
  'tenants-disable': async (name) => {
    await disableTenant(deps, home(), parseTenantName(name));
    return `The tenant ${name} is disabled: nobody of it is let in. Everything of it stays.`;
  },
  'tenants-enable': async (name) => {
    await enableTenant(deps, home(), parseTenantName(name));
    return `The tenant ${name} is enabled.`;
  },
  'tenants-origin': async (said) => {
    const [name = '', url = '', flag] = wordsIn(said);
    const origin = parseTenantOrigin(url);
    const removed = flag === REMOVE;
    await nameOrigin(deps, home(), parseTenantName(name), { origin, removed });
    return removed ? `${origin} is no address of ${name} any more.` : `${origin} is an address of ${name}.`;
  },
  'tenants-alias': async (said) => {
    const [name = '', other = '', flag] = wordsIn(said);
    const alias = parseTenantName(other);
    const removed = flag === REMOVE;
    await nameAlias(deps, home(), parseTenantName(name), { alias, removed });
    return removed ? `${alias} is no alias of ${name} any more.` : `${alias} is an alias of ${name}.`;
  },
});

const withoutOrigin = (name: string): string =>
  [
    `The tenant ${name} is there, and nobody can reach it yet. Say under which address, and make its administrator:`,
    `  countersign tenants origin ${name} URL`,
    `  countersign setup-link --tenant ${name}`,
  ].join('\n');
