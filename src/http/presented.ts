import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { ENTRANCES } from '#contract/entrances.ts';
import { authenticateClient, clientTokenIn } from './authenticate.ts';
import type { Core, PresentId } from './core.ts';
import { readForm } from './form.ts';

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
    onRequest: (request, reply) => authenticateClient(core, request, reply),
    handler: async (request, reply) => {
      await authenticateClient(core, request, reply); // its body may have taken longer than a revoke
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
