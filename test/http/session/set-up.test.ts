import { beforeEach, expect, test } from 'vitest';
import { issueSetUpCode, linkIssuer } from '#app/set-up/link.ts';
import { SETUP_LINK_MS_MAX } from '#domain/invitation.ts';
import { openWorld, type World } from '#support/world.ts';
import { cookieIn, form, saidIn } from '../asked.ts';

const PASSWORD = 'correct horse battery staple';
const ROOT = 'root@example.com';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
const codeOf = async () => (await issueSetUpCode(world.deps, linkIssuer(world.tenant, 'setup'))).reveal();
const accept = (body: object) => world.send(form('/auth/accept-invitation', { password: PASSWORD, ...body }));
const administrators = () => world.rows(`select subject from role_grant where role = 'tenant-admin'`);

test('whoever opens the link is the administrator, and signed in', async () => {
  const answer = await accept({ code: await codeOf(), email: ROOT });
  expect(saidIn(answer)).toEqual({ status: 200, body: {} });
  const headers = { cookie: cookieIn(answer), 'sec-fetch-site': 'same-origin' };
  const { text } = await world.send({ method: 'GET', path: '/api/v1/whoami', headers });
  expect(JSON.parse(text)).toMatchObject({ principal: { name: ROOT }, rights: { roles: ['tenant-admin'] } });
  expect((await world.send(form('/auth/sign-in', { email: ROOT, password: PASSWORD }))).status).toBe(200);
});

test('of 20 that open it at once, one is, and there is never another', async () => {
  const code = await codeOf();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => accept({ code, email: `root${n}@example.com` })),
  );
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 404)]);
  expect(await administrators()).toHaveLength(1);
});

test('two links for one server, used at once, make one administrator', async () => {
  const codes = [await codeOf(), await codeOf()];
  const answers = await Promise.all(codes.map((code, n) => accept({ code, email: `root${n}@example.com` })));
  expect(answers.map(({ status }) => status)).toEqual([404, 200]);
  expect(await administrators()).toHaveLength(1);
});

test('no link is made once there is an administrator', async () => {
  await accept({ code: await codeOf(), email: ROOT });
  await expect(codeOf()).rejects.toMatchObject({ code: 'conflict' });
});

test('a link lasts 15 minutes, to the instant', async () => {
  const code = await codeOf();
  world.clock.advance(SETUP_LINK_MS_MAX - 1);
  expect((await accept({ code })).status).toBe(400); // without an address; the link is as good as it was
  world.clock.advance(1);
  expect((await accept({ code, email: ROOT })).status).toBe(404);
  expect(await administrators()).toEqual([]);
});

test('the first administrator is asked for an address', async () => {
  expect(saidIn(await accept({ code: await codeOf() }))).toEqual({
    status: 400,
    body: {
      ...{ statusCode: 400, code: 'invalid_request' },
      message: 'Give the e-mail address that the administrator will sign in with.',
      details: [{ field: 'email', problem: 'is missing' }],
    },
  });
});
