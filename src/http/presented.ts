import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { ENTRANCES } from '#contract/entrances.ts';
import { authenticateClient, clientTokenIn } from './authenticate.ts';
import type { Core, PresentId } from './core.ts';
import { readForm } from './form.ts';
import { atOnceOrLater } from './route.ts';

/** A body may take longer than a revoke. One that comes with its headers does not, and need not be paid for twice. */
const WAITED_MS_MAX = 50;

/** What other people's gateways ask of a token that was presented to them: forms in, JSON out. */
export function addPresented(server: FastifyInstance, core: Core, ids: readonly PresentId[]): void {
  server.register(async (scope) => {
    readForm(scope);
    for (const id of ids) add(scope, core, id);
  });
}

function add(scope: FastifyInstance, core: Core, id: PresentId): void {
  const { method, path, answer } = ENTRANCES[id];
  const answers = core.traffic.of(id, method);
  scope.route({
    method,
    url: path,
    schema: { response: { 200: z.toJSONSchema(answer, { target: 'draft-7' }) } },
    config: { answers },
    onRequest: (request, reply, done) => atOnceOrLater(() => authenticateClient(core, request, reply), done),
    handler: async (request, reply) => {
      if (core.traffic.elapsedMs() - request.arrivedAtMs > WAITED_MS_MAX)
        await authenticateClient(core, request, reply);
      const { caller, body } = request;
      const presentedBy = clientTokenIn(request);
      if (caller === undefined || presentedBy === undefined)
        throw new Error('whoever is not admitted reaches no handler');
      const said = await core.present(id, body ?? {}, { caller, presentedBy });
      reply.header('pragma', 'no-cache'); // for what is older than Cache-Control (RFC 6749, 5.1)
      answers.given(request);
      return said;
    },
  });
}
