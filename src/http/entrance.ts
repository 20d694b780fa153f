import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { ENTRANCES, type Entrance, type EntranceId } from '#contract/entrances.ts';
import { Refusal } from '#domain/refusal.ts';
import { visitorOf } from './admission.ts';
import { authenticate, bySession, originOf } from './authenticate.ts';
import { giveSession, isFromOurPages, takeSession } from './cookie.ts';
import type { Core, Page } from './core.ts';
import type { Answers } from './traffic.ts';

/** Nothing but our own script and style runs, nothing is framed, nothing leaves for elsewhere. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'",
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** One entrance as a route: a page, or a form of ours that begins or ends a session. */
export function addEntrance(server: FastifyInstance, core: Core, id: EntranceId): void {
  const entrance: Entrance = ENTRANCES[id];
  const answers = core.traffic.of(id, entrance.method);
  server.route({
    method: entrance.method,
    url: entrance.path,
    config: { answers },
    onRequest: (request, reply) => admit(core, entrance, request, reply),
    handler: handlerOf(core, id, entrance, answers),
  });
}

function handlerOf(core: Core, id: EntranceId, { body, access }: Entrance, answers: Answers): RouteHandlerMethod {
  const act = id === 'document' ? describe : body !== undefined ? enter : access === 'caller' ? look : show;
  return async (request, reply) => {
    const answer = await act(core, id, request, reply);
    answers.given(request);
    return answer;
  };
}

async function admit(core: Core, { access, body }: Entrance, request: FastifyRequest, reply: FastifyReply) {
  if (access === 'caller') return authenticate(core, request, reply);
  if (body === undefined) return;
  // Else a page elsewhere could sign a person in as somebody else, or out.
  if (!isFromOurPages(request)) throw new Refusal('forbidden', 'This is for the pages of this server alone.');
  if (access === 'public') return;
  const verification = await bySession(core, request);
  if (verification === 'absent' || !verification.ok) throw new Refusal('unauthenticated', 'You are not signed in.');
  request.caller = verification.caller;
}

async function enter(core: Core, id: EntranceId, request: FastifyRequest, reply: FastifyReply): Promise<object> {
  const by = { ...visitorOf(request), origin: originOf(request, 'browser'), caller: request.caller };
  const session = await core.enter(id, request.body, by);
  if (session === undefined) takeSession(reply);
  else giveSession(reply, session, core.now());
  return {};
}

async function show(core: Core, id: EntranceId, _request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const page = core.pages[id];
  if (page === undefined) throw new Error(`there is no page for ${id}`);
  return paged(page, reply);
}

const describe = async (core: Core, _id: EntranceId, request: FastifyRequest, reply: FastifyReply): Promise<string> =>
  paged(await core.document(visitorOf(request)), reply);

function paged({ type, body }: Page, reply: FastifyReply): string {
  reply.headers(PAGE_HEADERS).type(type);
  return body;
}

async function look(core: Core, _id: EntranceId, { caller }: FastifyRequest, reply: FastifyReply): Promise<string> {
  if (caller === undefined) throw new Error('whoever is not admitted reaches no handler');
  const { type, body } = await core.metrics(caller);
  reply.type(type);
  return body;
}
