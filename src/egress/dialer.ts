import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { Opening } from '#domain/destination.ts';
import { type Asked, mayReach } from './destination.ts';
import { lookUp, type Resolve } from './look-up.ts';

export type Dialer = {
  readonly openings: readonly Opening[];
  /** Asked once for each connection: what it answers is checked, and what was checked is dialled. */
  readonly resolve?: Resolve;
  readonly bytesMax: number;
  /** For looking up, and again for connecting: a client that gives up leaves nothing behind that never ends. */
  readonly connectMsMax: number;
};

export class RefusedDestination extends Error {
  override readonly name = 'RefusedDestination';
}

/**
 * The one way out, for our own requests and for those of other people's clients that take an agent. The address is checked
 * where the connection is opened, after the name was looked up and for each connection anew, so that a name cannot lead
 * to one place when it is checked and to another when it is dialled. The environment changes nothing: no proxy is taken
 * from there, and certificates are checked whatever it says. No redirect is followed.
 */
export const guardedAgent = (dialer: Dialer): Agent =>
  new Agent({ connect: guardedConnector(dialer), allowH2: false, pipelining: 1, maxResponseSize: dialer.bytesMax });

function guardedConnector(dialer: Dialer): buildConnector.connector {
  return (options, callback) => {
    const found = Promise.race([reachable(dialer, askedIn(options)), lateAfter(dialer.connectMsMax)]);
    const dial = (addresses: readonly string[]) => connectorTo(addresses, dialer.connectMsMax)(options, callback);
    found.then(dial, (error) => callback(error, null));
  };
}

/** Rejects as a time-out does. */
export const lateAfter = (ms: number): Promise<never> =>
  new Promise((_, reject) => {
    const signal = AbortSignal.timeout(ms);
    signal.addEventListener('abort', () => reject(signal.reason));
  });

function askedIn({ hostname, protocol, port }: buildConnector.Options): Asked {
  const isEncrypted = protocol === 'https:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(port) || (isEncrypted ? 443 : 80), isEncrypted };
}

/** One address that is refused refuses them all: an honest name does not lead both ways. */
async function reachable({ openings, resolve = lookUp }: Dialer, asked: Asked): Promise<readonly string[]> {
  const addresses = isIP(asked.host) === 0 ? await resolve(asked.host) : [asked.host];
  if (addresses.length === 0 || !addresses.every((address) => mayReach(openings, asked, address)))
    throw new RefusedDestination();
  return addresses;
}

/** No session is resumed: each connection proves anew who is at its other end. */
const connectorTo = (addresses: readonly string[], timeout: number): buildConnector.connector =>
  buildConnector({
    ...{ lookup: answering(addresses), timeout, maxCachedSessions: 0 },
    ...{ allowH2: false, rejectUnauthorized: true },
  });

/** In place of another look-up, which might answer otherwise. */
const answering =
  (addresses: readonly string[]): LookupFunction =>
  (_host, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }));
    if (all) callback(null, found);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  };
