import type { FastifyInstance, FastifyRequest } from 'fastify';
import { entityTag } from '#contract/if-match.ts';
import type { Operation } from '#contract/operation.ts';
import { OPERATIONS, type OperationId } from '#contract/operations.ts';
import { visitorOf } from './admission.ts';
import { authenticate } from './authenticate.ts';
import type { Core } from './core.ts';
import { BAD_URL } from './errors.ts';
import { onceIn } from './once.ts';
import { BAD_QUERY } from './query.ts';
import { serialiserOf } from './serialiser.ts';

/**
 * One operation as a route. Authentication comes before the body is read, so that a stranger cannot make us parse.
 * The answer goes out by a serialiser compiled from the row: a field that the row does not name cannot leave.
 */
export function addRoute(server: FastifyInstance, core: Core, id: OperationId): void {
  const operation: Operation = OPERATIONS[id];
  const answers = core.traffic.of(id, operation.method);
  server.route({
    method: operation.method,
    url: operation.path.replace(/\{(\w+)\}/g, ':$1'),
    schema: { response: { 200: {} } },
    serializerCompiler: () => serialiserOf(id),
    config: { answers },
    onRequest: (request, reply, done) => {
      if (operation.access === 'public') done();
      else atOnceOrLater(() => authenticate(core, request, reply), done);
    },
    handler: async (request, reply) => {
      // A body may have taken longer than a revoke. Changes see to that by themselves; this is for what only looks.
      if (operation.access !== 'public' && request.body !== undefined) await authenticate(core, request, reply);
      const once = operation.replayable ? onceIn(request) : undefined;
      const untrusted = untrustedIn(request, operation);
      const answer = await core.call(request.caller ?? visitorOf(request), id, untrusted, once);
      if (operation.tagged !== undefined) reply.header('etag', tagIn(answer, operation.tagged));
      answers.given(request);
      return answer;
    },
  });
}

/** Nobody waits for what is there already: this is on the way of every request. */
export function atOnceOrLater(act: () => void | Promise<void>, done: (error?: Error) => void): void {
  try {
    const later = act();
    if (later === undefined) done();
    else later.then(() => done(), done);
  } catch (error) {
    done(error as Error); // what is thrown in this room is a Refusal or a bug
  }
}

function untrustedIn({ params, query, headers, body }: FastifyRequest, { input }: Operation) {
  if (query === BAD_QUERY) throw BAD_URL;
  return { path: params, query, header: input.header && named(headers, Object.keys(input.header.shape)), body };
}

/** Node has their names in lower case. */
function named(headers: FastifyRequest['headers'], names: readonly string[]) {
  const given = names.map((name) => [name, headers[name.toLowerCase()]]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

const tagIn = (answer: unknown, part: string): string =>
  entityTag((answer as Readonly<Record<string, { readonly version: number }>>)[part]?.version ?? 0);
