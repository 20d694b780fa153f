import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Grant, type Holding, onTenant, type SubjectId } from '#domain/grant.ts';
import type { PrincipalRecord } from '#domain/principal.ts';
import { allHoldings, allows, compile, deciding, tenantWide } from '#domain/rights.ts';
import { builtIn, type CustomRole, type RoleId } from '#domain/role.ts';
import type { Team, TeamMember } from '#domain/team.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Store, Transaction } from '#ports/store.ts';
import { ANYBODYS, everything, MODEL, type Model, may } from '#support/rights-model.ts';
import type { Adapter } from './adapters.ts';
import { heldBy, newBinding, newId, newRole, newTeam, openWorld, sessionOf, userIn } from './world.ts';

const MEMBER = { isMember: true, isManager: false } as const;

/** What `Store` promises of grants, and of what somebody may by them, sentence by sentence. */
export function rightsConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about rights`, () => {
    let store: Store;
    let acme: Tenant;
    let other: Tenant;
    let alice: PrincipalRecord;
    let bob: PrincipalRecord;
    beforeEach(async () => {
      ({ store, acme, other, alice } = await openWorld(adapter));
      bob = await userIn(store, acme.id, 'bob');
    });

    const write = <Result>(body: (tx: Transaction) => Promise<Result>) => store.transact(body);
    const grant = (subject: SubjectId, role: RoleId, own: Partial<Grant> = {}): Grant => ({
      ...onTenant(newId(), subject, role),
      ...own,
    });
    const add = (one: Grant, tenant = acme) => write((tx) => tx.grants.add(tenant.id, one));
    async function added(...given: Parameters<typeof grant>): Promise<Grant> {
      const one = grant(...given);
      expect(await add(one)).toBe(true);
      return one;
    }
    async function teamOf(name: string, ...members: readonly TeamMember[]): Promise<Team> {
      const team = newTeam(name);
      await write((tx) => tx.teams.insert(acme.id, team));
      await write((tx) => tx.teams.setMembers(acme.id, team.id, members));
      return team;
    }
    async function roleOf(name: string, own: Partial<CustomRole> = {}): Promise<CustomRole> {
      const role = newRole(name, own);
      await write((tx) => tx.roles.insert(acme.id, role));
      return role;
    }
    const held = async (who = alice) => {
      const { memberships, holdings } = await store.grants.heldBy(acme.id, who);
      return { memberships, grants: byId(holdings.map(({ role, ...one }) => ({ ...one, role: role.id }))) };
    };
    const byId = <One extends { readonly id: string | undefined }>(all: readonly One[]) =>
      all.toSorted((one, two) => (String(one.id) < String(two.id) ? -1 : 1));
    const rolesOf = async (who = alice) => (await held(who)).grants.map(({ role }) => role).sort();

    describe('what somebody holds', () => {
      test('is their own grants, those of their teams, and those of everybody, each as it was given', async () => {
        const team = await teamOf('ops', { principal: alice.id, ...MEMBER });
        const grants = [
          await added(alice.id, 'metrics-reader'),
          await added(team.id, 'tenant-member'),
          await added(acme.id, 'metrics-reader'),
          await added(alice.id, 'team-manager', { resource: 'team/t' }),
        ];
        const [own] = await store.grants.ofSubjects(acme.id, [alice.id]);
        const { memberships, grants: found } = await held();
        expect(memberships).toEqual([{ team: team.id, ...MEMBER }]);
        const first = (await store.grants.withRole(acme.id, 'tenant-member')).filter((one) => one.subject === alice.id);
        expect(found).toEqual(byId([...grants, ...first]));
        expect(own).toBeDefined();
      });

      test('is nothing of anybody else’s, of no team of others, and of no other tenant', async () => {
        const team = await teamOf('ops', { principal: alice.id, ...MEMBER });
        await added(team.id, 'tenant-admin');
        await added(alice.id, 'tenant-admin');
        await add(grant(bob.id, 'tenant-admin'), other);
        await add(grant(other.id, 'tenant-admin'), other);
        expect(await held(bob)).toEqual({ memberships: [], grants: [] });
        expect(await store.grants.heldBy(other.id, alice)).toMatchObject({ memberships: [] });
        expect(await store.grants.heldBy(acme.id, { id: newId(), kind: 'user' })).toEqual({
          ...{ memberships: [], holdings: [] },
        });
      });

      test('by everybody is held by every user, who comes later too, and by no virtual account', async () => {
        await added(acme.id, 'metrics-reader');
        const account = await userIn(store, acme.id, 'robot', [], { kind: 'virtual_account' });
        expect(await rolesOf(bob)).toEqual(['metrics-reader']);
        expect(await rolesOf(await userIn(store, acme.id, 'carol'))).toEqual(['metrics-reader']);
        expect(await rolesOf(account)).toEqual([]);
        await added(account.id, 'tenant-member');
        expect(await rolesOf(account)).toEqual(['tenant-member']);
      });

      test('is held in several teams, and ends with each: a membership, a grant, a team', async () => {
        const mine = { principal: bob.id, ...MEMBER };
        const [ops, dev] = [await teamOf('ops', mine), await teamOf('dev', { ...mine, isManager: true })];
        const [first] = [await added(ops.id, 'metrics-reader'), await added(ops.id, 'tenant-member')];
        await added(dev.id, 'metrics-reader');
        expect(await rolesOf(bob)).toEqual(['metrics-reader', 'metrics-reader', 'tenant-member']);
        expect(new Set((await held(bob)).memberships)).toEqual(
          new Set([
            { team: ops.id, ...MEMBER },
            { team: dev.id, isMember: true, isManager: true },
          ]),
        );
        await write((tx) => tx.grants.remove(acme.id, [first.id]));
        expect(await rolesOf(bob)).toEqual(['metrics-reader', 'tenant-member']);
        await write((tx) => tx.teams.setMembers(acme.id, ops.id, [{ ...mine, isMember: false }]));
        expect(await rolesOf(bob)).toEqual(['metrics-reader']);
        await write((tx) => tx.teams.remove(acme.id, dev.id));
        expect((await held(bob)).memberships).toEqual([]);
      });

      test('in a custom role is what the role is now, and nothing once it is gone', async () => {
        const role = await roleOf('deployer', { permissions: ['metrics:Read'] });
        const team = await teamOf('ops', { principal: bob.id, ...MEMBER });
        await added(team.id, role.id);
        const permissions = async () =>
          (await store.grants.heldBy(acme.id, bob)).holdings.map((one) => [one.role.name, one.role.permissions]);
        expect(await permissions()).toEqual([['deployer', ['metrics:Read']]]);
        await write((tx) => tx.roles.update(acme.id, { ...role, permissions: ['role:ListRoles', 'team:ReadTeam'] }));
        expect(await permissions()).toEqual([['deployer', ['role:ListRoles', 'team:ReadTeam']]]);
        await write((tx) => tx.roles.remove(acme.id, role.id));
        expect(await permissions()).toEqual([]);
        expect(await store.grants.withRole(acme.id, role.id)).toHaveLength(1);
      });

      test('is told in a transaction as it stands there', async () => {
        const { roles, undone } = { roles: [] as string[], undone: new Error('undone') };
        const undoing = write(async (tx) => {
          await tx.grants.add(acme.id, grant(bob.id, 'tenant-admin'));
          for (const { role } of (await tx.grants.heldBy(acme.id, bob)).holdings) roles.push(role.id);
          throw undone;
        });
        await expect(undoing).rejects.toBe(undone);
        expect([roles, await rolesOf(bob)]).toEqual([['tenant-admin'], []]);
      });
    });

    describe('grants', () => {
      test('false, and nothing written, when there is the same', async () => {
        const one = await added(bob.id, 'tenant-member');
        expect(await add(grant(bob.id, 'tenant-member'))).toBe(false);
        expect(await store.grants.ofSubjects(acme.id, [bob.id])).toEqual([one]);
        await added(bob.id, 'tenant-member', { resource: 'team/t' });
        await added(acme.id, 'tenant-member');
        expect(await add(grant(bob.id, 'tenant-member'), other)).toBe(true);
      });

      test('are held by a binding and directly side by side, by each once; and end apart', async () => {
        const [one, two] = [newBinding('first-one'), newBinding('second-one')];
        for (const each of [one, two]) await write((tx) => tx.roleBindings.insert(acme.id, each));
        const all = [
          await added(bob.id, 'tenant-member'),
          await added(bob.id, 'tenant-member', { binding: one.id }),
          await added(bob.id, 'tenant-member', { binding: two.id }),
        ];
        expect(await add(grant(bob.id, 'tenant-member', { binding: two.id }))).toBe(false);
        expect((await held(bob)).grants).toEqual(byId(all));
        expect(await store.grants.ofBindings(acme.id, [one.id])).toEqual([all[1]]);
        await write((tx) => tx.grants.remove(acme.id, [all[0]?.id as Grant['id'], newId()]));
        expect(await rolesOf(bob)).toEqual(['tenant-member', 'tenant-member']);
        await write((tx) => tx.grants.remove(acme.id, []));
        expect(await store.grants.ofBindings(acme.id, [])).toEqual([]);
      });

      test('are found by id, by whose they are, by what they are on, by role and by binding, in the order of their ids', async () => {
        const binding = newBinding('deployers');
        await write((tx) => tx.roleBindings.insert(acme.id, binding));
        const resource = 'team/t';
        const all: Grant[] = [];
        for (const role of ['team-manager', 'metrics-reader', 'model-user'] as const)
          for (const subject of [bob.id, acme.id])
            all.push(await added(subject, role, { resource, binding: binding.id }));
        const { grants } = store;
        expect(await grants.get(acme.id, all[0]?.id as Grant['id'])).toEqual(all[0]);
        expect(await grants.get(other.id, all[0]?.id as Grant['id'])).toBeUndefined();
        expect(await grants.ofSubjects(acme.id, [bob.id, acme.id, newId()])).toEqual(byId(all));
        expect(await grants.ofSubjects(acme.id, [])).toEqual([]);
        expect(await grants.onResource(acme.id, resource)).toEqual(byId(all));
        expect(await grants.onResource(acme.id, 'team/u')).toEqual([]);
        expect(await grants.withRole(acme.id, 'model-user')).toEqual(byId(all.slice(4)));
        expect(await grants.ofBindings(acme.id, [binding.id])).toEqual(byId(all));
        expect(await grants.ofSubjects(other.id, [bob.id])).toEqual([]);
      });

      test('are listed a page at a time, of a subject, on a resource, of both, or all', async () => {
        const there = { resource: 'team/t' } as const;
        const all = byId([
          ...[await added(bob.id, 'team-manager', there), await added(bob.id, 'metrics-reader')],
          ...[await added(acme.id, 'metrics-reader', there), ...(await store.grants.ofSubjects(acme.id, [alice.id]))],
        ]);
        const list = (page: object) => store.grants.list(acme.id, { limit: 100, offset: 0, ...page });
        const of = (isMeant: (one: Grant) => boolean) => ({
          rows: all.filter(isMeant),
          total: all.filter(isMeant).length,
        });
        expect(await list({})).toEqual({ rows: all, total: 4 });
        expect(await list({ limit: 2, offset: 1 })).toEqual({ rows: all.slice(1, 3), total: 4 });
        expect(await list({ offset: 9 })).toEqual({ rows: [], total: 4 });
        expect(await list({ subject: bob.id })).toEqual(of(({ subject }) => subject === bob.id));
        expect(await list(there)).toEqual(of(({ resource }) => resource === 'team/t'));
        expect(await list({ ...there, subject: bob.id, limit: 1 })).toMatchObject({ total: 1 });
        expect(await store.grants.list(other.id, { limit: 9, offset: 0 })).toEqual({ rows: [], total: 0 });
      });

      test('of more subjects than one statement asks for are found in the order of their ids', async () => {
        const subjects = Array.from({ length: 1_100 }, () => newId<'Team'>());
        const made = subjects.filter((_, at) => at % 300 === 0).map((subject) => grant(subject, 'metrics-reader'));
        await write(async (tx) => {
          for (const one of made) await tx.grants.add(acme.id, one);
        });
        expect(await store.grants.ofSubjects(acme.id, subjects)).toEqual(byId(made));
      });
    });

    describe('a credential that is accepted', () => {
      test('may what its principal holds by all ways, and rests on their teams and on roles that can be edited', async () => {
        const role = await roleOf('deployer', { permissions: ['metrics:Read'] });
        const team = await teamOf('ops', { principal: alice.id, isMember: false, isManager: true });
        await added(team.id, role.id);
        await added(acme.id, 'metrics-reader');
        const { pat, token, digest } = await heldBy(store, acme.id, alice.id, 'deploy');
        const { session, digest: cookie } = await sessionOf(store, acme.id, alice.id);
        const rights = compile([
          ...tenantWide(builtIn('tenant-member'), builtIn('metrics-reader'), role),
          ...(['team-member', 'team-manager'] as const).map(
            (id) => ({ role: builtIn(id), resource: `team/${team.id}` }) as const,
          ),
        ]);
        const moving = [alice.id, acme.id, team.id, role.id];
        const byDigest = await store.tokens.byDigest([digest]);
        expect(byDigest).toMatchObject({ restsOn: [token.id, pat.id, ...moving] });
        expect(byDigest?.rights).toBe(rights);
        expect(await store.tokens.byGeneration(acme.id, pat.id, 1)).toEqual(byDigest);
        const bySession = await store.sessions.byDigest([cookie]);
        expect(bySession).toMatchObject({ restsOn: [session.id, ...moving] });
        expect(bySession?.rights).toBe(rights);
        expect(await store.sessions.byId(acme.id, session.id)).toEqual(bySession);
      });

      test('has the rights of the moment: each change of a team, a grant or a role shows in the next read', async () => {
        const role = await roleOf('deployer', { permissions: ['metrics:Read'] });
        const team = await teamOf('ops');
        const { digest } = await heldBy(store, acme.id, bob.id, 'deploy');
        const mayRead = async () => {
          const known = await store.tokens.byDigest([digest]);
          return known !== undefined && allows(known.rights, 'metrics:Read');
        };
        const seen = [await mayRead()];
        const steps: readonly ((tx: Transaction) => Promise<unknown>)[] = [
          (tx) => tx.teams.setMembers(acme.id, team.id, [{ principal: bob.id, ...MEMBER }]),
          (tx) => tx.grants.add(acme.id, grant(team.id, role.id)),
          (tx) => tx.roles.update(acme.id, { ...role, permissions: [] }),
          (tx) => tx.roles.update(acme.id, role),
          (tx) => tx.teams.remove(acme.id, team.id),
          (tx) => tx.grants.add(acme.id, grant(acme.id, role.id)),
          (tx) => tx.roles.remove(acme.id, role.id),
        ];
        for (const step of steps) {
          await write(step);
          seen.push(await mayRead());
        }
        expect(seen).toEqual([false, false, true, false, true, false, true, false]);
      });
    });

    test('of people, teams, roles and grants of chance, everybody may exactly what the grants say', async () => {
      await fc.assert(
        fc.asyncProperty(MODEL, async (model) => {
          const tenant = { ...model, tenant: await written(store, model) };
          for (const user of model.users) {
            const holdings: readonly Holding[] = allHoldings(await store.grants.heldBy(tenant.tenant.id, user));
            const rights = compile(holdings);
            for (const { action, place } of everything()) {
              const expected = may(model, user, action, place);
              expect(allows(rights, action, place), `${user.name} ${action} ${place}`).toBe(expected);
              if (!ANYBODYS.includes(action)) expect(deciding(holdings, action, place) !== undefined).toBe(expected);
            }
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}

/** In a tenant of its own; ids are of the model, but the tenant's, which stands for everybody. */
async function written(store: Store, model: Model): Promise<Tenant> {
  const tenant: Tenant = { id: newId(), name: `t${newId().slice(0, 12)}` as Tenant['name'] };
  await store.transact(async (tx) => {
    await tx.tenants.insert(tenant);
    for (const { id, kind, name } of model.users)
      await tx.principals.insert(tenant.id, { ...{ id, kind, name, active: true }, ...TIMES });
    for (const [at, id] of model.teams.entries()) await tx.teams.insert(tenant.id, newTeam(`team-${at}`, { id }));
    for (const { user, team, ...is } of model.belongs)
      await tx.teams.setMembers(tenant.id, team, [{ principal: user as PrincipalRecord['id'], ...is }]);
    for (const { id, name, permissions } of model.roles)
      await tx.roles.insert(tenant.id, newRole(name, { id: id as CustomRole['id'], permissions }));
    for (const { subject, role, resource } of model.grants) {
      const whose = (subject === model.everybody ? tenant.id : subject) as SubjectId;
      await tx.grants.add(tenant.id, { ...onTenant(newId(), whose, role.id), resource });
    }
  });
  return tenant;
}

const TIMES = { createdAt: 1, updatedAt: 1, removedAt: undefined } as const;
