import { beforeEach, describe, expect, test } from 'vitest';
import type { Team } from '#domain/team.ts';
import { statementsOf } from '#support/statements.ts';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { teamOf } from '../../authz/things.ts';
import { askingOfRights, somebody } from './rights.ts';

type Somebody = Awaited<ReturnType<typeof somebody>>;

let world: World;
let root: Somebody;
let ada: Somebody;
beforeEach(async () => {
  world = await openWorld();
  root = await somebody(world, 'root', 'tenant-admin');
  ada = await somebody(world, 'ada', 'tenant-member');
});
const action = 'metrics:Read';

describe('whether I may', () => {
  test('is what a decision would be, and asks the database nothing', async () => {
    await ada.canI(action); // from here on in memory
    const { result, statements } = await statementsOf(async () => [
      await ada.canI(action),
      await ada.canI('user:ListUsers'),
    ]);
    expect({ result, statements }).toEqual({ result: [false, true], statements: [] });
  });

  test('on one team is what its members and managers may', async () => {
    const team = await teamOf(world, ada.caller, 'mine', { isMember: false, isManager: true });
    expect(await ada.canI('team:ManageTeam', `team/${team.id}`)).toBe(true);
    expect(await ada.canI('team:ManageTeam')).toBe(false);
    expect(await root.canI('team:ManageTeam', `team/${team.id}`)).toBe(true);
  });

  test('asks about an action that there is, and a resource of a form that there is', async () => {
    expect(await ada.get('/api/v1/can-i?action=no:SuchThing')).toMatchObject({ status: 400 });
    expect(await ada.get('/api/v1/can-i')).toMatchObject({ status: 400 });
    expect(await ada.get(`/api/v1/can-i?action=${action}&resource=no/form`)).toMatchObject({ status: 422 });
    expect(await ada.get(`/api/v1/can-i?action=${action}&tenant=default`)).toMatchObject({ status: 400 });
  });
});

describe('why somebody may', () => {
  test('is the one grant that decides: their own, of a team, of everybody, of a binding', async () => {
    const { grant } = (await root.grant(ada.subject, 'metrics-reader')).body;
    const direct = {
      ...{ grant: grant.id, subject: ada.subject, role: { id: 'metrics-reader', name: 'metrics-reader' } },
      ...{ resource: '*', binding: null, via: 'grant' },
    };
    const allowed = { subject: ada.subject, allowed: true, missing: null, couldGive: null };
    expect(await ada.why({ action })).toEqual({ status: 200, body: { ...allowed, by: direct } });
    expect((await root.why({ action, subject: ada.subject })).body).toEqual({ ...allowed, by: direct });
    await root.ungrant(grant.id);

    await teamOf(world, ada.caller, 'platform', { isMember: true, isManager: false });
    const permissions = [{ resourceType: 'account', resourceFqn: 'default', role: 'metrics-reader' }];
    const subjects = [{ type: 'team', name: 'platform' }];
    const { id } = (await root.bind({ name: 'readers', subjects, permissions })).body.data;
    const by = { subject: 'team:platform', via: 'team', binding: { id, name: 'readers' } };
    expect((await ada.why({ action })).body).toMatchObject({ allowed: true, by });
    await root.unbind(id);

    await root.grant('team:everyone', 'metrics-reader');
    expect((await ada.why({ action })).body.by).toMatchObject({ subject: 'team:everyone', via: 'everyone' });
  });

  test('is a membership, where that gives it', async () => {
    const team = await teamOf(world, ada.caller, 'platform', { isMember: true, isManager: false });
    const { body } = await ada.why({ action: 'team:ReadTeam', resource: `team/${team.id}` });
    expect(body).toMatchObject({ allowed: true, by: { grant: null, subject: 'team:platform', via: 'membership' } });
  });

  test('or what is missing, and who could give it: whoever holds both, and is active', async () => {
    const giver = await somebody(world, 'giver');
    await root.createRole('giver', ['tenant:AssignRole', 'user:ManageUsers']);
    await root.grant(giver.subject, 'giver');
    const gone = await somebody(world, 'gone', 'tenant-admin');
    await world.deactivate(gone.caller);
    expect((await ada.why({ action })).body).toEqual({
      ...{ subject: ada.subject, allowed: false, by: null, missing: action, couldGive: [root.subject] },
    });
    const { body } = await ada.why({ action: 'user:ManageUsers' });
    expect(body.couldGive.sort()).toEqual([giver.subject, root.subject]);
    expect((await giver.why({ action })).body).toMatchObject({ allowed: false, couldGive: null });
  });

  test('is told by as many statements and rows however many could give it', async () => {
    const asked = async () => (await statementsOf(() => ada.why({ action }))).rows;
    for (let one = 0; one < 45; one += 1) await world.user(`giver-${one}`, 'tenant-admin');
    const { body } = await ada.why({ action });
    expect(body.couldGive).toHaveLength(20);
    const before = await asked();
    for (let one = 45; one < 70; one += 1) await world.user(`giver-${one}`, 'tenant-admin');
    expect(await asked()).toBe(before);
  });

  test('of others is told to who may see it, whether they are there or not', async () => {
    const [there, absent] = [root.subject, 'user:nobody@example.com'];
    const [one, other] = [await ada.why({ action, subject: there }), await ada.why({ action, subject: absent })];
    expect(one).toMatchObject({ status: 403 });
    expect(one).toEqual(other);
    expect(await root.why({ action, subject: absent })).toMatchObject({ status: 404 });
    expect(await root.why({ action, subject: 'team:everyone' })).toMatchObject({ status: 422 });
  });

  test('on a team that one may not know of is the same as on none', async () => {
    const hidden: Team = await teamOf(world, root.caller, 'hidden', { isMember: true, isManager: true });
    const asked = (id: string) => ada.why({ action: 'team:ManageTeam', resource: `team/${id}` });
    const there = await asked(hidden.id);
    expect(there).toMatchObject({ status: 200, body: { allowed: false } });
    expect(there).toEqual(await asked('c00000000000000000000000'));
  });
});

describe('grants', () => {
  test('are listed a page at a time, of one subject, on one resource, or all', async () => {
    const made = (await root.grant(ada.subject, 'metrics-reader')).body.grant;
    expect(made).toEqual({
      ...{ id: expect.any(String), subject: ada.subject, role: { id: 'metrics-reader', name: 'metrics-reader' } },
      ...{ resource: '*', binding: null },
    });
    const all = (await root.grants()).body;
    expect(all.pagination).toEqual({ total: 3, offset: 0, limit: 100 });
    expect(all.data).toContainEqual(made);
    expect((await root.grants({ limit: '1', offset: '1' })).body.data).toEqual([all.data[1]]);
    expect((await root.grants({ subject: ada.subject, resource: '*' })).body.pagination.total).toBe(2);
    expect((await root.grants({ resource: 'team/c00000000000000000000000' })).body.data).toEqual([]);
    expect(await ada.grants()).toMatchObject({ status: 403 });
    expect(await root.grants({ subject: 'user:no@example.com' })).toMatchObject({ status: 422 });
  });

  test('are taken back by their id, once; the role is gone from the next request on', async () => {
    const { id } = (await root.grant(ada.subject, 'metrics-reader')).body.grant;
    expect(await ada.canI(action)).toBe(true);
    expect(await ada.ungrant(id)).toMatchObject({ status: 403 });
    expect(await root.ungrant(id)).toEqual({ status: 200, body: {} });
    expect(await ada.canI(action)).toBe(false);
    expect(await root.ungrant(id)).toMatchObject({ status: 404 });
    expect(await root.ungrant('not-an-id')).toMatchObject({ status: 404 });
  });

  test('of who holds what stand in the audit with ids, and no names', async () => {
    await root.grant(ada.subject, 'metrics-reader');
    const entry = (await world.audit()).at(-1);
    expect(entry).toMatchObject({
      ...{ action: 'tenant:AssignRole', resource: '*', decision: 'allowed' },
      details: { subject: ada.caller.principal.id, role: 'metrics-reader' },
    });
    expect(JSON.stringify(entry)).not.toContain('ada@');
  });

  test('of another tenant are not there', async () => {
    const { id } = (await root.grant(ada.subject, 'metrics-reader')).body.grant;
    const { person } = await secondTenant(world);
    const theirs = askingOfRights(world, (await person('eve', 'tenant-admin')).token);
    expect(await theirs.ungrant(id)).toMatchObject({ status: 404 });
    expect((await theirs.grants()).body.pagination.total).toBe(1);
    expect(await theirs.grant(ada.subject, 'metrics-reader')).toMatchObject({ status: 422 });
    expect(await theirs.why({ action, subject: ada.subject })).toMatchObject({ status: 404 });
  });

  test('what a giver loses meanwhile they give no more: role and gift at the same moment', async () => {
    const giver = await somebody(world, 'giver');
    const { id } = (await root.createRole('giver', ['tenant:AssignRole', action])).body.data;
    await root.grant(giver.subject, 'giver');
    await Promise.all([root.removeRole(id), giver.grant(giver.subject, 'metrics-reader')]);
    const held = (await root.grants({ subject: giver.subject })).body.data as { role: { id: string } }[];
    expect(held.map(({ role }) => role.id)).not.toContain(id);
    expect((await giver.grant(ada.subject, 'metrics-reader')).status).toBe(403);
  });
});
