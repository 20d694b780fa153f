import { alikeTo, hostsOf, isHostOf, isOnLoopback, originsAt } from '#domain/host.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Tenant, TenantOrigin } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';

/** A tenant, and an origin under which people reach it. */
export type Place = { readonly tenant: Tenant; readonly origin: string };

/** Known without the database: the instance's own tenant, and what the operator's settings say of where it is reached. */
export type Home = Place;

/** Whose address this is. Refused with `misdirected` where it is nobody's, or that of a tenant which is disabled. */
export async function tenantAt({ store }: Pick<Deps, 'store'>, home: Home, host: string | undefined): Promise<Place> {
  if (host === undefined) throw misdirected();
  if (isHostOf(home.origin, host)) return home;
  for (const origin of originsAt(host)) {
    const found = await store.tenants.byOrigin(origin);
    if (found?.disabledAt !== undefined) throw misdirected();
    if (found !== undefined) return { tenant: { id: found.id, name: found.name }, origin };
  }
  if (isOnLoopback(home.origin) && isOnLoopback(`http://${host}`)) return home; // the port of a tunnel, or of a proxy beside it
  throw misdirected();
}

/** What links for people of a tenant begin with. */
export async function originFor({ store }: Pick<Deps, 'store'>, home: Home, tenant: Tenant): Promise<string> {
  if (tenant.id === home.tenant.id) return home.origin;
  const [first] = await store.tenants.originsOf(tenant.id);
  if (first === undefined) throw withoutAddress(tenant);
  return first;
}

/** Whether a request to this origin would be taken for one to the instance's own tenant. */
export const isOfHome = (home: Home, origin: TenantOrigin): boolean =>
  hostsOf(origin).some((host) => isHostOf(home.origin, host));

/**
 * The operator may move the instance to an address that was given to another tenant: whoever comes there would be taken
 * for one of the instance's own.
 */
export async function refuseRival({ store }: Pick<Deps, 'store'>, home: Home): Promise<void> {
  for (const origin of alikeTo(home.origin)) {
    const found = await store.tenants.byOrigin(origin);
    if (found !== undefined && found.id !== home.tenant.id)
      throw new Refusal('conflict', rivalInWords(home.origin, { ...found, origin }));
  }
}

export const rivalInWords = (
  own: string,
  { name, origin }: { readonly name: string; readonly origin: string },
): string =>
  `${own} is to be the address of this server, and ${origin} is one of the tenant ${name}, so that a request there could be ` +
  `for either. Set COUNTERSIGN_PUBLIC_URL (or COUNTERSIGN_LISTEN) to another; or start with the old one, and first take ` +
  `it from that tenant: countersign tenants origin ${name} ${origin} --remove`;

/** Without what was asked for: that is the client's to say, and nobody's to read. */
const misdirected = (): Refusal =>
  new Refusal(
    'misdirected',
    'No tenant of this server has this address. Use the one you were given. If it should be one, the operator of the ' +
      'server sets COUNTERSIGN_PUBLIC_URL to it, or names it with: countersign tenants origin NAME URL.',
  );

const withoutAddress = ({ name }: Tenant): Refusal =>
  new Refusal(
    'unprocessable',
    `The tenant ${name} has no address that a link could begin with. The operator of the server gives it one: countersign tenants origin ${name} URL.`,
  );
