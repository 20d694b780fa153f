// A server in a process of its own. All three give the same answer.
import { hash } from 'node:crypto';
import { fastify } from 'fastify';
import { openHttp } from '#main/open.ts';
import { openWorld } from './world.ts';

export type Kind = 'bare' | 'checked' | 'ours';

const world = await openWorld();
const token = (await world.pat(await world.user('admin'), 'bench')).reveal();
const site = { tenant: world.tenant, origin: () => 'http://127.0.0.1' };
const report = (error: unknown) => void process.stderr.write(`${String(error)}\n`);
const ours = openHttp(world.deps, { site, pages: {}, report });
const url = '/api/svc/v1/session';
const authorization = `Bearer ${token}`;
const answer = JSON.parse((await ours.inject({ url, headers: { authorization } })).body);

const text = { type: 'string' };
const object = (properties: object) => ({ type: 'object', properties });
const named = (...names: string[]) => object(Object.fromEntries(names.map((name) => [name, text])));
const subject = named('subjectId', 'subjectType', 'subjectSlug', 'subjectDisplayName', 'subjectPatName');
const user = { ...named('id', 'email', 'tenantName', 'subjectSlug').properties, subject, metadata: object({}) };
const parts = { user: object(user), tenantInfo: named('tenantName'), env: named('TENANT_NAME', 'LLM_GATEWAY_URL') };
const schema = { response: { 200: object(parts) } };
const known = new Map([[hash('sha256', authorization, 'base64'), answer]]);

const servers = {
  /** Nothing but Fastify. */
  bare: fastify().get(url, { schema }, async () => answer),
  /** The least that an authenticated answer can do: digest, look up, answer. */
  checked: fastify().get(url, { schema }, async (request) =>
    known.get(hash('sha256', request.headers.authorization ?? '', 'base64')),
  ),
  ours,
};

const server = servers[process.argv[2] as Kind];
process.send?.({ origin: await server.listen({ port: 0, host: '127.0.0.1' }), path: url, token });
process.on('message', () => process.send?.(process.cpuUsage()));
process.once('disconnect', async () => {
  await server.close();
  await world.close();
});
