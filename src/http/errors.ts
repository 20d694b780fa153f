import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorBodyOf, STATUS } from '#contract/errors.ts';
import { Refusal } from '#domain/refusal.ts';
import { NOT_JSON } from './body.ts';
import type { Core } from './core.ts';
import { closedPlaces, methodsAt } from './methods.ts';

const CUT = new Refusal('invalid_request', 'The connection was closed before the whole body had arrived.');
export const BAD_URL = new Refusal('invalid_request', 'The URL is not validly encoded: see its % escapes.');
const TOO_SLOW = new Refusal('request_timeout', 'The request did not arrive in time. Send it again.');

/** What Fastify and Node refuse by themselves, in our words. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: new Refusal('too_large', 'The body is too large.'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: new Refusal('invalid_request', 'The body has another length than announced.'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: NOT_JSON,
  FST_ERR_CTP_EMPTY_TYPE: NOT_JSON,
  ECONNRESET: CUT,
  ERR_STREAM_PREMATURE_CLOSE: CUT,
  ERR_HTTP_REQUEST_TIMEOUT: TOO_SLOW,
  HPE_HEADER_OVERFLOW: new Refusal('headers_too_large', 'The headers are too large: 16 KiB at most, the URL included.'),
};
const NO_SUCH_PATH = new Refusal(
  'not_found',
  'There is nothing at this path: this server does not offer what was asked for.',
);
const NO_HOST = new Refusal('invalid_request', 'The request names no host: HTTP/1.1 needs a Host header.');
const NO_HTTP = new Refusal('invalid_request', 'This is not a valid HTTP request.');
const INTERNAL = new Refusal('internal', 'Something went wrong on our side. Quote the request id when you report it.');

export function answerErrors(server: FastifyInstance, core: Core): void {
  server.setNotFoundHandler((request, reply) => {
    core.traffic.refused(request, STATUS[NO_SUCH_PATH.code]);
    return refuse(reply, NO_SUCH_PATH);
  });
  server.setErrorHandler<FastifyError | Refusal>((error, request, reply) => {
    const refusal = error instanceof Refusal ? error : (REFUSALS[error.code] ?? INTERNAL);
    core.traffic.refused(request, STATUS[refusal.code]);
    if (STATUS[refusal.code] >= 500) core.report(error, request.id);
    return refuse(reply, refusal);
  });
  for (const place of closedPlaces()) close(server, place);
}

const close = (
  server: FastifyInstance,
  { url, methods }: { readonly url: string; readonly methods: readonly string[] },
) =>
  server.route({
    ...{ method: [...methods], url },
    onRequest: (request, reply, next) => next(refusedRoute(request.method, methodsAt(url), reply)),
    handler: () => {},
  });

/** Without this, a bad `%` escape is answered by the router, past every handler and hook and in another shape. */
export const badUrl =
  ({ traffic }: Core, atOnce: (request: FastifyRequest) => Refusal | undefined) =>
  (_error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    headersOfAll(request, reply);
    refuse(reply, atOnce(request) ?? BAD_URL);
    traffic.nowhere(request.method, reply.statusCode);
  };

/** On every answer. What is here is private to one caller or about to change: no cache keeps any of it. */
export function headersOfAll({ id }: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', id).header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
}

/** Refused before a byte of the body is read: what leads nowhere must not make us parse. */
export function refusedAtOnce({ is404, headers, raw, url, method }: FastifyRequest, reply: FastifyReply) {
  if (headers.host === undefined && raw.httpVersion === '1.1') return NO_HOST;
  return is404 ? refusedRoute(method, methodsAt(url), reply) : undefined;
}

/** A path that is there says what it takes (RFC 9110, 15.5.6), to anybody: the document does so too. */
function refusedRoute(method: string, methods: readonly string[], reply: FastifyReply): Refusal {
  if (methods.length === 0 || methods.includes(method)) return NO_SUCH_PATH;
  const allow = methods.join(', ');
  reply.header('allow', allow);
  return new Refusal('method_not_allowed', `There is no ${method} at this path. It takes ${allow}.`);
}

/** How long a client should leave an outage alone. */
const RETRY_AFTER_SECONDS = 1;

function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const wait = refusal.retryAfterSeconds ?? (refusal.code === 'unavailable' ? RETRY_AFTER_SECONDS : undefined);
  if (wait !== undefined) reply.header('retry-after', wait);
  // Every 401 names what it takes (RFC 9110, 11.6.1), where nobody has said it before.
  if (refusal.code === 'unauthenticated' && !reply.hasHeader('www-authenticate')) {
    const presented = reply.request.headers.authorization !== undefined;
    reply.header('www-authenticate', presented ? 'Bearer error="invalid_token"' : 'Bearer');
  }
  return reply.code(STATUS[refusal.code]).type('application/json; charset=utf-8').send(errorBodyOf(refusal));
}

/** What never became a request, or not in time, is answered by hand, in the one shape. */
export function refuseOnSocket(core: Core, error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = REFUSALS[error.code ?? ''] ?? NO_HTTP;
  core.traffic.nowhere('', STATUS[refusal.code]);
  const body = JSON.stringify(errorBodyOf(refusal));
  const head = [
    `HTTP/1.1 ${STATUS[refusal.code]} ${refusal.code}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${core.newRequestId()}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
