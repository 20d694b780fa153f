import { beforeEach, describe, expect, test } from 'vitest';
import { parsePermissions } from '#domain/permission.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { HOSTILE, ONE, ownPair, PROVIDER } from '#support/hostile-jwts.ts';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { give, roleOf, teamOf } from '../../authz/things.ts';
import { post } from '../provoked.ts';
import { giveTeam } from '../team/teaming.ts';
import { type Providing, providing } from './providing.ts';

const ABSENT_ID = 'h00000000000000000000000';
const SAID = {
  ...{ name: 'builds', issuer: 'https://issuer.example', jwksUri: 'https://issuer.example/keys' },
  audiences: ['https://countersign.example'],
} as const;

let world: World;
let admin: Providing;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  ({ token } = await world.person('admin', 'tenant-admin'));
  admin = providing(world, token);
});

async function provided(more: object = {}): Promise<string> {
  const { status, body } = await admin.provide({ ...SAID, ...more });
  expect({ status, body }).toMatchObject({ status: 200 });
  return body.provider.id;
}
const lastEntry = async () => (await world.audit()).at(-1);

test('one is made with what is as safe as it can be, shown, listed, changed as a whole, and removed', async () => {
  const made = await admin.provide(SAID);
  const { id } = made.body.provider;
  const shown = {
    ...{ ...SAID, id, enabled: true, jwks: null, algorithms: ['RS256', 'ES256'], clockSkewSeconds: 60 },
    ...{ lifetimeSecondsMax: null, subjectClaim: 'sub', emailClaim: null, teamClaim: null },
    ...{ createdBy: expect.any(String), createdAt: expect.any(String), updatedAt: expect.any(String) },
  };
  expect(made).toEqual({ status: 200, body: { provider: shown } });
  expect(await lastEntry()).toMatchObject({
    ...{
      action: 'identity-provider:ManageIdentityProviders',
      resource: `identity-provider/${id}`,
      decision: 'allowed',
    },
  });
  expect(await admin.provider(id)).toEqual({ status: 200, body: { provider: shown } });
  expect(await admin.providers()).toEqual({ status: 200, body: { data: [shown] } });
  const all = { name: 'renamed', enabled: false, algorithms: ['EdDSA'], emailClaim: 'email', teamClaim: 'groups' };
  const { jwksUri: _, ...others } = SAID;
  const changed = await admin.putProvider(id, { ...others, ...all, jwks: ONE, lifetimeSecondsMax: 600 });
  const { kty, n, e, kid, use } = ONE.keys[0] as Record<string, unknown>;
  expect(changed.body.provider).toEqual({
    ...{ ...shown, ...all, jwksUri: null, jwks: { keys: [{ kty, n, e, kid, use }] }, lifetimeSecondsMax: 600 },
  });
  expect((await admin.putProvider(id, SAID)).body.provider).toEqual(shown);
  expect(await admin.removeProvider(id)).toEqual({ status: 200, body: { mapped: 0 } });
  expect((await admin.provider(id)).status).toBe(404);
});

test.each<[what: string, said: object, fields: readonly string[]]>([
  ['what is none', { issuer: 'http://issuer.example', audiences: [], name: 'X' }, ['name', 'issuer', 'audiences']],
  ['keys both ways', { jwks: ONE }, ['jwksUri']],
  ['a key pair', { jwksUri: null, jwks: { keys: [ownPair.privateKey.export({ format: 'jwk' })] } }, ['jwks']],
  ['a shared secret', { jwksUri: null, jwks: { keys: [{ kty: 'oct', k: 'AA' }] } }, ['jwks']],
  ['a claim that is none', { subjectClaim: 'a//b' }, ['subjectClaim']],
])('%s is refused with its name, and nothing is written', async (_, said, fields) => {
  const { status, body } = await admin.provide({ ...SAID, ...said });
  const named = body.details.map(({ field }: { field: string }) => field);
  expect({ status, named }).toEqual({ status: 422, named: fields });
  expect(JSON.stringify(body)).not.toContain(String(ownPair.privateKey.export({ format: 'jwk' }).d));
  expect((await admin.providers()).body.data).toEqual([]);
});

test.each([
  ['an algorithm that is symmetric', { algorithms: ['HS256'] }],
  ['no algorithm', { algorithms: ['none'] }],
  ['clocks that differ by an hour', { clockSkewSeconds: 3_600 }],
  ['what is not known', { sub: 'x' }],
  ['keys that are a text', { jwksUri: null, jwks: '{"keys":[]}' }],
])('%s is no request', async (_, said) => {
  expect((await admin.provide({ ...SAID, ...said })).status).toBe(400);
});

test('who says that they are us is refused: by our issuer, and by our key', async () => {
  const ours = await admin.provide({ ...SAID, issuer: world.deps.issuer() });
  expect(ours).toMatchObject({ status: 422, body: { message: expect.stringMatching(/own/) } });
  const { text } = await world.send({ method: 'GET', path: '/.well-known/jwks.json' });
  const { jwksUri: _, ...said } = SAID;
  expect(await admin.provide({ ...said, jwks: JSON.parse(text) })).toMatchObject({ status: 422 });
});

test('a name is one provider’s in a tenant, and an audience of an issuer one’s on the whole server', async () => {
  await provided();
  expect(await admin.provide({ ...SAID, audiences: ['other'] })).toMatchObject({
    ...{ status: 409, body: { message: expect.stringContaining('name') } },
  });
  const other = await secondTenant(world);
  const { token } = await other.person('eve', 'tenant-admin');
  const eve = providing(world, token);
  const taken = await eve.provide(SAID);
  expect(taken).toMatchObject({ status: 409, body: { message: expect.stringContaining('another identity provider') } });
  expect(JSON.stringify(taken.body)).not.toMatch(/default|admin/);
  expect((await eve.provide({ ...SAID, audiences: ['https://theirs.example'] })).status).toBe(200);
});

test('one that maps somebody is removed only where that is meant, and whom it mapped says so no more', async () => {
  const id = await provided();
  const mapping = { identity_provider_mapping: [{ identity_provider: 'builds', value: 'svc' }] };
  const account = await admin.put({ name: 'builder', ...mapping });
  await admin.teaming({ name: 'platform', ...mapping });
  expect(await admin.removeProvider(id)).toMatchObject({
    status: 409,
    body: { message: expect.stringContaining('(2)') },
  });
  expect(await admin.removeProvider(id, '?force=true')).toEqual({ status: 200, body: { mapped: 2 } });
  expect(await lastEntry()).toMatchObject({ details: { mapped: 2 } });
  const { manifest } = (await admin.account(account.body.data.id)).body.data;
  expect(manifest.identity_provider_mapping).toBeUndefined();
});

describe('whoever says whose tokens are believed can become anybody, so that', () => {
  const manages = ['identity-provider:ListIdentityProviders', 'identity-provider:ManageIdentityProviders'] as const;

  test('who may manage providers, and holds less than everything, only looks and asks', async () => {
    const { caller, token } = await world.person('half', 'tenant-member');
    await give(world, caller, await roleOf(world, caller, 'idp-manager', parsePermissions([...manages])));
    const half = providing(world, token);
    const id = await provided();
    expect((await half.providers()).status).toBe(200);
    expect((await half.explain(id, 'no.token.atall')).status).toBe(200);
    for (const answer of [
      await half.provide({ ...SAID, name: 'mine', audiences: ['mine'] }),
      await half.putProvider(id, { ...SAID, emailClaim: 'email' }),
      await half.removeProvider(id),
    ])
      expect(answer).toMatchObject({
        status: 403,
        body: { message: expect.stringMatching(/more than you hold|lack|hold/) },
      });
    expect(await lastEntry()).toMatchObject({ action: manages[1], decision: 'denied' });
    expect((await admin.provider(id)).body.provider).toMatchObject({ emailClaim: null });
  });

  test('a member sees none of it', async () => {
    const member = providing(world, (await world.person('member', 'tenant-member')).token);
    const id = await provided();
    for (const answer of [
      await member.providers(),
      await member.provider(id),
      await member.provider(ABSENT_ID),
      await member.explain(id, 'x.y.z'),
    ])
      expect(answer).toMatchObject({ status: 403, body: { message: expect.stringContaining('Only a tenant admin') } });
  });

  test('an administrator of another tenant is told that it is not there', async () => {
    const id = await provided();
    const eve = providing(world, (await (await secondTenant(world)).person('eve', 'tenant-admin')).token);
    for (const ask of [
      eve.provider,
      (one: string) => eve.putProvider(one, { ...SAID, audiences: ['x'] }),
      eve.removeProvider,
      (one: string) => eve.explain(one, 'x.y.z'),
    ]) {
      const [theirs, absent] = [await ask(id), await ask(ABSENT_ID)];
      expect(theirs.status).toBe(404);
      expect(theirs).toEqual(absent);
    }
    expect((await eve.providers()).body).toEqual({ data: [] });
    expect((await admin.provider(id)).status).toBe(200);
  });
});

describe('a group that is mapped into a team is taken in, so that', () => {
  const groups = (...values: readonly string[]) => ({
    identity_provider_mapping: values.map((value) => ({ identity_provider: 'builds', value })),
  });
  /** Manages a team, and holds by it what they give. */
  async function managerOf(
    name: string,
  ): Promise<{ readonly manager: Providing; readonly team: string; readonly token: Sensitive }> {
    const { caller, token } = await world.person('manager', 'tenant-member');
    const { id } = await teamOf(world, caller, name, { isMember: false, isManager: true });
    return { manager: providing(world, token), team: id, token };
  }
  const people = { managers: ['manager@example.com'] };

  test('its manager may, who is in it, as they may take somebody in', async () => {
    await provided({ teamClaim: 'groups' });
    const { manager, team } = await managerOf('platform');
    await giveTeam(world, team, 'metrics-reader');
    const put = await manager.teaming({ name: 'platform', ...people, ...groups('ops', 'dev') });
    expect(put).toMatchObject({ status: 200, body: { data: { manifest: groups('dev', 'ops') } } });
    expect(await lastEntry()).toMatchObject({ action: 'team:ManageTeam', details: { mapped: 2 } });
    expect((await manager.team(team)).body.data.manifest).toMatchObject(groups('dev', 'ops'));
    expect((await manager.list()).body.data[0].manifest).toMatchObject(groups('dev', 'ops'));
  });

  test('who manages teams and holds less than the team does not, and does not take it out either', async () => {
    await provided({ teamClaim: 'groups' });
    const { body } = await admin.teaming({ name: 'platform' });
    await giveTeam(world, body.data.id, 'tenant-admin');
    const { caller, token } = await world.person('half', 'tenant-member');
    await give(
      world,
      caller,
      await roleOf(world, caller, 'team-lead', parsePermissions(['team:ManageTeam', 'team:ReadTeam'])),
    );
    const half = providing(world, token);
    expect((await half.teaming({ name: 'platform', ...groups('everybody') })).status).toBe(403);
    await admin.teaming({ name: 'platform', ...groups('ops') });
    expect((await half.teaming({ name: 'platform' })).status).toBe(403);
    expect((await half.teaming({ name: 'platform', description: 'other', ...groups('ops') })).status).toBe(200);
    expect((await admin.team(body.data.id)).body.data.manifest).toMatchObject(groups('ops'));
  });

  test('a manifest says all of it: null and absent are none, a value is one team’s, a dry run writes nothing', async () => {
    await provided({ teamClaim: 'groups' });
    const dry = await admin.teaming({ name: 'platform', ...groups('ops') }, { dryRun: true });
    expect(dry.body.data.manifest).toMatchObject(groups('ops'));
    const { body } = await admin.teaming({ name: 'platform', ...groups('ops') });
    expect((await admin.teaming({ name: 'second', ...groups('ops') })).status).toBe(409);
    const again = await admin.teaming({ name: 'platform', ...groups('dev') }, { dryRun: true });
    expect(again.body.data.manifest).toMatchObject(groups('dev'));
    expect((await admin.team(body.data.id)).body.data.manifest).toMatchObject(groups('ops'));
    for (const nothing of [{ identity_provider_mapping: null }, {}]) {
      await admin.teaming({ name: 'platform', ...groups('ops') });
      const put = await admin.teaming({ name: 'platform', ...nothing });
      expect(put.body.data.manifest.identity_provider_mapping).toBeUndefined();
    }
    expect((await admin.teaming({ name: 'second', ...groups('ops') })).status).toBe(200);
  });

  test('a provider by its FQN is the same one, and one that is not there is named', async () => {
    await provided({ teamClaim: 'groups' });
    const by = (identity_provider: string) => ({ identity_provider_mapping: [{ identity_provider, value: 'ops' }] });
    const put = await admin.teaming({ name: 'platform', ...by('default:builds') });
    expect(put.body.data.manifest).toMatchObject(groups('ops'));
    for (const name of ['nothing', 'other:builds', "x'; drop table team; --"])
      expect(await admin.teaming({ name: 'platform', ...by(name) })).toMatchObject({
        ...{ status: 422, body: { message: `There is no identity provider ${name}.` } },
      });
  });

  test('a team that is deleted is mapped by nothing, and its values are free', async () => {
    await provided({ teamClaim: 'groups' });
    const { body } = await admin.teaming({ name: 'platform', ...groups('ops') });
    await admin.removeTeam(body.data.id);
    expect((await admin.teaming({ name: 'second', ...groups('ops') })).status).toBe(200);
  });
});

test('a token that is tested is left nowhere: in no answer, entry, row, metric and report', async () => {
  const { issuer, audiences } = PROVIDER;
  const id = await provided({ issuer, audiences, jwksUri: null, jwks: ONE });
  const presented = HOSTILE.map(([, text]) => text).filter((text) => text.length > 40);
  const answers: unknown[] = [];
  for (const text of presented) answers.push(await admin.explain(id, text));
  const path = `/api/v1/identity-providers/${id}/test`;
  for (const body of [{ token: [presented[0]] }, { token: presented[0], more: presented[1] }, {}])
    answers.push(
      await admin.ask({ ...post(`${path}?token=${presented[0]}`, body) }),
      await admin.ask(post(path, body)),
    );
  const tables = ['audit_entry', 'change_log', 'token_use', 'job', 'replay'];
  const rows = await Promise.all(tables.map((table) => world.rows(`select * from ${table}`)));
  const { text: metrics } = await world.send({ method: 'GET', path: '/metrics', token });
  expect(metrics).toContain('countersign_external_refusals_total');
  const left = [JSON.stringify([answers, rows, world.reported]), metrics].join();
  const pieces = presented.flatMap((text) => text.split('.')).filter((piece) => piece.length > 30);
  expect(pieces.filter((piece) => left.includes(piece))).toEqual([]);
  expect((await world.audit()).filter(({ action }) => action.startsWith('identity-provider:'))).toHaveLength(1);
});
