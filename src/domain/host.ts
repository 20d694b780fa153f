import type { TenantOrigin } from './tenant.ts';

/** Host and port as a request names them, and nothing beside. */
const HOST = /^[^\s/\\?#@]+$/;
/** Names of this machine that only this machine uses. */
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;
const SCHEMES = { https: 443, http: 80 } as const;

const urlAt = (scheme: string, host: string): URL | null => (HOST.test(host) ? URL.parse(`${scheme}//${host}`) : null);

/** Every origin that a request for this host may be meant for: it does not say by which scheme it set out. */
export const originsAt = (host: string): readonly TenantOrigin[] =>
  Object.keys(SCHEMES).flatMap((scheme) => {
    const url = urlAt(`${scheme}:`, host);
    return url === null ? [] : [url.origin as TenantOrigin];
  });

/** Whether a request for this host is one for that origin. Of this machine all names are the same. */
export function isHostOf(origin: string, host: string): boolean {
  const own = new URL(origin);
  const asked = urlAt(own.protocol, host);
  if (asked === null || asked.port !== own.port) return false;
  return asked.hostname === own.hostname || (LOOPBACK.test(asked.hostname) && LOOPBACK.test(own.hostname));
}

/** What no name of elsewhere leads to: a page there cannot make a browser ask under one of these. */
export const isOnLoopback = (origin: string): boolean => LOOPBACK.test(URL.parse(origin)?.hostname ?? '');

/** How requests to an origin may name it: the port of a scheme can be left out. */
export function hostsOf(origin: string): readonly string[] {
  const { protocol, host, hostname, port } = new URL(origin);
  const scheme = protocol.slice(0, -1) as keyof typeof SCHEMES;
  return port === '' ? [host, `${hostname}:${SCHEMES[scheme]}`] : [host];
}

/** Origins that a request could not be told from one to this. */
export const rivalsOf = (origin: TenantOrigin): readonly TenantOrigin[] =>
  [...new Set(hostsOf(origin).flatMap(originsAt))].filter((other) => other !== origin);

/** Origins that a request could not be told from one to this, itself among them; of this machine under all its names. */
export function alikeTo(origin: string): readonly TenantOrigin[] {
  const { hostname } = new URL(origin);
  const names = LOOPBACK.test(hostname) ? [...new Set([hostname, ...OF_THIS_MACHINE])] : [hostname];
  const hosts = names.flatMap((name) => hostsOf(origin.replace(hostname, name)));
  return [...new Set(hosts.flatMap(originsAt))];
}
const OF_THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]'];

/** The host in what a client says that it was given: a host, or an address that begins with a scheme. */
export const hostIn = (given: string): string =>
  given
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/$/, '');
