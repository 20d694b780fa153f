import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { asking } from '../asked.ts';

const PATHS = ['/api/svc/v1/users/info', '/api/svc/v1/x/users/info'];

let world: World;
let person: Awaited<ReturnType<World['person']>>;
beforeEach(async () => {
  world = await openWorld();
  person = await world.person('alice', 'tenant-member');
});

test.each(PATHS)('%s says who asks, flat, and by which token', async (path) => {
  const { principal } = person.caller;
  const who = {
    ...{ id: principal.id, effectiveUserId: principal.id, subjectType: 'user', tenantName: 'default' },
    ...{ userName: 'alice@example.com', subjectSlug: 'alice@example.com', email: 'alice@example.com' },
    roles: ['tenant-member'],
    teams: [{ id: world.tenant.id, name: 'everyone' }],
    accounts: [{ id: world.tenant.id, name: 'default' }],
  };
  const { status, text } = await world.send({ method: 'GET', path, token: person.token });
  expect({ status, body: JSON.parse(text) }).toEqual({ status: 200, body: { ...who, subjectPatName: 'first' } });
  const bySession = await world.send({ method: 'GET', path, headers: await world.browserOf(person.caller) });
  expect(JSON.parse(bySession.text)).toEqual(who);
});

test('both paths give the same bytes, whatever a client adds to them', async () => {
  const answers = [];
  for (const path of PATHS.flatMap((one) => [one, `${one}?tenantName=&x=1`])) {
    answers.push((await world.send({ method: 'GET', path, token: person.token })).text);
  }
  expect(new Set(answers).size).toBe(1);
});

test('a token that was renamed says its new name', async () => {
  const alice = asking(world, person.token);
  const [{ id }] = (await alice.ownList()).body.data;
  await alice.ownRename(id, 'renamed');
  const { body } = await alice.ask({ method: 'GET', path: PATHS[0] ?? '' });
  expect(body.subjectPatName).toBe('renamed');
});

test.each(['/api/env', '/api/svc/v1/fe-env'])(
  '%s tells anybody what a front end needs, and nothing of a caller',
  async (path) => {
    const env = { TENANT_NAME: 'default', LLM_GATEWAY_URL: '/api/llm' };
    const foreign = 'Bearer tfy_pat_no';
    for (const headers of [{}, { authorization: foreign }, await world.browserOf(person.caller)]) {
      const { status, text } = await world.send({ method: 'GET', path: `${path}?tenant=other`, headers });
      expect({ status, body: JSON.parse(text) }).toEqual({ status: 200, body: env });
    }
  },
);
