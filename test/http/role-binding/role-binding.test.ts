import { beforeEach, describe, expect, test } from 'vitest';
import { parseTenantName } from '#domain/tenant.ts';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { teamOf } from '../../authz/things.ts';
import { askingOfRights, somebody } from '../access/rights.ts';

type Somebody = Awaited<ReturnType<typeof somebody>>;

let world: World;
let root: Somebody;
let ada: Somebody;
let bob: Somebody;
beforeEach(async () => {
  world = await openWorld();
  root = await somebody(world, 'root', 'tenant-admin');
  ada = await somebody(world, 'ada', 'tenant-member');
  bob = await somebody(world, 'bob', 'tenant-member');
});

const PATH = '/api/svc/v1/role-bindings';
const user = ({ caller }: Somebody) => ({ type: 'user', name: caller.principal.name });
const onTenant = (role: string) => ({ resourceType: 'tenant', resourceFqn: 'default', role });
const manifest = (subjects: readonly object[], roles: readonly string[], name = 'readers') => ({
  ...{ type: 'role-binding', name, subjects, permissions: roles.map(onTenant) },
});
const reads = ({ canI }: Somebody) => canI('metrics:Read');
const grantsOf = async ({ subject }: Somebody) =>
  (await root.grants({ subject })).body.data as {
    id: string;
    role: { id: string };
    binding: { name: string } | null;
  }[];

describe('a role binding', () => {
  test('gives each of its roles to each of its subjects, at once, and says so as it was put', async () => {
    await teamOf(world, ada.caller, 'platform', { isMember: true, isManager: false });
    const put = manifest([{ type: 'team', name: 'platform' }, user(bob)], ['metrics-reader']);
    const { status, body } = await root.bind(put);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        data: {
          ...{ id: expect.any(String), name: 'readers', accountId: world.tenant.id },
          manifest: { ...put, subjects: [user(bob), { type: 'team', name: 'platform' }] },
          createdBySubject: expect.objectContaining({ subjectSlug: 'root@example.com' }),
          ...{ createdAt: expect.any(String), updatedAt: expect.any(String) },
        },
      },
    });
    expect([await reads(ada), await reads(bob)]).toEqual([true, true]);
    expect((await root.get(`${PATH}/${body.data.id}`)).body).toEqual(body);
    expect((await root.bindings()).body).toEqual({
      data: [body.data],
      pagination: { total: 1, offset: 0, limit: 100 },
    });
    expect((await root.get(`${PATH}/exists?name=readers`)).body).toEqual({ exists: true });
    expect((await root.get(`${PATH}/exists?name=others`)).body).toEqual({ exists: false });
  });

  test('names its tenant as it is called, or was: an alias is honoured, and another tenant’s name is none', async () => {
    const { tenant: other } = await secondTenant(world);
    await world.deps.store.transact((tx) => tx.tenants.addAlias(world.tenant.id, parseTenantName('old-name')));
    await teamOf(world, ada.caller, 'platform', { isMember: true, isManager: false });
    const on = (resourceFqn: string) => ({
      ...{ type: 'role-binding', name: 'readers', subjects: [user(bob)] },
      permissions: [{ resourceType: 'tenant', resourceFqn, role: 'metrics-reader' }],
    });
    expect((await root.bind(on('old-name'))).status).toBe(200);
    expect(await reads(bob)).toBe(true);
    for (const name of [other.name, other.id, 'no-such-name', '']) {
      expect(await root.bind(on(name))).toMatchObject({ status: 422 });
    }
  });

  test('put again gives what is new, takes what is gone, and leaves the rest as it was', async () => {
    const first = await root.bind(manifest([user(ada), user(bob)], ['metrics-reader']));
    const kept = (await grantsOf(bob)).find(({ binding }) => binding !== null);
    const carol = await somebody(world, 'carol', 'tenant-member');
    const again = await root.bind(manifest([user(bob), user(carol)], ['metrics-reader']));
    expect(again.body.data.id).toBe(first.body.data.id);
    expect([await reads(ada), await reads(bob), await reads(carol)]).toEqual([false, true, true]);
    expect((await grantsOf(bob)).find(({ binding }) => binding !== null)).toEqual(kept);
  });

  test('touches no grant but its own, be it the same', async () => {
    await root.grant(ada.subject, 'metrics-reader');
    await root.bind(manifest([user(ada)], ['metrics-reader'], 'another'));
    await root.bind(manifest([user(ada)], ['metrics-reader']));
    expect((await grantsOf(ada)).filter(({ role }) => role.id === 'metrics-reader')).toHaveLength(3);
    const { id } = (await root.bindings()).body.data[1];
    await root.bind(manifest([user(bob)], ['metrics-reader']));
    expect(await root.unbind(id)).toEqual({ status: 200, body: {} });
    const left = (await grantsOf(ada)).filter(({ role }) => role.id === 'metrics-reader');
    expect(left.map(({ binding }) => binding?.name ?? null).sort()).toEqual(['another', null]);
    expect(await root.uncollaborate(ada.subject)).toMatchObject({ status: 200 });
    expect(await reads(ada)).toBe(true); // by the other one
    expect(await root.uncollaborate(ada.subject)).toMatchObject({ status: 409 });
    const [bound] = await grantsOf(ada);
    expect(await root.ungrant(bound?.id ?? '')).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('another') },
    });
  });

  test('says only what still stands: a role that is deleted is in it no more', async () => {
    await root.createRole('lister', ['user:ReadAccess']);
    const { id } = (await root.bind(manifest([user(ada)], ['lister', 'metrics-reader']))).body.data;
    await root.removeRole((await root.roles('?limit=1000')).body.data.at(-1).id);
    expect((await root.get(`${PATH}/${id}`)).body.data.manifest.permissions).toEqual([onTenant('metrics-reader')]);
  });

  test('tried out changes nothing, and refuses what putting it would', async () => {
    const dry = await root.bind(manifest([user(ada)], ['metrics-reader']), { dryRun: true });
    expect(dry.body.data.manifest).toEqual(manifest([user(ada)], ['metrics-reader']));
    expect((await root.bindings()).body.data).toEqual([]);
    expect(await reads(ada)).toBe(false);
    expect(await root.bind(manifest([user(ada)], ['no-such']), { dryRun: true })).toMatchObject({ status: 422 });
  });

  test('tried out by another than its maker is its maker’s still', async () => {
    const wanted = manifest([user(ada)], ['metrics-reader']);
    const { createdBySubject } = (await root.bind(wanted)).body.data;
    await root.grant(bob.subject, 'tenant-admin');
    for (const more of [{ dryRun: true }, {}])
      expect((await bob.bind(wanted, more)).body.data.createdBySubject).toEqual(createdBySubject);
    const fresh = manifest([user(ada)], ['metrics-reader'], 'of-bob');
    expect((await bob.bind(fresh, { dryRun: true })).body.data.createdBySubject.subjectSlug).toBe('bob@example.com');
  });

  test('is taken with null for what a client leaves out, wherever in it that is', async () => {
    const [who, what] = [
      { ...user(ada), displayName: null },
      { ...onTenant('metrics-reader'), conditions: null },
    ];
    const wanted = { ...manifest([], []), type: null, subjects: [who], permissions: [what] };
    expect(await root.bind(wanted)).toMatchObject({ status: 200 });
    expect(await reads(ada)).toBe(true);
    expect(await root.bind({ ...wanted, subjects: null })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('subjects is missing') },
    });
    expect(await root.bind({ ...wanted, subjects: [null] })).toMatchObject({ status: 400 });
  });

  test('is taken as the bare manifest too, and without a name', async () => {
    const { name: _, type: __, ...unnamed } = manifest([user(ada)], ['metrics-reader']);
    expect((await root.put(PATH, manifest([user(ada)], ['metrics-reader']))).status).toBe(200);
    const made = await root.post(`${PATH}/inline`, unnamed);
    expect(made.body.data.name).toMatch(/^inline-[a-z][a-z0-9]{23}$/);
    expect((await root.bindings()).body.pagination.total).toBe(2);
    expect(await root.put(PATH, unnamed)).toMatchObject({ status: 400 });
  });

  test('put by two at the same moment is one, and says what one of them said', async () => {
    const both = await Promise.all([ada, bob].map((one) => root.bind(manifest([user(one)], ['metrics-reader']))));
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    const all = (await root.bindings()).body.data;
    expect(all).toHaveLength(1);
    expect(all[0].manifest.subjects).toHaveLength(1);
    expect([await reads(ada), await reads(bob)].filter(Boolean)).toHaveLength(1);
  });
});

describe('what it names has to be there', () => {
  test.each([
    {
      what: 'a user',
      change: { subjects: [{ type: 'user', name: 'no@example.com' }] },
      says: /no user:no@example.com/,
    },
    { what: 'a team', change: { subjects: [{ type: 'team', name: 'no-team' }] }, says: /no team:no-team/ },
    {
      what: 'an account',
      change: { subjects: [{ type: 'virtualaccount', name: 'ci-bot' }] },
      says: /virtualaccount:ci-bot/,
    },
    { what: 'a kind', change: { subjects: [{ type: 'group', name: 'x' }] }, says: /Bad subject/ },
    { what: 'a role', change: { permissions: [onTenant('no-role')] }, says: /no role no-role/ },
    {
      what: 'a tenant',
      change: { permissions: [{ ...onTenant('metrics-reader'), resourceFqn: 'other' }] },
      says: /no tenant other/,
    },
    {
      what: 'a type of resource',
      change: { permissions: [{ ...onTenant('x'), resourceType: 'secret-group' }] },
      says: /not supported: secret-group/,
    },
    {
      what: 'a team to grant on',
      change: { permissions: [{ resourceType: 'team', resourceFqn: 'default:no-team', role: 'team-manager' }] },
      says: /no team default:no-team/,
    },
    { what: 'a name of its form', change: { name: 'No' }, says: /role binding name has/ },
  ])('$what that is not is refused by name, and nothing is written', async ({ change, says }) => {
    const { status, body } = await root.bind({ ...manifest([user(ada)], ['metrics-reader']), ...change });
    expect({ status, message: body.message }).toEqual({ status: 422, message: expect.stringMatching(says) });
    expect((await root.bindings()).body.data).toEqual([]);
    expect(await reads(ada)).toBe(false);
  });

  test('who manages a team is no grant: a binding says where that is said', async () => {
    await teamOf(world, root.caller, 'platform');
    const permissions = [{ resourceType: 'team', resourceFqn: 'platform', role: 'team-manager' }];
    const asked = await root.bind({ ...manifest([user(ada)], []), permissions });
    expect(asked).toMatchObject({ status: 422, body: { message: expect.stringContaining('PUT /teams') } });
  });

  test('more grants than one transaction should hold are refused', async () => {
    const many = Array.from({ length: 40 }, () => user(ada));
    const { status, body } = await root.bind(
      manifest(
        many,
        Array.from({ length: 30 }, () => 'metrics-reader'),
      ),
    );
    expect({ status, message: body.message }).toEqual({ status: 422, message: expect.stringContaining('1000 grants') });
  });
});

describe('nobody comes by more than they hold through a role binding', () => {
  let giver: Somebody;
  beforeEach(async () => {
    giver = await somebody(world, 'giver');
    await root.createRole('giver', ['tenant:AssignRole', 'user:ManageUsers']);
    await root.grant(giver.subject, 'giver');
  });
  const refused = { status: 403, body: { message: expect.stringMatching(/more than they hold/) } };

  test('by one of their own, by another’s made theirs, or by a team of theirs', async () => {
    await teamOf(world, giver.caller, 'own', { isMember: true, isManager: true });
    for (const subject of [user(giver), { type: 'team', name: 'own' }, { type: 'team', name: 'everyone' }]) {
      expect(await giver.bind(manifest([subject], ['tenant-admin']))).toMatchObject(refused);
      expect(await giver.bind(manifest([subject], ['tenant-admin']), { dryRun: true })).toMatchObject(refused);
    }
    await root.bind(manifest([user(bob)], ['tenant-admin']));
    expect(await giver.bind(manifest([user(bob), user(giver)], ['tenant-admin']))).toMatchObject(refused);
    expect(await giver.canI('settings:ManageSettings')).toBe(false);
    expect(await giver.bind(manifest([user(ada)], ['giver'], 'fine'))).toMatchObject({ status: 200 });
  });

  test('nor takes what they do not hold', async () => {
    const { id } = (await root.bind(manifest([user(bob)], ['tenant-admin']))).body.data;
    expect(await giver.unbind(id)).toMatchObject(refused);
    expect(await giver.bind(manifest([user(bob)], ['giver']))).toMatchObject(refused);
    expect(await bob.canI('settings:ManageSettings')).toBe(true);
  });
});

test('no role binding takes away the last administrator', async () => {
  await world.accepted('bob@example.com');
  const { id } = (await root.bind(manifest([user(bob)], ['tenant-admin']))).body.data;
  await bob.uncollaborate(root.subject);
  expect(await root.canI('settings:ManageSettings')).toBe(false);
  const refused = { status: 422, body: { message: expect.stringMatching(/without an active administrator/) } };
  expect(await bob.unbind(id)).toMatchObject(refused);
  expect(await bob.bind(manifest([user(bob)], ['tenant-member']))).toMatchObject(refused);
  expect(await bob.canI('settings:ManageSettings')).toBe(true);
});

test('a member sees none, makes none and deletes none', async () => {
  const { id } = (await root.bind(manifest([user(bob)], ['metrics-reader']))).body.data;
  expect(await ada.bindings()).toMatchObject({ status: 403 });
  expect(await ada.get(`${PATH}/${id}`)).toMatchObject({ status: 404 });
  expect(await ada.get(`${PATH}/exists?name=readers`)).toMatchObject({ status: 403 });
  expect(await ada.unbind(id)).toMatchObject({ status: 403 });
  expect(await ada.bind(manifest([user(ada)], ['tenant-member'], 'mine'))).toMatchObject({ status: 403 });
  expect(await ada.bind(manifest([user(ada)], ['no-such'], 'mine'))).toMatchObject({ status: 403 });
});

test('of another tenant there is none', async () => {
  const { id } = (await root.bind(manifest([user(bob)], ['metrics-reader']))).body.data;
  const { person } = await secondTenant(world);
  const theirs = askingOfRights(world, (await person('eve', 'tenant-admin')).token);
  expect(await theirs.get(`${PATH}/${id}`)).toMatchObject({ status: 404 });
  expect(await theirs.unbind(id)).toMatchObject({ status: 404 });
  expect((await theirs.bindings()).body.data).toEqual([]);
  expect(await theirs.bind(manifest([user(bob)], ['metrics-reader']))).toMatchObject({ status: 422 });
  expect(await reads(bob)).toBe(true);
});
