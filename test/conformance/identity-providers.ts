import { beforeEach, describe, expect, test } from 'vitest';
import type { ExternalIdentity } from '#domain/external-identity.ts';
import { onTenant } from '#domain/grant.ts';
import type { IdentityProvider, ProviderInput } from '#domain/identity-provider.ts';
import type { PrincipalRecord } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Mapped } from '#ports/identity-providers.ts';
import type { Store } from '#ports/store.ts';
import type { Adapter } from './adapters.ts';
import { accountIn, newId, newProvider, newTeam, openWorld, userIn } from './world.ts';

/** What `Store` promises of identity providers and of whom they map, sentence by sentence. */
export function identityProviderConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about identity providers`, () => {
    let store: Store;
    let acme: Tenant;
    let other: Tenant;
    let alice: PrincipalRecord;
    beforeEach(async () => {
      ({ store, acme, other, alice } = await openWorld(adapter));
    });
    const insert = (provider: IdentityProvider, tenant = acme) =>
      store.transact((tx) => tx.identityProviders.insert(tenant.id, provider));
    const update = (provider: IdentityProvider) =>
      store.transact((tx) => tx.identityProviders.update(acme.id, provider));
    const remove = ({ id }: IdentityProvider) => store.transact((tx) => tx.identityProviders.remove(acme.id, id));
    async function made(name: string, input: Partial<ProviderInput> = {}, tenant = acme): Promise<IdentityProvider> {
      const provider = newProvider(name, { audiences: [name], ...input });
      expect(await insert(provider, tenant)).toBeUndefined();
      return provider;
    }
    const get = ({ id }: IdentityProvider, tenant = acme) => store.identityProviders.get(tenant.id, id);
    const map = (mapped: Mapped, provider: IdentityProvider, ...values: readonly string[]) =>
      store.transact((tx) =>
        tx.identityProviders.setMappings(
          acme.id,
          mapped,
          values.map((value) => ({ provider: provider.id, value })),
        ),
      );
    const account = async (name: string) => {
      const { account: robot } = await accountIn(store, acme.id, name);
      return { kind: 'virtual_account', id: robot.id } as const;
    };
    const team = async (name: string) => {
      const made = newTeam(name);
      await store.transact((tx) => tx.teams.insert(acme.id, made));
      return { kind: 'team', id: made.id } as const;
    };

    describe('one that was written', () => {
      test('is found by its id and its name with all that was said of it, in its tenant alone', async () => {
        const more = { lifetimeSecondsMax: 3_600, algorithms: ['EdDSA'], audiences: ['a', 'b'], isEnabled: false };
        const provider = await made('builds', { ...more, subjectClaim: 'kubernetes.io/serviceaccount/uid' });
        expect(await get(provider)).toEqual(provider);
        expect(await store.identityProviders.byName(acme.id, provider.name)).toEqual(provider);
        expect(await get(provider, other)).toBeUndefined();
        expect(await store.identityProviders.byName(other.id, provider.name)).toBeUndefined();
      });

      test('keeps keys that were handed over', async () => {
        const jwks = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'one' }] };
        const provider = await made('builds', { jwksUri: undefined, jwks });
        expect((await get(provider))?.keys).toEqual({ from: 'upload', jwks });
      });

      test('is listed by name', async () => {
        const [two, one] = [await made('two'), await made('one')];
        await made('theirs', {}, other);
        expect(await store.identityProviders.list(acme.id)).toEqual([one, two]);
      });

      test('is changed in all that was said of it', async () => {
        const provider = await made('builds');
        const said = newProvider('renamed', { issuer: 'https://new.example', audiences: ['new'], isEnabled: false });
        const changed = { ...said, id: provider.id, createdBy: provider.createdBy, updatedAt: 7 };
        expect(await update(changed)).toBeUndefined();
        expect(await get(provider)).toEqual(changed);
        await expect(update(newProvider('absent', { audiences: ['absent'] }))).rejects.toThrow();
      });

      test('is gone when it is removed, with what it maps, and its audiences are free', async () => {
        const provider = await made('builds');
        const robot = await account('robot');
        await map(robot, provider, 'svc');
        await remove(provider);
        expect(await get(provider)).toBeUndefined();
        expect(await store.identityProviders.mappingsOf(acme.id, [robot.id])).toEqual([]);
        expect(await insert(newProvider('again', { audiences: ['builds'] }), other)).toBeUndefined();
      });
    });

    describe('what another has already is told, and nothing of it is written', () => {
      test('a name, in the tenant', async () => {
        await made('builds');
        expect(await insert(newProvider('builds', { audiences: ['new'] }))).toBe('name');
        expect(await insert(newProvider('builds', { audiences: ['new'] }), other)).toBeUndefined();
        const second = await made('second');
        expect(await update({ ...newProvider('builds', { audiences: ['second'] }), id: second.id })).toBe('name');
      });

      test('an audience of the same issuer, in any tenant', async () => {
        await made('builds', { audiences: ['a', 'b'] });
        const undone = new Error('undone');
        const attempt = async (provider: IdentityProvider, tenant: Tenant) => {
          let taken: unknown;
          const trying = store.transact(async (tx) => {
            taken = await tx.identityProviders.insert(tenant.id, provider);
            throw undone;
          });
          await expect(trying).rejects.toBe(undone);
          return taken;
        };
        for (const tenant of [acme, other])
          expect(await attempt(newProvider('second', { audiences: ['b', 'c'] }), tenant)).toBe('audience');
        const elsewhere = newProvider('second', { issuer: 'https://other.example', audiences: ['a'] });
        expect(await insert(elsewhere, other)).toBeUndefined();
      });

      test('one’s own audiences are not another’s', async () => {
        const provider = await made('builds', { audiences: ['a', 'b'] });
        const changed = { ...newProvider('builds', { audiences: ['b', 'c'] }), id: provider.id };
        expect(await update(changed)).toBeUndefined();
        expect(await insert(newProvider('second', { audiences: ['a'] }), other)).toBeUndefined();
      });

      test('of two at once that want the same audience one has it', async () => {
        const want = (name: string, tenant: Tenant) =>
          store.transact(async (tx) => {
            const taken = await tx.identityProviders.insert(tenant.id, newProvider(name, { audiences: ['same'] }));
            if (taken !== undefined) throw new Error(taken);
          });
        const outcomes = await Promise.allSettled([want('one', acme), want('two', other)]);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        expect(await store.identityProviders.believing('https://idp.example', ['same'])).toMatchObject({ tenant: {} });
      });
    });

    describe('those that are there for a token', () => {
      const believing = async (issuer: string, ...audiences: readonly string[]) => {
        const found = await store.identityProviders.believing(issuer, audiences);
        return found === undefined || found === 'several' ? found : [found.tenant.name, found.provider.name];
      };

      test('are found by issuer and any of its audiences, enabled or not, with their tenant; never one of several', async () => {
        await made('builds', { audiences: ['a', 'b'] });
        await made('theirs', { audiences: ['c'], isEnabled: false }, other);
        expect(await believing('https://idp.example', 'a', 'b')).toEqual(['acme', 'builds']);
        expect(await believing('https://idp.example', 'c', 'x')).toEqual(['other', 'theirs']);
        expect(await believing('https://idp.example', 'x', 'b', 'c')).toBe('several');
        expect(await believing('https://idp.example', 'x')).toBeUndefined();
        expect(await believing('https://idp.example/', 'a')).toBeUndefined();
        expect(await believing('https://idp.example')).toBeUndefined();
      });
    });

    describe('whom they map', () => {
      test('is told by whom is asked for, and counted by provider', async () => {
        const [one, two] = [await made('one'), await made('two')];
        const [robot, ops] = [await account('robot'), await team('ops')];
        await map(robot, one, 'b', 'a');
        await map(ops, one, 'a');
        await map(await account('another'), two, 'a');
        const found = await store.identityProviders.mappingsOf(acme.id, [robot.id, ops.id]);
        expect(
          found.toSorted((a, b) => a.value.localeCompare(b.value) || a.mapped.kind.localeCompare(b.mapped.kind)),
        ).toEqual([
          { provider: one.id, value: 'a', mapped: ops },
          { provider: one.id, value: 'a', mapped: robot },
          { provider: one.id, value: 'b', mapped: robot },
        ]);
        const counts = [one, two].map(({ id }) => store.identityProviders.countMapped(acme.id, id));
        expect(await Promise.all(counts)).toEqual([3, 1]);
        expect(await store.identityProviders.mappingsOf(other.id, [robot.id])).toEqual([]);
      });

      test('is put in place of what was there', async () => {
        const provider = await made('builds');
        const robot = await account('robot');
        await map(robot, provider, 'a', 'b');
        expect(await map(robot, provider, 'b', 'c')).toBeUndefined();
        const values = async () =>
          (await store.identityProviders.mappingsOf(acme.id, [robot.id])).map(({ value }) => value);
        expect(await values()).toEqual(['b', 'c']);
        await map(robot, provider);
        expect(await values()).toEqual([]);
      });

      test('a value is one account’s, and one team’s, of a provider: what is taken is told', async () => {
        const [one, two] = [await made('one'), await made('two')];
        const [robot, another] = [await account('robot'), await account('another')];
        await map(robot, one, 'svc');
        expect(await map(another, one, 'svc')).toEqual({ provider: one.id, value: 'svc' });
        expect(await map(another, two, 'svc')).toBeUndefined();
        expect(await map(await team('ops'), one, 'svc')).toBeUndefined();
      });
    });

    describe('whom a word makes of whoever presents it', () => {
      const NOBODY: ExternalIdentity = { subject: 'x', email: undefined, teams: [], expiresAt: 9_000 };
      const known = (provider: IdentityProvider, said: Partial<ExternalIdentity>, tenant = acme) =>
        store.identityProviders.known(tenant.id, provider.id, { ...NOBODY, ...said });

      test('is the account that is mapped by the subject, with what it holds, before any user', async () => {
        const provider = await made('builds');
        const robot = await account('robot');
        await map(robot, provider, 'svc');
        await store.transact((tx) => tx.grants.add(acme.id, onTenant(newId(), robot.id, 'metrics-reader')));
        const found = await known(provider, { subject: 'svc', email: alice.name });
        expect(found).toMatchObject({
          ...{ tenant: acme, principal: { id: robot.id, kind: 'virtual_account' }, ended: false, expiresAt: 9_000 },
          credential: { kind: 'external', id: provider.id, name: 'builds', expiresAt: 9_000 },
          rights: { roles: ['metrics-reader'] },
        });
        expect(found?.restsOn).toEqual(expect.arrayContaining([provider.id, robot.id, acme.id]));
      });

      test('else the user with that address, in whatever letters; else nobody', async () => {
        const provider = await made('builds');
        expect(await known(provider, { email: 'ALICE@Example.com' })).toMatchObject({ principal: { id: alice.id } });
        for (const said of [{}, { email: 'nobody@example.com' }, { email: 'no address' }, { subject: alice.id }])
          expect(await known(provider, said)).toBeUndefined();
        expect(await known(provider, { email: alice.name }, other)).toBeUndefined();
      });

      test('is nobody by another provider’s mapping, or by a team’s', async () => {
        const [one, two] = [await made('one'), await made('two')];
        await map(await account('robot'), one, 'svc');
        await map(await team('ops'), two, 'svc');
        expect(await known(two, { subject: 'svc' })).toBeUndefined();
      });

      test('holds what the teams give that are mapped, and is told of when they change', async () => {
        const provider = await made('builds');
        const [ops, dev] = [await team('ops'), await team('dev')];
        await map(ops, provider, 'g-ops', 'g-ops-too');
        await map(dev, provider, 'g-dev');
        await store.transact((tx) => tx.grants.add(acme.id, onTenant(newId(), ops.id, 'metrics-reader')));
        const inside = await known(provider, { email: alice.name, teams: ['g-ops', 'g-ops-too', 'unknown'] });
        expect(inside?.rights.roles).toContain('metrics-reader');
        expect(inside?.restsOn).toContain(ops.id);
        expect(inside?.restsOn).not.toContain(dev.id);
        const outside = await known(provider, { email: alice.name, teams: ['g-dev'] });
        expect(outside?.rights.roles).not.toContain('metrics-reader');
      });

      test.each([
        ['the provider is disabled', (provider: IdentityProvider) => update({ ...provider, isEnabled: false })],
        [
          'whom it names is deactivated',
          () => store.transact((tx) => tx.principals.setActive(acme.id, alice.id, false, 5)),
        ],
        ['the tenant is disabled', () => store.transact((tx) => tx.tenants.setDisabled(acme.id, 5))],
      ])('has ended where %s', async (_, change) => {
        const provider = await made('builds');
        expect(await known(provider, { email: alice.name })).toMatchObject({ ended: false });
        await change(provider);
        expect(await known(provider, { email: alice.name })).toMatchObject({ ended: true });
      });

      test('is nobody where the provider is gone', async () => {
        const provider = await made('builds');
        await userIn(store, acme.id, 'bob');
        await remove(provider);
        expect(await known(provider, { email: 'bob@example.com' })).toBeUndefined();
      });
    });
  });
}
