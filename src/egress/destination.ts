import ipaddr from 'ipaddr.js';
import type { Opening } from '#domain/destination.ts';

/** What is asked for, before anybody knows which address it has. */
export type Asked = { readonly host: string; readonly port: number; readonly isEncrypted: boolean };
type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** All that is routed on the internet as one machine (RFC 4291, 2.4). Beyond it lie forms that hide an IPv4 address. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Public by its number, and yet what a cloud's own machine answers at, to each of its guests differently. */
const PLATFORM = ipaddr.IPv4.parseCIDR('168.63.129.16/32');

/**
 * Whether everybody would reach the same machine there. The ranges are a list of what is public, not of what is not: an
 * address of a kind that nobody thought of is refused.
 */
export function isPublic(text: string): boolean {
  const address = addressIn(text);
  if (address === undefined || address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 ? !address.match(PLATFORM) : address.match(GLOBAL_IPV6);
}

/** Whether a connection for this may be opened to that address: unencrypted only to what the operator has named. */
export const mayReach = (openings: readonly Opening[], asked: Asked, address: string): boolean =>
  openings.some((opening) => opens(opening, asked, address)) || (asked.isEncrypted && isPublic(address));

function opens(opening: Opening, { host, port }: Asked, address: string): boolean {
  if (opening.port !== undefined && opening.port !== port) return false;
  return 'host' in opening ? opening.host === plain(host) : isWithin(opening.network, address);
}

/** `localhost.` is the same as `localhost`. */
const plain = (host: string): string => host.toLowerCase().replace(/\.$/, '');

function isWithin(network: string, text: string): boolean {
  const address = addressIn(text);
  const [first, bits] = ipaddr.parseCIDR(network);
  if (address instanceof ipaddr.IPv4) return first instanceof ipaddr.IPv4 && address.match(first, bits);
  return address !== undefined && first instanceof ipaddr.IPv6 && address.match(first, bits);
}

/** An IPv4 address written as IPv6 stays one: nothing asks for it that way but to be taken for something else. */
function addressIn(text: string): Address | undefined {
  const isWhole = ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text));
  return isWhole && !text.includes('%') ? ipaddr.parse(text) : undefined;
}
