import type { FastifyRequest } from 'fastify';
import type { Caller } from '#domain/caller.ts';
import { isLoopback, placeOf } from '#domain/place.ts';
import { Refusal } from '#domain/refusal.ts';
import { clientsBehind, type Proxies, peerAddress } from './client-address.ts';
import type { Core } from './core.ts';
import { NO_REQUEST_LIMITS, type RequestLimits, requestLimit } from './request-limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the request comes from, as far as whoever said so may be believed. */
    clientAddress: string | undefined;
  }
}

export type AdmissionRules = {
  readonly proxies?: Proxies;
  /** Nobody but these proxies and this machine may connect: others have come around them, in plain HTTP. */
  readonly proxiesOnly?: boolean;
  readonly requests?: RequestLimits;
};

/** What a request must pass before anything else is done with it, and once it is known who asks. */
export type Admission = {
  /** For whoever connects: believed about where a request comes from, so that many clients may be behind them. */
  isProxy(peer: string): boolean;
  atOnce(request: FastifyRequest): Refusal | undefined;
  /** Undefined where callers have no limits, so that nothing is done for each request. */
  readonly ofCaller: ((caller: Caller) => Refusal | undefined) | undefined;
};

const NO_PROXIES: Proxies = { trusted: [], header: 'x-forwarded-for' };
/** Above what browsers and chains of proxies send. Node would leave out those beyond a number of its own, unsaid: perhaps the one that a proxy has added. */
const HEADERS_MAX = 200;
const TOO_MANY_HEADERS = new Refusal('headers_too_large', `There are too many headers: ${HEADERS_MAX} at most.`);
const AROUND_THE_PROXY = new Refusal(
  'forbidden',
  'This connection came in plain HTTP around the proxy of this server. Use its public address, and replace any key that was sent here.',
);

export function admission(core: Pick<Core, 'now'>, rules: AdmissionRules): Admission {
  const { proxies = NO_PROXIES, proxiesOnly = false, requests = NO_REQUEST_LIMITS } = rules;
  const clients = clientsBehind(proxies);
  const perAddress = requestLimit(requests.perAddressMax, 'come from this address');
  const isAround = (peer: string) => proxiesOnly && !clients.trusts(peer) && !isLoopback(peer);
  return {
    isProxy: clients.trusts,
    atOnce(request) {
      const { rawHeaders, socket } = request.raw;
      if (rawHeaders.length > 2 * HEADERS_MAX) return TOO_MANY_HEADERS; // names and values in turn
      const peer = socket.remoteAddress === undefined ? undefined : peerAddress(socket.remoteAddress);
      if (peer === undefined) return undefined; // has gone already
      if (isAround(peer)) return AROUND_THE_PROXY;
      request.clientAddress = clients.addressOf(peer, request.headers);
      return perAddress?.(placeOf(request.clientAddress), core.now());
    },
    ofCaller: callerLimit(core, requests),
  };
}

function callerLimit(core: Pick<Core, 'now'>, { perTokenMax, perTenantMax }: RequestLimits): Admission['ofCaller'] {
  const perToken = requestLimit(perTokenMax, 'are made with this key');
  const perTenant = requestLimit(perTenantMax, 'are made in this tenant');
  if (perToken === undefined && perTenant === undefined) return undefined;
  return ({ credential, tenant }) => {
    const now = core.now();
    return perToken?.(credential.id ?? 'none', now) ?? perTenant?.(tenant.id, now);
  };
}
