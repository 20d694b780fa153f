import type { Socket } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import { ENTRANCES, type EntranceId } from '#contract/entrances.ts';
import { OPERATION_IDS } from '#contract/operations.ts';
import { readJson } from './body.ts';
import type { Core } from './core.ts';
import { addEntrance } from './entrance.ts';
import { answerErrors, badUrl, headersOfAll, refusedAtOnce, refuseOnSocket } from './errors.ts';
import { parseQuery } from './query.ts';
import { addRoute } from './route.ts';

/** Far above any body of these operations; one that needs more says so in its row. */
const BODY_BYTES_MAX = 64 * 1024;
/** Fastify's own limit of 100 would turn long encoded names into a 414; Node bounds the whole URL at 16 KiB. */
const PATH_PARAMETER_CHARS_MAX = 16 * 1024;
/** From the first byte to the last of the body: a client that dribbles is not waited for. */
const REQUEST_MS_MAX = 30_000;
const HEADERS_MS_MAX = 10_000;
/** How often Node looks for those that are late. */
const LATE_CHECK_MS = 1_000;

export type Limits = { readonly requestMsMax?: number };

/** All the routes there are: one for each operation, one for each entrance. */
export function httpServer(core: Core, { requestMsMax = REQUEST_MS_MAX }: Limits = {}): FastifyInstance {
  const server = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: requestMsMax,
    http: {
      connectionsCheckingInterval: LATE_CHECK_MS,
      headersTimeout: Math.min(HEADERS_MS_MAX, requestMsMax),
      requireHostHeader: false, // Node would refuse by itself, with an empty body; `refusedAtOnce` does it in the one shape
    },
    routerOptions: { maxParamLength: PATH_PARAMETER_CHARS_MAX, querystringParser: parseQuery },
    genReqId: () => core.newRequestId(),
    frameworkErrors: badUrl,
    clientErrorHandler: (error, socket) => refuseOnSocket(core, error, socket),
    exposeHeadRoutes: false,
    return503OnClosing: false, // what has arrived is answered, also while we stop
  });
  server.decorateRequest('caller', undefined);
  server.addHook('onRequest', (request, reply, next) => {
    headersOfAll(request, reply);
    next(refusedAtOnce(request, reply));
  });
  // Unknown expectations may be ignored (RFC 9110, 10.1.1); Node would answer them by itself, with an empty 417.
  server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response));
  // A tunnel is no request that anything here serves; Node would hang up without a word.
  server.server.on('connect', (_request, socket: Socket) => refuseOnSocket(core, {}, socket));
  readJson(server);
  answerErrors(server, core);
  for (const id of OPERATION_IDS) addRoute(server, core, id);
  for (const id of Object.keys(ENTRANCES) as EntranceId[]) addEntrance(server, core, id);
  return server;
}
