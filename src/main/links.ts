import { linkTo } from '#api/link.ts';
import type { Deps } from '#app/deps.ts';
import { issueSetUpCode, linkIssuer } from '#app/set-up/link.ts';
import { type Home, originFor } from '#app/tenant/at.ts';
import { absent } from '#app/tenant/named.ts';
import { issuePasswordCode } from '#app/user/invite.ts';
import { type Email, parseEmail } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { parseTenantName, type Tenant } from '#domain/tenant.ts';

/** By which the first administrator of a tenant is made. It begins with an address of theirs, so there must be one. */
export async function setUpLink(deps: Deps, home: Home, tenant: Tenant, by: 'setup' | 'operator'): Promise<string> {
  const origin = await originFor(deps, home, tenant);
  return linkTo(origin, '/set-up', await issueSetUpCode(deps, linkIssuer(tenant, by)));
}

/** By which somebody of a tenant sets another password. */
export async function passwordLink(deps: Deps, home: Home, tenant: Tenant, email: string): Promise<string> {
  const origin = await originFor(deps, home, tenant);
  return linkTo(origin, '/invitation', await passwordCode(deps, tenant, parseEmail(email)));
}

const passwordCode = (deps: Deps, tenant: Tenant, email: Email) =>
  issuePasswordCode(deps, tenant, email).catch((error: unknown) => {
    if (!(error instanceof Refusal) || error.code !== 'not_found') throw error;
    throw new Refusal('not_found', 'There is no user with this e-mail address.');
  });

/** Of which an operator speaks: the server's own where they name none. */
export async function tenantNamed({ store }: Pick<Deps, 'store'>, home: Home, name = ''): Promise<Tenant> {
  if (name === '') return home.tenant;
  const parsed = parseTenantName(name);
  const found = await store.tenants.byNameOrAlias(parsed);
  if (found === undefined) throw absent(parsed);
  if (found.disabledAt !== undefined) throw isDisabled(found);
  return { id: found.id, name: found.name };
}

const isDisabled = ({ name }: Tenant): Refusal =>
  new Refusal('conflict', `The tenant ${name} is disabled. First: countersign tenants enable ${name}`);
