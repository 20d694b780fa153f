import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ENTRANCES, type Entrance, METHODS } from '#contract/entrances.ts';
import { Refusal } from '#domain/refusal.ts';
import { authenticateForwarded } from './authenticate.ts';
import type { Core, Demands, ForwardId } from './core.ts';
import { BAD_URL } from './errors.ts';
import { BAD_QUERY } from './query.ts';
import { atOnceOrLater } from './route.ts';

/** For a gateway that can say nothing in the URL. A client that says it only demands more of itself. */
const HEADERS = { require: 'x-auth-require', tenant: 'x-auth-require-tenant' } as const;

/**
 * What gateways ask before they let a request through: nginx and Traefik by a GET, Envoy by the method and below our path
 * by the path of that request. So no body is read, whatever it is, and a query counts at our own path alone.
 */
export function addForwardAuth(server: FastifyInstance, core: Core, id: ForwardId): void {
  const { path, below }: Entrance = ENTRANCES[id];
  for (const method of METHODS) {
    const answers = core.traffic.of(id, method);
    const answer = (isOurs: boolean) => async (request: FastifyRequest, reply: FastifyReply) => {
      const { caller } = request;
      if (caller === undefined) throw new Error('whoever is not admitted reaches no handler');
      reply.headers(await core.forward(id, caller, demandsOf(request, isOurs)));
      answers.given(request);
      return reply.send({});
    };
    for (const [url, isOurs] of [[path, true] as const, ...(below ? [[`${path}/*`, false] as const] : [])]) {
      server.route({
        ...{ method, url, config: { answers } },
        onRequest: (request, reply, done) => atOnceOrLater(() => authenticateForwarded(core, request, reply), done),
        preParsing: answer(isOurs),
        handler: () => {}, // it was answered before its body
      });
    }
  }
}

function demandsOf({ query, headers }: FastifyRequest, isOurs: boolean): Demands {
  if (isOurs && query === BAD_QUERY) throw BAD_URL;
  const { require = [], tenant = [], ...others } = isOurs ? (query as Record<string, string | string[]>) : {};
  if (Object.keys(others).length > 0) throw UNKNOWN;
  return {
    permissions: [require, headers[HEADERS.require] ?? []].flat(),
    tenants: [tenant, headers[HEADERS.tenant] ?? []].flat(),
  };
}

const UNKNOWN = new Refusal('invalid_request', 'Nothing but require and tenant is taken from the query.', {
  problems: [{ field: 'query', problem: 'unknown parameter' }],
});
