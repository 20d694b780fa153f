import ipaddr from 'ipaddr.js';
import type { Parsed } from './setting.ts';

export type Address = { readonly host: string; readonly port: number };

const ADDRESS = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/i;
const PORT_MAX = 65_535;
const NETWORK = /^([0-9a-f:.]+)(?:\/(0|[1-9]\d{0,2}))?$/i;
/** Hosts that only this machine reaches, as a URL names them. */
const LOOPBACK_URL = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * By number, but for one name: any other, 127.999.1.1 too, would be looked up, and be what somebody else says. That name
 * is one address, lest another program take the other that it may stand for.
 */
export function listenAddress(text: string): Parsed<Address> {
  const [, v6, v4 = '', digits] = ADDRESS.exec(text) ?? [];
  const host = v4 === 'localhost' ? '127.0.0.1' : (v6 ?? v4);
  const port = Number(digits);
  if (digits !== undefined && port <= PORT_MAX && isAddress(host)) return { value: { host, port } };
  return { problem: 'must be host:port with the host by number, as 127.0.0.1:7080 or [::1]:7080' };
}

/** Node's own parsers take 127.1 and 0x7f.1 for addresses too; nobody who writes such means it. */
const isAddress = (text: string): boolean => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);

export const isLoopbackHost = (host: string): boolean => ipaddr.process(host).range() === 'loopback';

/** What links begin with: the address that people and programs use. */
export function publicOrigin(text: string): Parsed<string | undefined> {
  if (text === '') return { value: undefined };
  const url = /[\s\\?#@]/.test(text) ? null : URL.parse(text);
  if (url === null || url.pathname !== '/' || !/^https?:$/.test(url.protocol))
    return { problem: 'must be an address without path, query or credentials, as https://countersign.example.com' };
  if (url.protocol === 'http:' && !LOOPBACK_URL.test(url.hostname))
    return { problem: 'must begin with https://; plain http:// is for the addresses of this machine alone' };
  return { value: url.origin };
}

/** Addresses and networks, separated by commas, each as it is written in full: `10.0.0.0/8`, `192.0.2.7/32`. */
export function networks(text: string): Parsed<readonly string[]> {
  const names = text.split(',').map((name) => name.trim());
  const read = names.filter((name) => name !== '').map(network);
  const wrong = read.find((one) => 'problem' in one);
  return wrong ?? { value: read.flatMap((one) => ('value' in one ? [one.value] : [])) };
}

const FORM = { problem: 'must be addresses and networks, as 10.0.0.7,192.168.0.0/16,fd00::/8' } as const;
/** Whether it was no network at all. */
export const isNoNetwork = (read: Parsed<string>): boolean => read === FORM;

export function network(text: string): Parsed<string> {
  const [, name = '', digits] = NETWORK.exec(text) ?? [];
  if (!isAddress(name)) return FORM;
  const address = ipaddr.parse(name);
  const bitsMax = address.kind() === 'ipv4' ? 32 : 128;
  const bits = digits === undefined ? bitsMax : Number(digits);
  if (bits > bitsMax) return { problem: 'has a network of more bits than its addresses have' };
  if (bits === 0) return { problem: 'must not be everybody: whoever is trusted says where requests come from' };
  if (address.kind() === 'ipv6' && address.range() === 'ipv4Mapped')
    return { problem: 'has an IPv4 address written as IPv6: write it as IPv4' };
  return canonical(address, bits);
}

/** 10.0.0.7/8 may mean the one or the other. */
function canonical(address: ReturnType<typeof ipaddr.parse>, bits: number): Parsed<string> {
  const written = `${address}/${bits}`;
  const { IPv4, IPv6 } = ipaddr;
  const first = (address.kind() === 'ipv4' ? IPv4 : IPv6).networkAddressFromCIDR(written);
  return `${first}` === `${address}`
    ? { value: written }
    : { problem: 'has a network whose address has bits beyond its length: 10.0.0.0/8, not 10.0.0.7/8' };
}
