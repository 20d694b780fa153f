import ipaddr from 'ipaddr.js';
import { forOf, lastOf } from './forwarded.ts';

/** Who may say where a request comes from, and in which header: the client's own copy of another is never looked at. */
export type Proxies = {
  /** Networks with their lengths, as `192.0.2.7/32`. */
  readonly trusted: readonly string[];
  readonly header: 'x-forwarded-for' | 'forwarded';
};
type Ip = ReturnType<typeof ipaddr.process>;
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export type Clients = {
  trusts(address: string): boolean;
  /** Where a request comes from that this peer sent, as it counts and as it is shown. */
  addressOf(peer: string, headers: Headers): string;
  /** Which host a request is for: whoever proxies for us may have put another in its place, and says which it was. */
  hostOf(peer: string, headers: Headers): string | undefined;
};

/** What stands in each header for one hop. */
const NODE_IN: Readonly<Record<Proxies['header'], (element: string) => string | undefined>> = {
  'x-forwarded-for': (element) => element.trim(),
  forwarded: forOf,
};
/** Goes with the one of those that has no word for it. */
const FORWARDED_HOST = 'x-forwarded-host';
/** Nobody stands behind more proxies of ours; the rest of the header is somebody's to make long. */
const HOPS_MAX = 32;
/** Peers whose standing is remembered; proxies are few. */
const PEERS_MAX = 1_000;
const NODE_CHARS_MAX = 64;
/** `[v6]`, v4 or v6 by itself, the former two with a port or not. */
const NODE = /^(?:\[([\da-f:.]+)\](?::[\w.-]+)?|(\d+(?:\.\d+){3})(?::[\w.-]+)?|([\da-f]*:[\da-f:.]+))$/i;
const MAPPED = '::ffff:';

/**
 * Follows the hops from the nearest one, as long as whoever named the next is trusted. What is no address ends that: the
 * last one known by then is the answer, so that nobody makes a name up by breaking the header.
 */
export function clientsBehind({ trusted, header }: Proxies): Clients {
  const trusts = trustIn(trusted);
  const nodeIn = NODE_IN[header];
  const addressOf = (peer: string, headers: Headers): string => {
    const given = headers[header];
    let rest = typeof given === 'string' ? given : undefined;
    let client = peer;
    for (let hop = 0; hop < HOPS_MAX && rest !== undefined && trusts(client); hop++) {
      const { last, before } = lastOf(rest);
      const next = addressIn(nodeIn(last) ?? '');
      if (next === undefined) break;
      client = next;
      rest = before;
    }
    return client;
  };
  const hostOf = (peer: string, headers: Headers): string | undefined => {
    const forwarded = header === 'x-forwarded-for' && trusts(peer) ? textOf(headers[FORWARDED_HOST]) : undefined;
    return forwarded ? lastOf(forwarded).last.trim() : textOf(headers.host);
  };
  return { trusts, addressOf, hostOf };
}

const textOf = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value.trim() : undefined;

/** Without the form that IPv4 takes on an IPv6 socket. */
export const peerAddress = (address: string): string =>
  address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : address;

function trustIn(trusted: readonly string[]): (address: string) => boolean {
  const networks = trusted.map((network) => ipaddr.parseCIDR(network));
  const known = new Map<string, boolean>();
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    const ip = ipaddr.process(address);
    const trusts = networks.some((network) => isIn(ip, network));
    if (known.size >= PEERS_MAX) known.clear();
    known.set(address, trusts);
    return trusts;
  };
}

const isIn = (ip: Ip, [network, bits]: [Ip, number]): boolean =>
  ip.kind() === network.kind() && ip.match(network, bits);

/** The address in a node, which may have a port; undefined for a name, a pseudonym and what is none of these. */
function addressIn(node: string): string | undefined {
  const [, bracketed, v4 = '', bare] = node.length > NODE_CHARS_MAX ? [] : (NODE.exec(node) ?? []);
  const v6 = bracketed ?? bare ?? '';
  if (!ipaddr.IPv4.isValidFourPartDecimal(v4) && !ipaddr.IPv6.isValid(v6)) return undefined;
  return `${ipaddr.process(v4 || v6)}`;
}
