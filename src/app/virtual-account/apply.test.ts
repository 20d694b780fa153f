import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { parseProvider } from '#domain/identity-provider.ts';
import type { VirtualAccount } from '#domain/virtual-account.ts';
import { accountWith, permitted, teamOf, wanting } from '#support/accounts.ts';
import { type Core, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import { createProvider } from '../identity-provider/save.ts';
import { newId } from '../new-id.ts';
import { applyAccount, createAccount, wouldApply } from './apply.ts';
import { freezeAccount } from './freeze.ts';
import { accountExists, getAccount, listAccounts } from './list.ts';
import { regenerateToken } from './regenerate.ts';
import { updateAccount } from './update.ts';
import type { AccountView } from './view.ts';
import type { WantedAccount } from './wanted.ts';

const DAY_MS = 86_400_000;
const MONTHLY = { intervalDays: 30, graceDays: 7 };

let core: Core;
let deps: Deps;
let root: Caller;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  root = await core.user('root', 'tenant-admin');
});

const apply = async (own: Partial<WantedAccount> = {}, name = 'robot') =>
  (await applyAccount(deps, root, wanting(name, own))).view;
const rolesIn = ({ grants }: AccountView) => grants.map(({ role }) => role.name).sort();
const state = async () => [
  await core.rows('select * from virtual_account'),
  await core.rows('select * from role_grant'),
  await core.rows('select * from token'),
];

describe('applying an account', () => {
  test('makes it where there is none, with its value; again, it changes nothing that is said the same, and gives no value', async () => {
    const wanted = wanting('robot', { permissions: permitted(core, 'metrics-reader'), tags: { 'größe ☃': ['a'] } });
    const made = await applyAccount(deps, root, wanted);
    expect(await core.standing(made.value as never)).toBe('ok');
    expect(made.view).toMatchObject({
      ...{ isActive: true, team: undefined, createdBy: { id: root.principal.id }, lastUse: undefined },
      account: { name: 'robot', tags: wanted.tags, version: 1, createdBy: root.principal.id },
    });
    const again = await applyAccount(deps, root, wanted);
    expect(again.value).toBeUndefined();
    expect(again.view).toEqual({ ...made.view, account: { ...made.view.account, version: 2 } });
  });

  test('without permissions keeps what it holds, and what came with a role binding stays in any case', async () => {
    const { account } = await apply({ permissions: permitted(core, 'metrics-reader', 'tenant-member') });
    const bound = { id: newId<'Grant'>(deps), subject: account.id, role: 'token-introspector', resource: '*' } as const;
    const binding = { id: newId<'RoleBinding'>(deps), name: 'bound' as never, createdBy: root.principal.id };
    await deps.store.transact(async (tx) => {
      await tx.roleBindings.insert(core.tenant.id, { ...binding, createdAt: 1, updatedAt: 1 } as never);
      await tx.grants.add(core.tenant.id, { ...bound, binding: binding.id } as never);
    });
    expect(rolesIn(await apply())).toEqual(['metrics-reader', 'tenant-member', 'token-introspector']);
    expect(rolesIn(await apply({ permissions: permitted(core, 'tenant-member') }))).toEqual([
      'tenant-member',
      'token-introspector',
    ]);
  });

  test('a role that is said twice is held once', async () => {
    expect(rolesIn(await apply({ permissions: permitted(core, 'metrics-reader', 'metrics-reader') }))).toEqual([
      'metrics-reader',
    ]);
  });

  test('counts at once for a value that is in use: what it may now, and no more what it may not', async () => {
    const { value } = await createAccount(
      deps,
      root,
      wanting('robot', { permissions: permitted(core, 'metrics-reader') }),
    );
    const roles = async () => (await core.callerBy(value)).rights.roles;
    expect(await roles()).toEqual(['metrics-reader']);
    await apply({ permissions: permitted(core, 'tenant-member') });
    expect(await roles()).toEqual(['tenant-member']);
  });

  test.each<[string, (core: Core) => Partial<WantedAccount>, string]>([
    ['a role', (core) => ({ permissions: permitted(core, 'no-such-role') }), 'no-such-role'],
    [
      'a role that comes with owning something',
      (core) => ({ permissions: permitted(core, 'virtual-account-manager') }),
      'virtual-account-manager',
    ],
    [
      'a resource',
      () => ({ permissions: [{ resourceType: 'tenant', resourceFqn: 'elsewhere', role: 'tenant-member' }] }),
      'elsewhere',
    ],
    [
      'a type of resource',
      () => ({ permissions: [{ resourceType: 'planet', resourceFqn: 'x', role: 'tenant-member' }] }),
      'planet',
    ],
    ['a team', () => ({ team: 'nowhere' }), 'nowhere'],
    ['a provider', () => ({ mappings: [{ provider: 'nobody', value: 'x' }] }), 'nobody'],
  ])('refuses %s that is not there, names it, and makes nothing', async (_, own, named) => {
    const before = await state();
    for (const act of [applyAccount, createAccount, wouldApply]) {
      const refused = act(deps, root, wanting('robot', own(core)));
      await expect(refused).rejects.toMatchObject({ code: 'unprocessable', message: expect.stringContaining(named) });
    }
    expect(await state()).toEqual(before);
  });

  test('refuses a date that has passed, for one that is new and for one that is there; the date it has may stand', async () => {
    const now = core.clock.now();
    await expect(apply({ expiresAt: now })).rejects.toMatchObject({ code: 'invalid_request' });
    await apply({ expiresAt: now + 1 });
    core.clock.advance(5);
    expect((await apply({ expiresAt: now + 1, tags: { still: 'over' } })).account.expiresAt).toBe(now + 1);
    await expect(apply({ expiresAt: now + 2 })).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test.each([
    { intervalDays: 29, graceDays: 1 },
    { intervalDays: 30, graceDays: 0 },
    { intervalDays: 30, graceDays: 30 },
    { intervalDays: 30.5, graceDays: 1 },
    { intervalDays: 36_501, graceDays: 1 },
  ])('refuses a rotation by $intervalDays days with a grace of $graceDays', async (autoRotate) => {
    await expect(apply({ autoRotate })).rejects.toMatchObject({ code: 'unprocessable' });
    expect(await core.rows('select id from virtual_account')).toEqual([]);
  });
});

describe('a dry run', () => {
  /** But for ids and values of what is not there yet. */
  const shown = ({
    account: { id: _, pat: __, current: ___, version: ____, ...account },
    grants,
    team,
    isActive,
  }: AccountView) => ({
    ...{ account, team, isActive },
    grants: grants.map(({ role, resource, type, binding }) => ({ role, resource, type, binding })),
  });

  test('answers what applying would, of one that is new and of one that is there, and writes nothing', async () => {
    const ops = await teamOf(core, 'ops');
    const steps: readonly Partial<WantedAccount>[] = [
      { permissions: permitted(core, 'metrics-reader'), autoRotate: MONTHLY, tags: { a: 'b' }, format: 'jwt' },
      { permissions: permitted(core, 'tenant-member'), team: ops.name, expiresAt: core.clock.now() + DAY_MS },
      {},
    ];
    for (const own of steps) {
      const before = await state();
      const dry = await wouldApply(deps, root, wanting('robot', own));
      expect(await state()).toEqual(before);
      expect(shown(dry)).toEqual(shown(await apply(own)));
    }
  });

  test('says of one that is frozen that it stays so, and by what it will be mapped', async () => {
    const provider = parseProvider({
      ...{ name: 'builds', issuer: 'https://idp.example', jwksUri: 'https://idp.example/keys', audiences: ['here'] },
    });
    await createProvider(deps, await core.signedIn(root), provider);
    const { view } = await accountWith(core, root, 'robot');
    await freezeAccount(deps, root, view.account.id);
    const own = { mappings: [{ provider: 'builds', value: 'x' }] };
    const dry = await wouldApply(deps, root, wanting('robot', own));
    const applied = await apply(own);
    expect([dry.isActive, dry.mappings.map(({ value }) => value)]).toEqual([false, ['x']]);
    expect([applied.isActive, applied.mappings.map(({ value }) => value)]).toEqual([false, ['x']]);
  });
});

describe('an account that is made and nothing else', () => {
  test('is refused where there is one of that name, which stays as it is', async () => {
    const { view } = await accountWith(core, root, 'robot', { roles: ['metrics-reader'] });
    const again = createAccount(deps, root, wanting('robot', { tags: { mine: 'now' } }));
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
    expect(await getAccount(deps, root, view.account.id)).toEqual(view);
    expect(await accountExists(deps, root, view.account.name)).toBe(true);
    expect(await accountExists(deps, root, 'other' as never)).toBe(false);
  });
});

describe('an account that is changed as it was seen', () => {
  const update = (seen: VirtualAccount, own: Partial<WantedAccount> = {}) =>
    updateAccount(deps, root, seen.id, wanting('robot', own), { version: seen.version });

  test('is changed at that version and no other: of two who saw the same, the second is told', async () => {
    const { account: seen } = await apply();
    const { account: after } = await update(seen, { tags: { by: 'one' } });
    expect(after.version).toBe(seen.version + 1);
    await expect(update(seen, { tags: { by: 'two' } })).rejects.toMatchObject({ code: 'precondition_failed' });
    expect((await getAccount(deps, root, seen.id)).account.tags).toEqual({ by: 'one' });
    await update(after, { tags: { by: 'two' } });
  });

  test('and a value that was replaced meanwhile is a change, too', async () => {
    const { account: seen } = await apply();
    await regenerateToken(deps, root, seen.id, 0);
    await expect(update(seen)).rejects.toMatchObject({ code: 'precondition_failed' });
  });

  test('keeps its name; one that is not there is absent', async () => {
    const { account } = await apply();
    const renamed = updateAccount(deps, root, account.id, wanting('other'));
    await expect(renamed).rejects.toMatchObject({ code: 'unprocessable', problems: [{ field: 'name' }] });
    await expect(updateAccount(deps, root, newId(deps), wanting('robot'))).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('when an account is to be rotated', () => {
  const rotatesAt = async (own: Partial<WantedAccount>) => (await apply(own)).account.rotatesAt;

  test('is counted from its last value, and stays with an edit that says the same', async () => {
    const due = core.clock.now() + 30 * DAY_MS;
    expect(await rotatesAt({ autoRotate: MONTHLY })).toBe(due);
    core.clock.advance(3 * DAY_MS);
    expect(await rotatesAt({ autoRotate: MONTHLY, tags: { edited: 'yes' } })).toBe(due);
    expect(await rotatesAt({ autoRotate: { ...MONTHLY, intervalDays: 60 } })).toBe(core.clock.now() + 60 * DAY_MS);
    expect(await rotatesAt({})).toBeUndefined();
    const { account } = await apply({ autoRotate: MONTHLY });
    core.clock.advance(DAY_MS);
    const { view } = await regenerateToken(deps, root, account.id, 0);
    expect(view.account.rotatesAt).toBe(core.clock.now() + 30 * DAY_MS);
  });

  test('is never, where it is over by then', async () => {
    const now = core.clock.now();
    expect(await rotatesAt({ autoRotate: MONTHLY, expiresAt: now + 30 * DAY_MS })).toBeUndefined();
    expect(await rotatesAt({ autoRotate: MONTHLY, expiresAt: now + 30 * DAY_MS + 1 })).toBe(now + 30 * DAY_MS);
    expect(await rotatesAt({ autoRotate: MONTHLY, expiresAt: now + DAY_MS })).toBeUndefined();
    expect(await rotatesAt({ autoRotate: MONTHLY })).toBe(now + 30 * DAY_MS);
  });
});

describe('a list', () => {
  test('is of what matches a filter, each page as a part of all that do', async () => {
    for (let at = 0; at < 6; at += 1) await apply({ tags: { even: at % 2 === 0 } }, `robot-${at}`);
    const matches = ({ tags }: Pick<VirtualAccount, 'tags'>) => tags.even === true;
    const names = async (offset: number, limit: number) => {
      const { rows, total } = await listAccounts(deps, root, { limit, offset, nameContains: 'robot', matches });
      return [total, ...rows.map(({ account }) => account.name)];
    };
    const [total, ...all] = await names(0, 10);
    expect([total, all.toSorted()]).toEqual([3, ['robot-0', 'robot-2', 'robot-4']]);
    expect([await names(0, 2), await names(2, 2), await names(4, 2)]).toEqual([
      [3, ...all.slice(0, 2)],
      [3, ...all.slice(2)],
      [3],
    ]);
  });

  test('is of the teams that are named, and of those that are over, or not', async () => {
    const ops = await teamOf(core, 'ops');
    await apply({ team: ops.name }, 'owned');
    await apply({ expiresAt: core.clock.now() + 1 }, 'over');
    core.clock.advance(1);
    const names = async (query: object) =>
      (await listAccounts(deps, root, { limit: 9, offset: 0, nameContains: '', ...query })).rows.map(
        ({ account }) => account.name,
      );
    expect(await names({ teams: ['ops', 'nowhere'] })).toEqual(['owned']);
    expect(await names({ teams: ['nowhere'] })).toEqual([]);
    expect([await names({ isExpired: true }), await names({ isExpired: false })]).toEqual([['over'], ['owned']]);
  });
});
