import type { Opening } from '#domain/destination.ts';
import { isNoNetwork, network } from './address.ts';
import type { Parsed } from './setting.ts';

const PORT_MAX = 65_535;
/** An address by number, as a URL has it, or a name; and a port, or none. */
const WITH_PORT = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/]+)):([1-9]\d{0,4})$/i;
const BY_NUMBER = /[:/]|^[\d.]+$/;
const NAME = /^(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*$/;
/** What every parser would take for a number, and most for different ones. */
const LIKE_A_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;
const FORM = 'must be networks, addresses and hosts, each but a network with a port where only that is meant, as ';
const EXAMPLE = '10.0.0.0/8,10.0.0.7:8200,[fd00::7]:8200,vault.internal,vault.internal:8200';

/** Where requests may go that would else be refused. */
export function openings(text: string): Parsed<readonly Opening[]> {
  const names = text.split(',').map((name) => name.trim());
  const read = names.filter((name) => name !== '').map(opening);
  const wrong = read.find((one) => 'problem' in one);
  return wrong ?? { value: read.flatMap((one) => ('value' in one ? [one.value] : [])) };
}

function opening(text: string): Parsed<Opening> {
  const [, v6, name, digits] = WITH_PORT.exec(text) ?? [];
  const [where, port] = digits === undefined ? [text, undefined] : [v6 ?? name ?? '', Number(digits)];
  if (port !== undefined && port > PORT_MAX) return { problem: `${FORM}${EXAMPLE}` };
  return BY_NUMBER.test(where) ? opensNetwork(where, port) : opensHost(where.toLowerCase(), port);
}

function opensNetwork(text: string, port: number | undefined): Parsed<Opening> {
  if (/\/0+$/.test(text)) return { problem: 'must not be everywhere: name what is meant' };
  const read = network(text);
  if ('value' in read) return { value: { network: read.value, port } };
  return isNoNetwork(read) ? { problem: `${FORM}${EXAMPLE}` } : read;
}

const opensHost = (host: string, port: number | undefined): Parsed<Opening> =>
  NAME.test(host) && !LIKE_A_NUMBER.test(host) ? { value: { host, port } } : { problem: `${FORM}${EXAMPLE}` };
