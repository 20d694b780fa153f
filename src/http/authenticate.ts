import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Verification } from '#app/token/verify.ts';
import type { Caller, Origin, Surface } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { unreachable } from '#domain/unreachable.ts';
import { notAuthenticated } from '#domain/verification.ts';
import { isFromOurPages, sessionCookieOf } from './cookie.ts';
import type { Core } from './core.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler runs, wherever a credential is needed. */
    caller: Caller | undefined;
  }
}

const BEARER = /^Bearer +(\S+)$/i;
const BASIC = /^Basic +(\S+)$/i;
const TAKES_BASIC = 'Basic realm="countersign", charset="UTF-8"';
/** Longer ones are cut: they are somebody's to read. */
const USER_AGENT_CHARS_MAX = 256;

export const originOf = (request: FastifyRequest, surface: Surface): Origin => ({
  surface,
  address: request.clientAddress,
  userAgent: request.headers['user-agent']?.slice(0, USER_AGENT_CHARS_MAX),
  requestId: request.id,
});

/**
 * Who asks; or 401 with a challenge that says what is wrong with the credential, as far as its holder may know. A token
 * goes before a cookie, which browsers send by themselves.
 */
export function authenticate(core: Core, request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
  const { authorization } = request.headers;
  const outcome = authorization === undefined ? bySession(core, request) : byToken(core, request, authorization);
  return admitted(outcome, request, reply, challenge);
}

type Outcome = Verification | 'absent';
type Bad = Exclude<Outcome, { readonly ok: true }>;
type ChallengeOf = (bad: Bad, request: FastifyRequest) => string;

/** At once where it is known at once: this stands before every request. */
function admitted(
  outcome: Outcome | Promise<Outcome>,
  request: FastifyRequest,
  reply: FastifyReply,
  challengeOf: ChallengeOf,
): void | Promise<void> {
  if (outcome instanceof Promise) return outcome.then((late) => admitted(late, request, reply, challengeOf));
  if (outcome !== 'absent' && outcome.ok) {
    request.caller = outcome.caller;
    return;
  }
  reply.header('www-authenticate', challengeOf(outcome, request));
  throw notAuthenticated();
}

function byToken(
  core: Core,
  request: FastifyRequest,
  authorization: string,
  surface: Surface = 'rest',
): Outcome | Promise<Outcome> {
  const token = tokenIn(authorization);
  return token === undefined ? 'absent' : core.verifyToken(token, originOf(request, surface));
}

/** By the token of a request that was made of somebody else's server; what a browser sends by itself counts for nothing. */
export function authenticateForwarded(core: Core, request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
  const outcome = byToken(core, request, request.headers.authorization ?? '', 'forward-auth');
  return admitted(outcome, request, reply, challenge);
}

/** A program, by a token. Many can send one only as a client's secret: as the password of HTTP Basic, whatever the name. */
export function authenticateClient(core: Core, request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
  const token = clientTokenIn(request);
  const outcome = token === undefined ? 'absent' : core.verifyToken(token, originOf(request, 'rest'));
  return admitted(outcome, request, reply, clientChallenge);
}

const clientChallenge: ChallengeOf = (bad, { headers: { authorization = '' } }) => {
  if (bad === 'absent') return `Bearer, ${TAKES_BASIC}`;
  return BASIC.test(authorization) ? TAKES_BASIC : challenge(bad);
};

/** As `presentedBy`, where `authenticateClient` has let somebody in. */
export function clientTokenIn({ headers: { authorization = '' } }: FastifyRequest): Sensitive | undefined {
  const encoded = BASIC.exec(authorization)?.[1];
  if (encoded === undefined) return tokenIn(authorization);
  const pair = Buffer.from(encoded, 'base64').toString();
  const at = pair.indexOf(':');
  return at === -1 ? undefined : new Sensitive(pair.slice(at + 1));
}

function tokenIn(authorization: string): Sensitive | undefined {
  const token = BEARER.exec(authorization)?.[1];
  return token === undefined ? undefined : new Sensitive(token);
}

/** The credential by which a request was let in. */
export const presentedBy = (request: FastifyRequest): Sensitive | undefined =>
  request.headers.authorization === undefined ? sessionCookieOf(request) : tokenIn(request.headers.authorization);

/** A page elsewhere can make a browser send our cookie, but not make it say that the request is from here. */
export function bySession(core: Core, request: FastifyRequest): Outcome | Promise<Outcome> {
  const cookie = sessionCookieOf(request);
  if (cookie === undefined) return 'absent';
  if (!isFromOurPages(request)) {
    throw new Refusal('unauthenticated', 'A session is accepted from this server’s own pages only. Use an API key.');
  }
  return core.verifySession(cookie, originOf(request, 'browser'));
}

/** Error codes of RFC 6750, section 3.1. Unknown, revoked and expired are one answer. */
function challenge(verification: Bad): string {
  if (verification === 'absent') return 'Bearer';
  switch (verification.reason) {
    case 'malformed':
    case 'unknown':
    case 'revoked':
    case 'expired':
      return 'Bearer error="invalid_token"';
    default:
      return unreachable(verification.reason);
  }
}
