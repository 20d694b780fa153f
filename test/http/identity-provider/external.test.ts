import { beforeEach, describe, expect, test } from 'vitest';
import { ASK_AGAIN_MS, FRESH_MS, STALE_MS_MAX } from '#app/identity-provider/key-sets.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { granted, mockServer } from '../../egress/issuers.ts';
import { PATS, post } from '../provoked.ts';
import { giveTeam } from '../team/teaming.ts';
import { ON_TENANT } from '../virtual-account/accounts.ts';
import { type Believing, openBelieving, providing, toNow } from './providing.ts';

/* Tokens of real issuers, presented to the server over HTTP as any API key is. */

const [ISSUER, AUDIENCE] = ['https://issuer.example', 'https://countersign.example'];
let world: Believing;
beforeEach(async () => {
  world = await openBelieving();
  toNow(world);
});

const whoIs = async (token: string) => JSON.parse((await world.whoami(token)).text);

/** The account that a value of a provider's claim names. */
async function accountBy(value: string, provider = 'builds') {
  const mapping = [{ identity_provider: provider, value }];
  const manifest = { name: 'builder', permissions: [ON_TENANT], identity_provider_mapping: mapping };
  const { status, body } = await world.admin.put(manifest);
  expect({ status, body }).toMatchObject({ status: 200 });
  return { id: String(body.data.id), manifest };
}

async function provided(body: object): Promise<string> {
  const answer = await world.admin.provide(body);
  expect(answer).toMatchObject({ status: 200 });
  return String(answer.body.provider.id);
}

/** A provider, its issuer and an account that it names `svc`; `token` is one of theirs. */
async function believed(more: object = {}) {
  const issuer = await mockServer();
  const id = await provided({ jwksUri: issuer.jwksUri, ...more });
  const account = await accountBy('svc');
  return { ...issuer, id, account };
}

describe('a token acts as the virtual account that its claim is mapped to', () => {
  test('of GitHub Actions, by the immutable id of the repository', async () => {
    const { jwksUri, token } = await mockServer();
    const iss = 'https://token.actions.githubusercontent.com';
    const aud = 'https://github.com/octo-org';
    await provided({ issuer: iss, audiences: [aud], jwksUri, subjectClaim: 'repository_id' });
    await accountBy('456789');
    const claims = { iss, aud, sub: 'repo:octo-org/octo-repo:ref:refs/heads/main', repository: 'octo-org/octo-repo' };
    const presented = await token({ ...claims, repository_id: '456789' });
    expect(await whoIs(presented)).toMatchObject({
      ...{ principal: { kind: 'virtual_account', name: 'builder' }, rights: { roles: ['metrics-reader'] } },
      credential: { kind: 'external', name: 'builds' },
    });
    expect(await world.statusOf(await token({ ...claims, repository_id: '999' }))).toBe(401);
    expect(await world.statusOf(await token(claims))).toBe(401);
  });

  test('of Kubernetes, by a claim within claims', async () => {
    const { jwksUri, token } = await mockServer();
    const iss = 'https://kubernetes.default.svc.cluster.local';
    await provided({ issuer: iss, jwksUri, subjectClaim: 'kubernetes.io/serviceaccount/uid' });
    await accountBy('0f3a');
    const pod = { namespace: 'ci', serviceaccount: { name: 'builder', uid: '0f3a' } };
    const presented = { iss, aud: [AUDIENCE], sub: 'system:serviceaccount:ci:builder', 'kubernetes.io': pod };
    expect(await whoIs(await token(presented))).toMatchObject({ principal: { name: 'builder' } });
    const flat = { ...presented, 'kubernetes.io': undefined, 'kubernetes.io/serviceaccount/uid': '0f3a' };
    expect(await world.statusOf(await token(flat))).toBe(401);
  });

  test('of oidc-provider, by the client that it was granted to', async () => {
    const { token, jwksUri } = await granted('ES256');
    await provided({ jwksUri, subjectClaim: 'client_id' });
    await accountBy('build-7');
    expect(await whoIs(token)).toMatchObject({ principal: { name: 'builder' } });
  });
});

describe('a token acts as the user whose address it says', () => {
  const claims = { sub: 'x', email: 'Bob@Example.com' };

  test('where the provider has a claim for it, and does not doubt it', async () => {
    const bob = await world.user('bob', 'tenant-member');
    const { token, id } = await believed();
    const [said, doubted] = [await token(claims), await token({ ...claims, email_verified: false })];
    expect(await world.statusOf(said)).toBe(401);
    const { body } = await world.admin.provider(id);
    const { id: _, createdAt: __, createdBy: ___, updatedAt: ____, ...definition } = body.provider;
    await world.admin.putProvider(id, { ...definition, emailClaim: 'email' });
    world.clock.advance(10_000);
    expect(await whoIs(said)).toMatchObject({ principal: { id: bob.principal.id, kind: 'user' } });
    expect(await world.statusOf(doubted)).toBe(401);
    expect(await world.statusOf(await token({ ...claims, email: 'nobody@example.com' }))).toBe(401);
    expect(await whoIs(await token({ sub: 'svc', email: 'bob@example.com' }))).toMatchObject({
      principal: { name: 'builder' }, // a mapping goes before
    });
  });

  test('and in a team for as long as it says so, and the team is mapped', async () => {
    await world.user('bob', 'tenant-member');
    const { token } = await believed({ emailClaim: 'email', teamClaim: 'groups' });
    const mapping = { identity_provider_mapping: [{ identity_provider: 'builds', value: 'ops' }] };
    const team = await world.admin.teaming({ name: 'platform', ...mapping });
    expect(team.body.data.manifest).toMatchObject(mapping);
    await giveTeam(world, team.body.data.id, 'metrics-reader');
    const [inside, outside] = [
      await token({ ...claims, groups: ['dev', 'ops'] }),
      await token({ ...claims, groups: 'dev' }),
    ];
    expect((await whoIs(inside)).rights.roles).toContain('metrics-reader');
    expect((await whoIs(outside)).rights.roles).not.toContain('metrics-reader');
    expect((await world.admin.team(team.body.data.id)).body.data).toMatchObject({ members: [] });
    await giveTeam(world, team.body.data.id, 'tenant-admin');
    const administers = await token({ ...claims, groups: ['ops'], jti: 'later' });
    const bob = providing(world, new Sensitive(administers));
    expect((await bob.providers()).status).toBe(200);
    expect((await bob.setRoles('bob@example.com', 'tenant-admin')).status).toBe(403); // what only a token says is nobody’s to give
    await world.admin.teaming({ name: 'platform' });
    expect((await whoIs(inside)).rights.roles).not.toContain('metrics-reader');
  });

  test('but makes and reads no credential that would outlive it, and says why', async () => {
    await world.user('bob', 'tenant-admin');
    const { token } = await believed({ emailClaim: 'email' });
    const bob = providing(world, new Sensitive(await token(claims)));
    expect(await bob.ask(post(PATS, { name: 'longer-lived' }))).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('creates no tokens, which would outlive it') },
    });
    const { id } = await accountBy('svc');
    for (const outliving of [
      () => bob.put({ name: 'other', permissions: [ON_TENANT] }),
      () => bob.regenerate(id, { gracePeriodInMinutes: 60 }),
      () => bob.read(id),
    ])
      expect((await outliving()).status).toBe(403);
    expect((await bob.getOrCreate('longer-lived')).status).toBe(403);
    expect((await bob.ownCreate({ name: 'longer-lived' })).status).toBe(403);
  });

  test('and what they do is written down as theirs, by the word of the provider', async () => {
    const bob = await world.user('bob', 'tenant-admin');
    const { token, id } = await believed({ emailClaim: 'email' });
    const presented = await token(claims);
    expect((await providing(world, new Sensitive(presented)).make({ name: 'made-by-bob' })).status).toBe(200);
    expect((await world.audit()).at(-1)).toMatchObject({
      ...{ action: 'team:CreateTeam', decision: 'allowed', principal: bob.principal.id, principalKind: 'user' },
      credential: id,
    });
  });
});

describe('what was believed a moment ago is refused by the next request', () => {
  const GONE: readonly (readonly [
    what: string,
    change: (found: Awaited<ReturnType<typeof believed>>) => Promise<unknown>,
  ])[] = [
    [
      'the mapping is taken away',
      ({ account }) => world.admin.put({ ...account.manifest, identity_provider_mapping: [] }),
    ],
    [
      'the mapping is of another value',
      ({ account }) =>
        world.admin.put({
          ...account.manifest,
          identity_provider_mapping: [{ identity_provider: 'builds', value: 'other' }],
        }),
    ],
    ['the account is frozen', ({ account }) => world.admin.turn(account.id, 'freeze')],
    ['the account is removed', ({ account }) => world.admin.remove(account.id)],
    ['the provider is disabled', ({ id, jwksUri }) => putAnew(id, { jwksUri, enabled: false })],
    ['the provider is for another audience', ({ id, jwksUri }) => putAnew(id, { jwksUri, audiences: ['other'] })],
    ['the provider has another issuer', ({ id, jwksUri }) => putAnew(id, { jwksUri, issuer: 'https://other.example' })],
    [
      'the provider allows another algorithm alone',
      ({ id, jwksUri }) => putAnew(id, { jwksUri, algorithms: ['ES256'] }),
    ],
    ['the provider is removed', ({ id }) => world.admin.removeProvider(id, '?force=true')],
    ['its time has passed, with what clocks may differ by', async () => world.clock.advance(2 * 60 * 60 * 1000)],
  ];
  const putAnew = (id: string, more: object) =>
    world.admin.putProvider(id, { name: 'builds', issuer: ISSUER, audiences: [AUDIENCE], ...more });

  test.each(GONE)('where %s', async (_, change) => {
    const found = await believed();
    const token = await found.token({});
    expect([await world.statusOf(token), await world.statusOf(token)]).toEqual([200, 200]);
    await change(found);
    expect(await world.statusOf(token)).toBe(401);
  });

  test('where the user is deactivated', async () => {
    await world.user('bob', 'tenant-member');
    const { token } = await believed({ emailClaim: 'email' });
    const presented = await token({ sub: 'x', email: 'bob@example.com' });
    expect(await world.statusOf(presented)).toBe(200);
    await world.admin.ask({ ...post('/api/svc/v1/users/deactivate', { email: 'bob@example.com' }), method: 'PATCH' });
    expect(await world.statusOf(presented)).toBe(401);
  });

  test('and is good again when it is mapped again, within seconds', async () => {
    const { account, token } = await believed();
    const presented = await token({});
    await world.admin.put({ ...account.manifest, identity_provider_mapping: [] });
    expect(await world.statusOf(presented)).toBe(401);
    await world.admin.put(account.manifest);
    world.clock.advance(5_000);
    expect(await world.statusOf(presented)).toBe(200);
  });
});

describe('the keys of an issuer', () => {
  test('that is down are an outage of ours for whoever presents a token of it, and never a bad key', async () => {
    const { server, token, id } = await believed();
    const presented = await token({});
    await server.stop();
    const answer = await world.whoami(presented);
    expect({ status: answer.status, body: JSON.parse(answer.text) }).toMatchObject({
      status: 503,
      body: { message: expect.stringContaining('your API key is not the problem') },
    });
    expect((await world.admin.explain(id, presented)).body.steps.at(-1)).toEqual({
      ...{ step: 'key', passed: false },
      about: 'The provider’s keys could not be fetched. Nobody answers at their address.',
    });
    await server.start(Number(new URL((await world.admin.provider(id)).body.provider.jwksUri).port), '127.0.0.1');
    world.clock.advance(ASK_AGAIN_MS);
    expect(await world.statusOf(presented)).toBe(200);
  });

  test('serve through an outage, for as long as is written down', async () => {
    const { server, token } = await believed();
    expect(await world.statusOf(await token({}))).toBe(200);
    const later = await server.issuer.buildToken({
      expiresIn: 24 * 60 * 60,
      scopesOrTransform: (_, claims) => Object.assign(claims, { iss: ISSUER, aud: AUDIENCE, sub: 'svc' }),
    });
    await server.stop();
    world.clock.advance(FRESH_MS);
    expect(await world.statusOf(later)).toBe(200);
    world.clock.advance(STALE_MS_MAX);
    expect(await world.statusOf(later)).toBe(503);
    await server.start(0, '127.0.0.1'); // for its own stop
  });

  test('that are new are followed within a minute', async () => {
    const { server, token } = await believed();
    expect(await world.statusOf(await token({}))).toBe(200);
    const { kid } = await server.issuer.keys.generate('RS256');
    const signedAnew = await server.issuer.buildToken({
      kid,
      scopesOrTransform: (_, claims) => Object.assign(claims, { iss: ISSUER, aud: AUDIENCE, sub: 'svc' }),
    });
    expect(await world.statusOf(signedAnew)).toBe(401);
    world.clock.advance(ASK_AGAIN_MS);
    expect(await world.statusOf(signedAnew)).toBe(200);
  });
});

test('a token for two providers is nobody’s, and each of them says so', async () => {
  const { jwksUri, token, id } = await believed();
  const other = await provided({ name: 'other', audiences: ['other'], jwksUri });
  const both = await token({ aud: [AUDIENCE, 'other'] });
  expect(await world.statusOf(both)).toBe(401);
  for (const provider of [id, other])
    expect((await world.admin.explain(provider, both)).body.steps.at(-1)).toMatchObject({
      ...{ step: 'provider', passed: false, about: expect.stringContaining('exactly one') },
    });
  expect(await world.statusOf(await token({}))).toBe(200);
});

test('a good token is explained with whom it names, and by every step', async () => {
  const { token, id } = await believed();
  const { status, body } = await world.admin.explain(id, await token({}));
  expect({ status, body }).toMatchObject({
    ...{ status: 200, body: { accepted: true, identity: { subject: 'svc', email: null, teams: [] } } },
  });
  expect(body.principal).toMatchObject({ kind: 'virtual_account', name: 'builder' });
  expect(body.steps.every(({ passed }: { passed: boolean }) => passed)).toBe(true);
  expect(body.steps.map(({ step }: { step: string }) => step).slice(-2)).toEqual(['provider', 'principal']);
});
