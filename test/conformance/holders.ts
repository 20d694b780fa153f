import type { SQLInputValue } from 'node:sqlite';
import { beforeEach, describe, expect, test } from 'vitest';
import { onTenant, type SubjectId } from '#domain/grant.ts';
import type { PrincipalRecord } from '#domain/principal.ts';
import type { RoleId } from '#domain/role.ts';
import type { Team } from '#domain/team.ts';
import { type Asked, statementsOf } from '#support/statements.ts';
import type { Adapter } from './adapters.ts';
import { newId, newTeam, openWorld, type StoreWorld, userIn } from './world.ts';

const MEMBER = { isMember: true, isManager: false } as const;
const REFUSED = { code: 'internal', detail: expect.stringContaining('does not carry a valid MAC') };

/** What `Store` promises of who holds a role on the whole tenant, where that decides whether somebody may leave, or is made. */
export function holdersConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about who holds a role`, () => {
    let world: StoreWorld;
    let bob: PrincipalRecord;
    beforeEach(async () => {
      world = await openWorld(adapter);
      bob = await userIn(world.store, world.acme.id, 'bob');
    });

    const write: StoreWorld['store']['transact'] = (body) => world.store.transact(body);
    const give = (subject: SubjectId, role: RoleId = 'tenant-admin', own: object = {}, tenant = world.acme) =>
      write((tx) => tx.grants.add(tenant.id, { ...onTenant(newId(), subject, role), ...own }));
    const setActive = (user: PrincipalRecord, isActive: boolean) =>
      write((tx) => tx.principals.setActive(world.acme.id, user.id, isActive, 9));
    const setPassword = (user: PrincipalRecord) =>
      write((tx) => tx.principals.setPassword(world.acme.id, user.id, '$hash', 9));
    async function teamOf(...members: readonly PrincipalRecord[]): Promise<Team> {
      const team = newTeam('ops');
      await write((tx) => tx.teams.insert(world.acme.id, team));
      const all = members.map(({ id }) => ({ principal: id, ...MEMBER }));
      await write((tx) => tx.teams.setMembers(world.acme.id, team.id, all));
      return team;
    }
    async function forge(table: string, set: string, value: SQLInputValue, id: string) {
      const column = table === 'role_grant' ? 'subject' : table === 'principal' ? 'id' : 'principal';
      expect(await world.raw.run(`update ${table} set ${set} = ? where ${column} = ?`, value, id)).toBe(1);
    }
    const anyHolds = () => world.store.grants.anyHolds(world.acme.id, 'tenant-admin');
    const anyLeft = () => world.store.grants.anyLeft(world.acme.id, 'tenant-admin');
    const both = async () => [await anyHolds(), await anyLeft()];

    test('active users alone count, on the whole tenant, and of this tenant', async () => {
      await setPassword(bob);
      await give(bob.id, 'tenant-admin', { resource: 'team/t' });
      await give(bob.id, 'tenant-admin', {}, world.other);
      const account = await userIn(world.store, world.acme.id, 'robot', [], { kind: 'virtual_account' });
      await give(account.id);
      const gone = await userIn(world.store, world.acme.id, 'gone', ['tenant-admin'], { active: false });
      expect(await both()).toEqual([false, false]);
      await give(bob.id);
      expect(await both()).toEqual([true, true]);
      await setActive(bob, false);
      expect(await both()).toEqual([false, false]);
      await setActive(gone, true);
      expect(await both()).toEqual([true, false]); // who never could sign in is nobody who is left
    });

    test('whoever holds it by a team that has somebody active counts, and by everybody', async () => {
      await setPassword(bob);
      const team = await teamOf();
      await give(team.id);
      expect(await both()).toEqual([false, false]);
      await write((tx) => tx.teams.setMembers(world.acme.id, team.id, [{ principal: bob.id, ...MEMBER }]));
      expect(await both()).toEqual([true, true]);
      await setActive(bob, false);
      expect(await both()).toEqual([false, false]);
      await give(world.acme.id);
      expect(await both()).toEqual([true, false]);
      await setPassword(world.alice);
      expect(await both()).toEqual([true, true]);
    });

    test('one who can sign in is found behind any number of others who cannot', async () => {
      await give(world.acme.id);
      for (let one = 0; one < 250; one += 1) await userIn(world.store, world.acme.id, `user-${one}`);
      expect(await anyLeft()).toBe(false);
      await setPassword(await userIn(world.store, world.acme.id, 'last', [], { id: 'z'.repeat(24) as never }));
      expect(await anyLeft()).toBe(true);
    });

    test('a grant that does not prove itself keeps nobody from leaving, and counts for nobody', async () => {
      await setPassword(bob);
      await give(world.alice.id);
      await forge('role_grant', 'role', 'tenant-admin', await memberGrant());
      expect(await anyLeft()).toBe(false);
      await give(bob.id);
      expect(await anyLeft()).toBe(true);
    });
    /** Somebody more, whose grant is of less. */
    async function memberGrant(): Promise<string> {
      const eve = await userIn(world.store, world.acme.id, 'eve', ['tenant-member']);
      await setPassword(eve);
      return eve.id;
    }

    test.each([
      ['principal', 'active', 1],
      ['password', 'hash', '$mallorys'],
    ])('who can sign in by a row of %s that does not prove itself is not left', async (table, column, value) => {
      await give(bob.id);
      await setPassword(bob);
      if (table === 'principal') await setActive(bob, false);
      await forge(table, column, value, bob.id);
      expect(await anyLeft()).toBe(false);
    });

    test('who is of a team by a row that does not prove itself is not left', async () => {
      await setPassword(bob);
      const team = await teamOf(world.alice);
      await give(team.id);
      await forge('team_member', 'principal', bob.id, world.alice.id);
      expect(await anyLeft()).toBe(false);
      await expect(anyHolds()).rejects.toMatchObject(REFUSED);
    });

    test.each([
      ['role_grant', 'role', 'tenant-member'],
      ['role_grant', 'resource', 'team/t'],
      ['principal', 'active', 0],
      ['principal', 'kind', 'virtual_account'],
    ])('set-up is not told that nobody holds it where that was written into %s %s', async (table, column, value) => {
      await give(bob.id);
      await forge(table, column, value, bob.id);
      await expect(anyHolds()).rejects.toMatchObject(REFUSED);
      expect(await anyLeft()).toBe(false);
    });

    test('whoever holds one of each by grants of their own is found, who is active; at most so many', async () => {
      const { store, acme, alice, other } = world;
      const found = (limit = 9) =>
        store.grants.holdersOfEach(
          acme.id,
          [
            ['metrics-reader', 'tenant-admin'],
            ['model-user', 'tenant-admin'],
          ],
          limit,
        );
      const team = await teamOf(alice);
      for (const role of ['metrics-reader', 'model-user'] as const) await give(team.id, role);
      await give(bob.id, 'metrics-reader');
      await give(bob.id, 'model-user', { resource: 'team/t' });
      await give(alice.id, 'tenant-admin', {}, other);
      expect(await found()).toEqual([team.id]);
      await give(bob.id, 'model-user');
      await give(alice.id);
      await give(acme.id);
      const all = [acme.id, alice.id, bob.id, team.id].sort();
      expect(await found()).toEqual(all);
      expect(await found(2)).toEqual(all.slice(0, 2));
      await setActive(bob, false);
      expect(await found()).toEqual(all.filter((id) => id !== bob.id));
      expect(await store.grants.holdersOfEach(acme.id, [['tenant-admin'], []], 9)).toEqual([]);
      await forge('role_grant', 'role', 'tenant-admin', (await userIn(store, acme.id, 'eve', ['tenant-member'])).id);
      await expect(found()).rejects.toMatchObject(REFUSED);
    });

    test('as many rows are read as are told, however many hold it', async () => {
      const { store, acme } = world;
      for (let one = 0; one < 60; one += 1) await userIn(store, acme.id, `user-${one}`, ['tenant-admin']);
      const asked: Asked<unknown> = await statementsOf(() =>
        store.grants.holdersOfEach(acme.id, [['tenant-admin'], ['tenant-admin']], 5),
      );
      expect([asked.statements.length, asked.rows]).toEqual([2, 10]);
    });
  });
}
