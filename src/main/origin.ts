import type { Address } from '#config/address.ts';

export type Scheme = 'http' | 'https';

/** An address, as a URL has it. */
export const originOf = ({ host, port }: Address, scheme: Scheme): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;

const EVERYWHERE = /^[0:.]+$/;

/** Of all addresses of this machine, and so no address itself. */
export const isEverywhere = ({ host }: Address): boolean => EVERYWHERE.test(host);

/** What links and `iss` begin with: what the operator says, never what a client asks for. */
export const siteOrigin = (publicUrl: string | undefined, listened: Address, scheme: Scheme): string =>
  publicUrl ?? originOf({ ...listened, host: isEverywhere(listened) ? 'localhost' : listened.host }, scheme);
