import type { FastifyRequest } from 'fastify';
import { ENTRANCES } from '#contract/entrances.ts';
import type { Caller, Visitor } from '#domain/caller.ts';
import { isLoopback, placeOf } from '#domain/place.ts';
import { Refusal } from '#domain/refusal.ts';
import { clientsBehind, type Proxies, peerAddress } from './client-address.ts';
import type { Core } from './core.ts';
import { NO_REQUEST_LIMITS, type RequestLimits, requestLimit } from './request-limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the request comes from, as far as whoever said so may be believed. */
    clientAddress: string | undefined;
    /** For which host it is, by the same measure. */
    askedHost: string | undefined;
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
      if (isAround(peer) && !isProbe(request)) return AROUND_THE_PROXY;
      request.clientAddress = clients.addressOf(peer, request.headers);
      request.askedHost = clients.hostOf(peer, request.headers);
      return perAddress?.(placeOf(request.clientAddress), core.now());
    },
    ofCaller: callerLimit(core, requests),
  };
}

export const visitorOf = ({ askedHost }: FastifyRequest): Visitor => ({ host: askedHost });

/** Whoever looks whether we live comes from anywhere, and has nothing to lose on the way. */
function isProbe({ method, raw: { url, headers } }: FastifyRequest): boolean {
  const { health } = ENTRANCES;
  const bare = headers.authorization === undefined && headers.cookie === undefined;
  return bare && method === health.method && url === health.path;
}

function callerLimit(core: Pick<Core, 'now'>, limits: RequestLimits): Admission['ofCaller'] {
  const perToken = requestLimit(limits.perTokenMax, 'are made with this key');
  const perPrincipal = requestLimit(limits.perPrincipalMax, 'are made with the keys of this account');
  const perTenant = requestLimit(limits.perTenantMax, 'are made in this tenant');
  if ([perToken, perPrincipal, perTenant].every((limit) => limit === undefined)) return undefined;
  return (caller) => {
    const now = core.now();
    const byTokens = () =>
      caller.credential.kind !== 'session' ? perPrincipal?.(caller.principal.id, now) : undefined;
    return perToken?.(countedAs(caller), now) ?? byTokens() ?? perTenant?.(caller.tenant.id, now);
  };
}

/**
 * What whoever holds one credential cannot make more of. A token has as many values as somebody asks for; so it counts,
 * with all of them. More tokens can be made as well: those of a principal count together besides, their sessions apart,
 * so that whoever has somebody's token cannot keep them from signing in and revoking it.
 */
const countedAs = ({ credential, principal }: Caller): string =>
  credential.kind === 'token' ? credential.pat : principal.id;
