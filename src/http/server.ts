import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';
import { ENTRANCES, type EntranceId } from '#contract/entrances.ts';
import { OPERATION_IDS } from '#contract/operations.ts';
import { Refusal } from '#domain/refusal.ts';
import { type Admission, type AdmissionRules, admission } from './admission.ts';
import { readJson } from './body.ts';
import { boundConnections, type ConnectionLimits } from './connections.ts';
import type { Core, ForwardId, PresentId } from './core.ts';
import { addEntrance } from './entrance.ts';
import { answerErrors, badUrl, headersOfAll, refusedAtOnce, refuseOnSocket } from './errors.ts';
import { addForwardAuth } from './forward-auth.ts';
import { addPresented } from './presented.ts';
import { parseQuery } from './query.ts';
import { addRoute } from './route.ts';
import { readySerialisers } from './serialiser.ts';

/** Far above any body of these operations; one that needs more says so in its row. */
const BODY_BYTES_MAX = 64 * 1024;
/** Fastify's own limit of 100 would turn long encoded names into a 414; Node bounds the whole URL at 16 KiB. */
const PATH_PARAMETER_CHARS_MAX = 16 * 1024;
/** From the first byte to the last of the body: a client that dribbles is not waited for. */
const REQUEST_MS_MAX = 30_000;
const HEADERS_MS_MAX = 10_000;
/** Without a byte either way: a client that does not read its answer is not waited for. */
const IDLE_MS_MAX = 60_000;
/** How often Node looks for those that are late. */
const LATE_CHECK_MS = 1_000;
/** Of all headers and the URL together. */
const HEADER_BYTES_MAX = 16 * 1024;
/** A server that is full is worth a line, but not one for each connection that it closes. */
const TOLD_AGAIN_MS = 60_000;

export type Tls = { readonly cert: Buffer; readonly key: Buffer; readonly minVersion: 'TLSv1.2' };

/** On which this way in takes requests: from whom, how many, over what. Without any, as in tests and the bench, only one request by itself is bounded. */
export type Terms = AdmissionRules & {
  readonly requestMsMax?: number;
  readonly idleMsMax?: number;
  readonly connections?: ConnectionLimits;
  readonly tls?: Tls | undefined;
};

/** All the routes there are: one for each operation, one for each entrance. */
export function httpServer(core: Core, terms: Terms = {}): FastifyInstance {
  const admitted = admission(core, terms);
  const server = openedWith(core, admitted, terms);
  addHooks(server, core, admitted);
  boundSockets(server, core, admitted, terms);
  readJson(server);
  answerErrors(server, core);
  server.addHook('onReady', readySerialisers);
  for (const id of OPERATION_IDS) addRoute(server, core, id);
  addEntrances(server, core);
  return server;
}

const PRESENTED = ['introspect', 'revoke'] as const satisfies readonly PresentId[];
const FORWARDED = ['forwardAuth', 'forwardAuthTenantAdmin'] as const satisfies readonly ForwardId[];
const isOwn = (id: EntranceId): boolean => ![...PRESENTED, ...FORWARDED].some((one) => one === id);

function addEntrances(server: FastifyInstance, core: Core): void {
  for (const id of (Object.keys(ENTRANCES) as EntranceId[]).filter(isOwn)) addEntrance(server, core, id);
  for (const id of FORWARDED) addForwardAuth(server, core, id);
  addPresented(server, core, PRESENTED);
}

function openedWith(core: Core, admitted: Admission, terms: Terms): FastifyInstance {
  const { requestMsMax = REQUEST_MS_MAX, idleMsMax = IDLE_MS_MAX, tls } = terms;
  const headersMsMax = Math.min(HEADERS_MS_MAX, requestMsMax);
  const http = {
    connectionsCheckingInterval: LATE_CHECK_MS,
    headersTimeout: headersMsMax,
    maxHeaderSize: HEADER_BYTES_MAX,
    requireHostHeader: false, // Node would refuse by itself, with an empty body; `refusedAtOnce` does it in the one shape
  };
  const options: FastifyServerOptions = {
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: requestMsMax,
    connectionTimeout: idleMsMax,
    routerOptions: { maxParamLength: PATH_PARAMETER_CHARS_MAX, querystringParser: parseQuery },
    genReqId: () => core.newRequestId(),
    frameworkErrors: badUrl(core, admitted.atOnce),
    clientErrorHandler: (error, socket) => refuseOnSocket(core, error, socket),
    exposeHeadRoutes: false,
    return503OnClosing: false, // what has arrived is answered, also while we stop
  };
  const secured = { https: { ...http, ...tls, handshakeTimeout: headersMsMax } };
  // Fastify types a server with TLS apart; all that is done with either here is what `node:http` has.
  return fastify({
    ...options,
    ...(tls === undefined ? { http } : secured),
  } as FastifyServerOptions) as FastifyInstance;
}

function addHooks(server: FastifyInstance, { traffic }: Core, { atOnce, ofCaller }: Admission): void {
  server.decorateRequest('caller', undefined);
  server.decorateRequest('clientAddress', undefined);
  server.decorateRequest('askedHost', undefined);
  server.decorateRequest('arrivedAtMs', 0);
  server.addHook('onRequest', (request, reply, next) => {
    request.arrivedAtMs = traffic.elapsedMs();
    headersOfAll(request, reply);
    next(atOnce(request) ?? refusedAtOnce(request, reply));
  });
  if (ofCaller === undefined) return;
  // Once it is known who asks, and before a body of theirs is read.
  server.addHook('preParsing', ({ caller }, _reply, body, next) => {
    next(caller === undefined ? undefined : ofCaller(caller), body);
  });
}

function boundSockets({ server }: FastifyInstance, core: Core, { isProxy }: Admission, { connections }: Terms): void {
  // Unknown expectations may be ignored (RFC 9110, 10.1.1); Node would answer them by itself, with an empty 417.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  // A tunnel is no request that anything here serves; Node would hang up without a word.
  server.on('connect', (_request, socket: Socket) => refuseOnSocket(core, {}, socket));
  // What is no TLS where TLS is spoken: nothing that we could say would be understood.
  server.prependListener('tlsClientError', (_error: unknown, socket: Socket) => socket.destroy());
  if (connections !== undefined) boundConnections(server, connections, { isProxy, refused: tellingFull(core) });
}

const FULL = new Refusal('unavailable', 'Connections were closed: more were open than the settings allow.');

function tellingFull({ report, newRequestId, now }: Core): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (Math.abs(now() - toldAt) < TOLD_AGAIN_MS) return;
    toldAt = now();
    report(FULL, newRequestId());
  };
}
