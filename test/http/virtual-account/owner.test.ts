import { beforeEach, expect, test } from 'vitest';
import type { Permission } from '#domain/permission.ts';
import { openWorld, type World } from '#support/world.ts';
import { give, roleOf } from '../../authz/things.ts';
import { statusOf } from '../asked.ts';
import { ABSENT, accounting, as, ON_TENANT } from './accounts.ts';

let world: World;
let admin: ReturnType<typeof accounting>;
let ada: ReturnType<typeof accounting>;
let bob: ReturnType<typeof accounting>;
let team: string;
beforeEach(async () => {
  world = await openWorld();
  admin = accounting(world, (await world.person('admin', 'tenant-admin')).token);
  ada = accounting(world, (await world.person('ada', 'tenant-member')).token);
  bob = accounting(world, (await world.person('bob', 'tenant-member')).token);
  const { body } = await admin.teaming({ name: 'platform', members: ['ada@example.com'] });
  team = body.data.id;
});

const OWNED = { name: 'ci-gateway', ownedBy: { team: 'platform' } };

test('whoever is in the team that owns an account does all with it, and nobody else does', async () => {
  const { body } = await admin.put({ ...OWNED, permissions: [ON_TENANT] });
  const { id } = body.data;
  expect(await ada.account(id)).toMatchObject({
    status: 200,
    body: { data: { manifest: { ownedBy: { team: 'platform' } } } },
  });
  expect((await ada.read(id)).body).toEqual({ token: body.token });
  expect(await ada.regenerate(id, { gracePeriodInMinutes: 5 })).toMatchObject({ status: 200 });
  expect(await ada.put({ ...OWNED, tags: { by: 'ada' } })).toMatchObject({ status: 200 });
  expect([await bob.account(id), (await bob.read(id)).status, (await bob.put(OWNED)).status]).toEqual([
    ABSENT,
    403,
    403,
  ]);
  await admin.join(team, { subject: 'user:bob@example.com' });
  expect((await bob.account(id)).status).toBe(200);
  await admin.take(team, 'user:bob@example.com');
  expect(await bob.account(id)).toEqual(ABSENT);
  expect((await ada.remove(id)).status).toBe(200);
});

test('whoever manages an account gives it no more than they hold', async () => {
  await admin.put(OWNED);
  const admins = [{ ...ON_TENANT, role_id: 'tenant-admin' }];
  const { status, body } = await ada.put({ ...OWNED, permissions: admins });
  expect({ status, message: body.message }).toEqual({
    status: 403,
    message: expect.stringContaining('more than they hold'),
  });
  expect((await admin.put({ ...OWNED, permissions: admins })).status).toBe(200);
});

test('whoever holds a role that makes accounts makes them for a team of their own, and no others', async () => {
  const makes: readonly Permission[] = ['virtual-account:CreateVirtualAccount'];
  const carol = await world.user('carol', 'tenant-member');
  await give(world, carol, await roleOf(world, carol, 'makes-accounts', makes));
  const by = accounting(world, await world.pat(carol, 'first'));
  expect(await by.put({ name: 'unowned' })).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining('ownedBy.team') },
  });
  expect(await by.put(OWNED)).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining('do not belong') },
  });
  await admin.join(team, { subject: 'user:carol@example.com' });
  const { status, body } = await by.put(OWNED);
  expect({ status, works: await statusOf(world, body.token) }).toEqual({ status: 200, works: 200 });
  expect(await by.put({ ...OWNED, tags: { a: 1 } })).toMatchObject({ status: 200 });
});

test('an account goes from team to team, and with it who manages it', async () => {
  const { body } = await admin.put(OWNED);
  await admin.teaming({ name: 'other', members: ['bob@example.com'] });
  expect((await admin.put({ ...OWNED, ownedBy: { team: 'other' } })).status).toBe(200);
  expect([(await ada.account(body.data.id)).status, (await bob.account(body.data.id)).status]).toEqual([404, 200]);
  expect((await admin.put({ name: 'ci-gateway' })).body.data.manifest).not.toHaveProperty('ownedBy');
  expect((await bob.account(body.data.id)).status).toBe(404);
});

test('an account acts by what it holds, and not by who made it', async () => {
  const { body } = await admin.put({ name: 'ci-gateway', permissions: [ON_TENANT] });
  const account = as(world, body.token);
  expect((await account.whoami()).body).toMatchObject({ principal: { kind: 'virtual_account', name: 'ci-gateway' } });
  expect((await account.ask({ method: 'GET', path: '/metrics' }).catch(() => ({ status: 200 }))).status).toBe(200);
  expect((await account.put({ name: 'another' })).status).toBe(403);
  expect((await account.accounts()).body.data).toEqual([]);
});
