import { beforeEach, expect, test } from 'vitest';
import { issuePasswordCode } from '#app/user/invite.ts';
import { INVITATION_MS_MAX } from '#domain/invitation.ts';
import { parseEmail } from '#domain/principal.ts';
import { builtIn } from '#domain/role.ts';
import { openWorld, type World } from '#support/world.ts';
import { asking, cookieIn, form, saidIn, statusOf } from '../asked.ts';
import { post } from '../provoked.ts';

const MEMBERS = builtIn('tenant-member').permissions;
const PASSWORD = 'correct horse battery staple';
const SPENT = {
  status: 404,
  body: {
    ...{ statusCode: 404, code: 'not_found' },
    message: 'This link does not work: it was used, replaced by a newer one, or is too old. Ask for a new one.',
  },
};

let world: World;
let admin: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  admin = asking(world, (await world.person('admin', 'tenant-admin')).token);
  await admin.register({ email: 'bob@example.com' });
});
const accept = async (code: string, password = PASSWORD) =>
  world.send(form('/auth/accept-invitation', { code, password }));
const signIn = (password: string) => world.send(form('/auth/sign-in', { email: 'bob@example.com', password }));
const codeFor = async (email: string): Promise<string> => new URL((await admin.invite(email)).body.link).hash.slice(1);

test('the link is to this server, and its code stands where no server and no log sees it', async () => {
  const { status, body } = await admin.invite('bob@example.com');
  const { origin, pathname, search, hash } = new URL(body.link);
  expect({ status, keys: Object.keys(body), origin, pathname, search, hash }).toEqual({
    ...{ status: 200, keys: ['link'], origin: world.origin, pathname: '/invitation', search: '' },
    hash: expect.stringMatching(/^#cs_invitation_[0-9A-Za-z]{49}$/),
  });
});

test('whoever is invited sets a password, is signed in by it, and makes tokens of their own', async () => {
  const accepted = await accept(await codeFor('bob@example.com'));
  expect(saidIn(accepted)).toEqual({ status: 200, body: {} });
  const signedIn = await signIn(PASSWORD);
  for (const cookie of [cookieIn(accepted), cookieIn(signedIn)]) {
    const headers = { cookie, 'sec-fetch-site': 'same-origin' };
    const path = `/api/svc/v1/personal-access-tokens/from-a-browser`;
    const { status, text } = await world.send({ method: 'GET', path, headers });
    expect(status).toBe(200);
    expect(await statusOf(world, JSON.parse(text).token)).toBe(200);
  }
});

test('a link works once', async () => {
  const code = await codeFor('bob@example.com');
  expect((await accept(code)).status).toBe(200);
  expect(saidIn(await accept(code, 'another password'))).toEqual(SPENT);
  expect([(await signIn(PASSWORD)).status, (await signIn('another password')).status]).toEqual([200, 401]);
});

test('of 20 acceptances at once one is the person', async () => {
  const code = await codeFor('bob@example.com');
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => accept(code, `${PASSWORD} ${n}`)));
  const won = answers.findIndex(({ status }) => status === 200);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status !== 200).map(saidIn)).toEqual(Array.from({ length: 19 }, () => SPENT));
  expect((await signIn(`${PASSWORD} ${won}`)).status).toBe(200);
});

test('a newer link makes the older one worthless', async () => {
  const [older, newer] = [await codeFor('bob@example.com'), await codeFor('bob@example.com')];
  expect(saidIn(await accept(older))).toEqual(SPENT);
  expect((await accept(newer)).status).toBe(200);
});

test('a link lasts three days, to the instant', async () => {
  const [code, late] = [await codeFor('bob@example.com'), INVITATION_MS_MAX];
  world.clock.advance(late);
  expect(saidIn(await accept(code))).toEqual(SPENT);
  const again = await codeFor('bob@example.com');
  world.clock.advance(late - 1);
  expect((await accept(again)).status).toBe(200);
});

test('a new password ends every session that an older one began', async () => {
  await accept(await codeFor('bob@example.com'));
  const old = { cookie: cookieIn(await signIn(PASSWORD)), 'sec-fetch-site': 'same-origin' };
  const whoami = async () => (await world.send({ method: 'GET', path: '/api/v1/whoami', headers: old })).status;
  expect(await whoami()).toBe(200);
  const code = await issuePasswordCode(world.deps, world.tenant, parseEmail('bob@example.com'));
  await accept(code.reveal(), 'another password');
  expect(await whoami()).toBe(401);
  expect((await signIn(PASSWORD)).status).toBe(401);
});

test('a password that is too short leaves the link as good as it was', async () => {
  const code = await codeFor('bob@example.com');
  expect(saidIn(await accept(code, 'short'))).toMatchObject({
    status: 400,
    body: { message: 'A password has 12 to 256 characters. Choose another.' },
  });
  expect((await accept(code)).status).toBe(200);
});

test('nobody is invited who was not registered: what to do is said', async () => {
  expect(await admin.invite('nobody@example.com')).toEqual({
    status: 404,
    body: {
      ...{ statusCode: 404, code: 'not_found' },
      message: 'There is no user with this e-mail address. Register them first.',
    },
  });
});

test.each(['bob@example.com', 'carol@example.com'])(
  'a token is no way into the account of somebody who has a password: %s is not invited again',
  async (email) => {
    await admin.register({ email: 'carol@example.com' });
    await accept(await codeFor('bob@example.com'));
    await accept(await codeFor('carol@example.com'));
    const { status, body } = await admin.invite(email);
    expect({ status, code: body.code, message: body.message }).toEqual({
      ...{ status: 409, code: 'conflict' },
      message:
        'This user has a password already. For one who lost it, the operator makes a link: countersign password-link EMAIL.',
    });
  },
);

test('a link gives nobody more than whoever made it held: it dies when the invited is given more, or its maker is gone', async () => {
  const role = { name: 'helpdesk', resourceType: 'tenant', permissions: [...MEMBERS, 'user:ManageUsers'] };
  expect((await admin.ask(post('/api/svc/v1/roles', role))).status).toBe(200);
  const { token } = await world.person('clerk', 'tenant-member');
  const given = { subject: 'user:clerk@example.com', role: 'helpdesk' };
  expect((await admin.ask(post('/api/v1/grants', given))).status).toBe(200);
  const linkOf = async () => new URL((await asking(world, token).invite('bob@example.com')).body.link).hash.slice(1);
  const early = await linkOf();
  const promoted = {
    ...post('/api/svc/v1/users/roles', { email: 'bob@example.com', roles: ['tenant-admin'] }),
    method: 'PATCH',
  };
  expect((await admin.ask(promoted)).status).toBe(200);
  expect(saidIn(await accept(early))).toEqual(SPENT);
  const demoted = {
    ...post('/api/svc/v1/users/roles', { email: 'bob@example.com', roles: ['tenant-member'] }),
    method: 'PATCH',
  };
  expect((await admin.ask(demoted)).status).toBe(200);
  expect((await accept(await linkOf())).status).toBe(200);
});
