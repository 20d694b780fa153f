import { beforeEach, describe, expect, test } from 'vitest';
import { PERMISSIONS } from '#domain/permission.ts';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { askingOfRights, somebody } from '../access/rights.ts';

type Somebody = Awaited<ReturnType<typeof somebody>>;

let world: World;
let root: Somebody;
let ada: Somebody;
beforeEach(async () => {
  world = await openWorld();
  root = await somebody(world, 'root', 'tenant-admin');
  ada = await somebody(world, 'ada', 'tenant-member');
});

const LISTERS = ['user:ListUsers', 'user:ReadAccess'];
const made = async (name = 'lister', permissions = LISTERS) =>
  (await root.createRole(name, permissions)).body.data.id as string;

describe('a role', () => {
  test('is made, shown with what it permits, and listed after the built-in ones', async () => {
    const { status, body } = await root.createRole('lister', LISTERS, { displayName: 'Lister', description: 'Looks.' });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        data: {
          ...{ name: 'lister', tenantName: 'default', accountId: world.tenant.id, resourceType: 'tenant' },
          manifest: {
            ...{ type: 'role', name: 'lister', displayName: 'Lister', description: 'Looks.', resourceType: 'tenant' },
            permissions: LISTERS,
          },
          createdBySubject: { subjectType: 'user', subjectSlug: 'root@example.com' },
          permissionSetsV2: [{ resourceType: 'tenant', permissions: LISTERS }],
          ...{ isEditable: true, isDefault: false, isReserved: false },
        },
      },
    });
    expect((await root.role(body.data.id)).body).toEqual(body);
    const all = (await root.roles('?limit=1000')).body;
    expect(all.data.at(-1)).toEqual(body.data);
    expect(all.pagination).toEqual({ total: all.data.length, offset: 0, limit: 1000 });
    expect((await root.roles('?limit=1&offset=1')).body.data).toEqual([all.data[1]]);
  });

  test('that comes with the program is its own id, and is neither changed nor deleted', async () => {
    expect((await root.role('tenant-admin')).body.data).toMatchObject({
      ...{ id: 'tenant-admin', isDefault: true, isEditable: false, isReserved: false },
      createdBySubject: { subjectType: 'serviceaccount' },
      manifest: { permissions: [...PERMISSIONS] },
    });
    expect((await root.role('team-member')).body.data).toMatchObject({ isReserved: true, resourceType: 'team' });
    expect(await root.putRole('tenant-member', [])).toMatchObject({ status: 409 });
    expect(await root.createRole('tenant-admin', [])).toMatchObject({ status: 409 });
    expect(await root.removeRole('tenant-admin')).toMatchObject({ status: 409 });
  });

  test.each([
    { why: 'another type of thing', body: { resourceType: 'workspace' }, says: /Resource type is not supported/ },
    { why: 'a permission that there is not', body: { permissions: ['deploy:create'] }, says: /permission is/ },
    { why: 'a name of another form', body: { name: 'No Name' }, says: /role name has/ },
  ])('with $why is refused, and says what to do', async ({ body, says }) => {
    const { status, body: said } = await root.createRole('lister', LISTERS, body);
    expect(status).toBe(422);
    expect(said.message).toMatch(says);
  });

  test('of a taken name is a conflict; put by its name, it becomes what is put', async () => {
    const id = await made();
    expect(await root.createRole('lister', LISTERS)).toMatchObject({ status: 409 });
    const put = await root.putRole('lister', ['role:ListRoles'], { displayName: 'Other' });
    expect(put.body.data).toMatchObject({ id, manifest: { displayName: 'Other', permissions: ['role:ListRoles'] } });
    expect((await root.putRole('another', [])).body.data.id).not.toBe(id);
    const flat = await root.put('/api/svc/v1/role', { name: 'lister', resourceType: 'account', permissions: [] });
    expect(flat.body.data).toMatchObject({ id, resourceType: 'tenant', manifest: { permissions: [] } });
    expect(await root.put('/api/svc/v1/role', { name: 'lister' })).toMatchObject({ status: 400 });
  });

  test('is put at the same moment by two, and is one role', async () => {
    const both = await Promise.all([root.putRole('lister', LISTERS), root.putRole('lister', LISTERS)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(both[0]?.body.data.id).toBe(both[1]?.body.data.id);
  });

  test('can hold the permissions that are listed, by type of thing', async () => {
    expect((await root.get('/api/svc/v1/role/actions')).body.data).toEqual([...PERMISSIONS]);
    expect((await root.get('/api/svc/v1/role/actions?resourceType=account')).body.data).toEqual(['tenant:AssignRole']);
    expect((await root.get('/api/svc/v1/role?resourceType=team')).body.data).toHaveLength(2);
    expect((await root.get('/api/svc/v1/role/list?limit=1')).body.data).toHaveLength(1);
  });
});

test.each([
  { field: 'displayName', what: 'NUL', text: 'a\0b', status: 400 },
  { field: 'description', what: 'NUL', text: 'a\0b', status: 400 },
  { field: 'description', what: 'too much', text: 'x'.repeat(1_001), status: 400 },
  { field: 'description', what: 'lines', text: 'two\nlines 😀', status: 200 },
])('$what in $field is answered in words, and never breaks anything', async ({ field, text, status }) => {
  expect((await root.createRole('lister', [], { [field]: text })).status).toBe(status);
  for (const role of ['a\0b', 'role or 1=1', '__proto__', '😀'])
    expect(await root.grant(ada.subject, role)).toMatchObject({ status: 422 });
  const permissions = ['default:a\0b', 'a\0b', ''].map((resourceFqn) => ({
    resourceType: 'team',
    resourceFqn,
    role: 'x',
  }));
  for (const one of permissions) {
    const asked = { name: 'odd', subjects: [{ type: 'user', name: 'ada@example.com' }], permissions: [one] };
    expect(await root.bind(asked)).toMatchObject({ status: 422 });
  }
});

describe('what a role permits', () => {
  test('is what its holders may do with the tokens they have, at once after an edit and after its removal', async () => {
    const id = await made();
    await root.grant(ada.subject, id);
    const may = async () => [(await ada.grants()).status, (await ada.get('/api/v1/settings/tokens')).status];
    expect(await may()).toEqual([200, 403]);
    await root.putRole('lister', ['settings:ListSettings']);
    expect(await may()).toEqual([403, 200]);
    expect(await root.removeRole(id)).toEqual({ status: 200, body: {} });
    expect(await may()).toEqual([403, 403]);
    expect(await root.role(id)).toMatchObject({ status: 404 });
    expect((await root.grants({ subject: ada.subject })).body.data).toHaveLength(1); // of a member, as before
  });

  test('costs one entry in the feed to change, however many hold it and however many tokens they have', async () => {
    const id = await made();
    for (const name of ['b', 'c', 'd']) {
      const { subject, caller } = await somebody(world, `user-${name}`);
      for (const token of ['x1x', 'x2x', 'x3x']) await world.pat({ ...caller, rights: root.caller.rights }, token);
      await root.grant(subject, id);
    }
    const changes = async () => (await world.rows('select * from change_log')).length;
    const before = await changes();
    await root.putRole('lister', []);
    expect((await changes()) - before).toBe(1);
    await root.removeRole(id);
    expect((await changes()) - before).toBe(2);
  });

  test('is told before it is deleted: who would lose it', async () => {
    const id = await made();
    await root.grant(ada.subject, id);
    await root.grant('team:everyone', id);
    expect((await root.removal(id)).body).toEqual({
      subjects: expect.arrayContaining([ada.subject, 'team:everyone']),
      total: 2,
    });
    expect(await ada.removal(id)).toMatchObject({ status: 404 });
    expect((await root.role(id)).status).toBe(200);
  });
});

describe('nobody comes by more than they hold through a role', () => {
  let maker: Somebody;
  beforeEach(async () => {
    maker = await somebody(world, 'maker');
    await made('maker-role', ['role:ManageRoles', 'role:ListRoles', 'tenant:AssignRole', 'user:ManageUsers']);
    await root.grant(maker.subject, 'maker-role');
  });

  test('by making one, by editing the one they hold, or by one that somebody else made', async () => {
    await made('strong', ['settings:ManageSettings']);
    const refused = { status: 403, body: { message: expect.stringMatching(/Nobody gives.*settings:ManageSettings/) } };
    expect(await maker.createRole('mine', ['settings:ManageSettings'])).toMatchObject(refused);
    expect(await maker.putRole('maker-role', ['settings:ManageSettings'])).toMatchObject(refused);
    expect(await maker.putRole('strong', [])).toMatchObject(refused);
    expect(await maker.grant(maker.subject, 'strong')).toMatchObject(refused);
    expect(await maker.createRole('mine', ['user:ManageUsers'])).toMatchObject({ status: 200 });
    expect(await maker.canI('settings:ManageSettings')).toBe(false);
    expect((await world.audit()).filter(({ decision }) => decision === 'denied').length).toBeGreaterThanOrEqual(2);
  });

  test('nor ends one that holds more', async () => {
    const id = await made('strong', ['settings:ManageSettings']);
    expect(await maker.removeRole(id)).toMatchObject({ status: 403 });
    expect((await root.role(id)).status).toBe(200);
  });
});

test('a member neither makes nor deletes one; who has no role does not see them', async () => {
  const id = await made();
  const nobody = await somebody(world, 'nobody');
  expect(await ada.createRole('mine', [])).toMatchObject({ status: 403 });
  expect(await ada.putRole('lister', [])).toMatchObject({ status: 403 });
  expect(await ada.removeRole(id)).toMatchObject({ status: 403 });
  expect((await ada.roles()).status).toBe(200);
  expect([(await nobody.roles()).status, (await nobody.role(id)).status]).toEqual([403, 404]);
});

test('of another tenant there is none, by id or by name', async () => {
  const id = await made();
  const { person } = await secondTenant(world);
  const theirs = askingOfRights(world, (await person('eve', 'tenant-admin')).token);
  expect(await theirs.role(id)).toMatchObject({ status: 404 });
  expect(await theirs.removeRole(id)).toMatchObject({ status: 404 });
  expect(await theirs.removal(id)).toMatchObject({ status: 404 });
  expect(await theirs.grant('user:eve@example.com', id)).toMatchObject({ status: 422 });
  expect(await theirs.grant('user:eve@example.com', 'lister')).toMatchObject({ status: 422 });
  expect((await theirs.putRole('lister', [])).body.data.id).not.toBe(id);
  expect((await root.role(id)).body.data.manifest.permissions).toEqual(LISTERS);
});
