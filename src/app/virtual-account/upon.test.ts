import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import type { Permission } from '#domain/permission.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { accountWith, permitted, personWith, teamOf, wanting } from '#support/accounts.ts';
import { nodeBeside } from '#support/beside.ts';
import { type Core, openCore } from '#support/core.ts';
import { removeTeam } from '../team/remove.ts';
import { applyAccount, createAccount, wouldApply } from './apply.ts';
import { endValue } from './end-value.ts';
import { freezeAccount, thawAccount } from './freeze.ts';
import { accountExists, getAccount, listAccounts } from './list.ts';
import { regenerateToken } from './regenerate.ts';
import { removeAccount } from './remove.ts';
import { refuseSync } from './sync.ts';
import { updateAccount } from './update.ts';
import { readAccountToken } from './value.ts';

const MANAGES: readonly Permission[] = [
  'virtual-account:CreateVirtualAccount',
  'virtual-account:ReadVirtualAccount',
  'virtual-account:ManageVirtualAccount',
  'virtual-account:DeleteVirtualAccount',
];
const FORBIDDEN = { code: 'forbidden' };
const PAGE = { limit: 10, offset: 0, nameContains: '' };

let core: Core;
let root: Caller;
beforeEach(async () => {
  core = await openCore();
  root = await core.signedIn(await core.user('root', 'tenant-admin'));
});

/** Everything that somebody can do with the power of an account, or take from it. */
const UPON: Readonly<Record<string, (by: Caller, id: PrincipalId) => Promise<unknown>>> = {
  'read its token': (by, id) => readAccountToken(core.deps, by, id),
  'regenerate its token': (by, id) => regenerateToken(core.deps, by, id, 0),
  'end a value of it': async (by, id) => {
    const { current } = await getAccount(core.deps, root, id);
    return endValue(core.deps, by, id, current?.id ?? expect.unreachable());
  },
  'freeze it': (by, id) => freezeAccount(core.deps, by, id),
  'thaw it': (by, id) => thawAccount(core.deps, by, id),
  'change it': (by, id) => updateAccount(core.deps, by, id, wanting('robot', { tags: { by: 'them' } })),
  'remove it': (by, id) => removeAccount(core.deps, by, id),
};
const ACTS = Object.keys(UPON);
const act = (what: string, by: Caller, id: PrincipalId) => (UPON[what] as (typeof UPON)[string])(by, id);
const denials = async (who: Caller) =>
  (await core.audit()).filter((one) => one.principal === who.principal.id && one.decision === 'denied').length;

describe('whoever manages all accounts, and is no administrator', () => {
  test.each(ACTS)(
    'cannot %s where the account may more than they do: refused in words, and on the record',
    async (what) => {
      const { view } = await accountWith(core, root, 'robot', { roles: ['tenant-admin'] });
      const manager = await personWith(core, 'manager', ...MANAGES);
      const before = await core.rows('select * from virtual_account');
      await expect(act(what, manager, view.account.id)).rejects.toMatchObject({
        ...{ ...FORBIDDEN, message: expect.stringContaining('more than they hold: you lack') },
      });
      expect(await denials(manager)).toBe(1);
      expect(await core.rows('select * from virtual_account')).toEqual(before);
    },
  );

  test.each(ACTS)('can %s where the account may no more than they do', async (what) => {
    const { view } = await accountWith(core, root, 'robot', { roles: ['tenant-member'] });
    const manager = await personWith(core, 'manager', ...MANAGES);
    await act(what, manager, view.account.id);
    expect(await denials(manager)).toBe(0);
  });

  test('sees an account that may more, as a list and by itself', async () => {
    const { view } = await accountWith(core, root, 'robot', { roles: ['tenant-admin'] });
    const manager = await personWith(core, 'manager', ...MANAGES);
    expect((await getAccount(core.deps, manager, view.account.id)).account).toEqual(view.account);
    expect((await listAccounts(core.deps, manager, PAGE)).total).toBe(1);
  });
});

describe('a member of the team that owns an account', () => {
  test.each(ACTS)('can %s, though the account may more than they do', async (what) => {
    const member = await personWith(core, 'member');
    const team = await teamOf(core, 'ops', member);
    const { view } = await accountWith(core, root, 'robot', { roles: ['tenant-admin'], team: team.name });
    const owner = await again(member);
    const by = what === 'change it' ? wanting('robot', { tags: { by: 'them' }, team: team.name }) : undefined;
    if (by !== undefined) await updateAccount(core.deps, owner, view.account.id, by);
    else await act(what, owner, view.account.id);
    expect(await denials(owner)).toBe(0);
  });

  test('gives the account nothing that they do not hold themselves, and takes nothing such from it', async () => {
    const member = await personWith(core, 'member');
    const team = await teamOf(core, 'ops', member);
    const { view } = await accountWith(core, root, 'robot', { roles: ['metrics-reader'], team: team.name });
    const owner = await again(member);
    const apply = (...roles: string[]) =>
      applyAccount(core.deps, owner, wanting('robot', { team: team.name, permissions: permitted(core, ...roles) }));
    await expect(apply('metrics-reader', 'tenant-admin')).rejects.toMatchObject(FORBIDDEN);
    await expect(apply('tenant-member')).rejects.toMatchObject(FORBIDDEN); // it would take metrics-reader away
    const { view: after } = await apply('metrics-reader', 'tenant-member');
    expect(after.grants.map(({ role }) => role.name).sort()).toEqual(['metrics-reader', 'tenant-member']);
    expect(after.account.id).toBe(view.account.id);
  });

  test('sees it, and no other account; whoever is in no such team is told of none', async () => {
    const [member, stranger] = [await personWith(core, 'member'), await personWith(core, 'stranger')];
    const team = await teamOf(core, 'ops', member);
    const { view } = await accountWith(core, root, 'robot', { team: team.name });
    const others = await accountWith(core, root, 'other');
    const owner = await again(member);
    const seen = await listAccounts(core.deps, owner, PAGE);
    expect([seen.total, seen.rows.map(({ account }) => account.name)]).toEqual([1, ['robot']]);
    expect(await listAccounts(core.deps, await again(stranger), PAGE)).toEqual({ rows: [], total: 0 });
    for (const by of [stranger, owner]) {
      await expect(getAccount(core.deps, by, others.view.account.id)).rejects.toMatchObject(FORBIDDEN);
      expect(await accountExists(core.deps, by, others.view.account.name)).toBe(false);
    }
    expect(await accountExists(core.deps, owner, view.account.name)).toBe(true);
    await expect(refuseSync(core.deps, stranger, view.account.id)).rejects.toMatchObject(FORBIDDEN);
    await expect(refuseSync(core.deps, owner, view.account.id)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('who leaves the team, or loses the account with it, can do nothing with it from then on', async () => {
    const [one, two] = [await personWith(core, 'one'), await personWith(core, 'two')];
    const team = await teamOf(core, 'ops', one, two);
    const { view } = await accountWith(core, root, 'robot', { roles: ['tenant-admin'], team: team.name });
    const { id } = view.account;
    const [asOne, asTwo] = [await again(one), await again(two)];
    await core.deps.store.transact((tx) =>
      tx.teams.setMembers(core.tenant.id, team.id, [
        { principal: one.principal.id, isMember: false, isManager: false },
      ]),
    );
    await expect(regenerateToken(core.deps, asOne, id, 0)).rejects.toMatchObject(FORBIDDEN);
    await regenerateToken(core.deps, asTwo, id, 0);
    await applyAccount(core.deps, root, wanting('robot'));
    for (const by of [asTwo, await again(two)]) {
      await expect(regenerateToken(core.deps, by, id, 0)).rejects.toMatchObject(FORBIDDEN);
    }
  });
});

describe('who makes an account', () => {
  test('gives it nothing that they do not hold, and nothing is made', async () => {
    const manager = await personWith(core, 'manager', ...MANAGES);
    const wanted = wanting('robot', { permissions: permitted(core, 'tenant-admin') });
    for (const make of [createAccount, applyAccount, wouldApply]) {
      await expect(make(core.deps, manager, wanted)).rejects.toMatchObject(FORBIDDEN);
    }
    const { view } = await createAccount(core.deps, manager, {
      ...wanted,
      permissions: permitted(core, 'tenant-member'),
    });
    expect(view.grants.map(({ role }) => role.name)).toEqual(['tenant-member']);
    expect(await core.rows('select id from virtual_account')).toHaveLength(1);
  });

  test('and manages none by itself, names a team of theirs; no other team, and not everyone', async () => {
    const maker = await personWith(core, 'maker', 'virtual-account:CreateVirtualAccount');
    const ops = await teamOf(core, 'ops', maker);
    const dev = await teamOf(core, 'dev');
    const by = await again(maker);
    const make = (team: string | undefined) => createAccount(core.deps, by, wanting('robot', { team }));
    const wrong = { code: 'unprocessable', problems: [{ field: 'ownedBy.team' }] };
    for (const team of [undefined, dev.name, 'everyone', 'nowhere']) {
      await expect(make(team)).rejects.toMatchObject(wrong);
    }
    const { view } = await make(ops.name);
    expect(view.team?.id).toBe(ops.id);
    await readAccountToken(core.deps, await again(maker), view.account.id);
  });

  test('without the permission is refused, whether or not there is one of that name', async () => {
    await accountWith(core, root, 'robot');
    const member = await personWith(core, 'member');
    for (const name of ['robot', 'other']) {
      const refused = { code: 'forbidden' };
      await expect(applyAccount(core.deps, member, wanting(name))).rejects.toMatchObject(refused);
      await expect(wouldApply(core.deps, member, wanting(name))).rejects.toMatchObject(refused);
      await expect(createAccount(core.deps, member, wanting(name))).rejects.toMatchObject(refused);
    }
  });
});

describe('whose an account is', () => {
  test('moves with the manifest: the new team manages it, the old one no more, and it keeps what it holds', async () => {
    const [one, two] = [await personWith(core, 'one'), await personWith(core, 'two')];
    const [ops, dev] = [await teamOf(core, 'ops', one), await teamOf(core, 'dev', two)];
    const { view } = await accountWith(core, root, 'robot', { roles: ['tenant-admin'], team: ops.name });
    const { id } = view.account;
    const { view: moved } = await applyAccount(core.deps, root, wanting('robot', { team: dev.name }));
    expect([moved.team?.id, moved.grants]).toEqual([dev.id, view.grants]);
    await expect(readAccountToken(core.deps, await again(one), id)).rejects.toMatchObject(FORBIDDEN);
    await readAccountToken(core.deps, await again(two), id);
    const owning = await core.deps.store.grants.onResource(core.tenant.id, `virtual-account/${id}`);
    expect(owning.map(({ subject, role }) => [subject, role])).toEqual([[dev.id, 'virtual-account-manager']]);
  });

  test('is handed on by nobody who may less than the account: its power would be given with it', async () => {
    const member = await personWith(core, 'member');
    const [ops, dev] = [await teamOf(core, 'ops', member), await teamOf(core, 'dev', member)];
    await accountWith(core, root, 'robot', { roles: ['tenant-admin'], team: ops.name });
    const owner = await again(member);
    const handOn = () => applyAccount(core.deps, owner, wanting('robot', { team: dev.name }));
    await expect(handOn()).rejects.toMatchObject({ ...FORBIDDEN, message: expect.stringContaining('you lack') });
    await applyAccount(core.deps, owner, wanting('robot', { team: ops.name }));
    await applyAccount(
      core.deps,
      root,
      wanting('robot', { team: ops.name, permissions: permitted(core, 'tenant-member') }),
    );
    expect((await handOn()).view.team?.id).toBe(dev.id);
  });

  test('and the team that goes leaves it to whoever manages all; its members manage it no more', async () => {
    const member = await personWith(core, 'member');
    const team = await teamOf(core, 'ops', member);
    const { view } = await accountWith(core, root, 'robot', { roles: ['tenant-member'], team: team.name });
    const owner = await again(member);
    await removeTeam(core.deps, root, team.id);
    const after = await getAccount(core.deps, root, view.account.id);
    expect([after.team, after.account.team, after.account.version]).toEqual([undefined, undefined, 2]);
    for (const by of [owner, await again(member)]) {
      await expect(regenerateToken(core.deps, by, view.account.id, 0)).rejects.toMatchObject(FORBIDDEN);
    }
    await regenerateToken(core.deps, root, view.account.id, 0);
    expect(await core.deps.store.grants.onResource(core.tenant.id, `virtual-account/${view.account.id}`)).toEqual([]);
  });

  test('ends with it: whose team had it holds nothing on it any more', async () => {
    const team = await teamOf(core, 'ops', await personWith(core, 'member'));
    const { view } = await accountWith(core, root, 'robot', { roles: ['tenant-member'], team: team.name });
    await removeAccount(core.deps, root, view.account.id);
    const { ofSubjects, onResource } = core.deps.store.grants;
    expect(await ofSubjects(core.tenant.id, [team.id, view.account.id])).toEqual([]);
    expect(await onResource(core.tenant.id, `virtual-account/${view.account.id}`)).toEqual([]);
  });

  test('another tenant’s is as absent as none, for everything that can be done to one', async () => {
    const { view } = await accountWith(core, root, 'robot');
    const elsewhere: Caller = { ...root, tenant: { ...root.tenant, id: 'x'.repeat(24) as never }, credential: NONE };
    for (const what of ACTS) await expect(act(what, elsewhere, view.account.id)).rejects.toThrow();
    expect(await core.standing((await regenerateToken(core.deps, root, view.account.id, 0)).value)).toBe('ok');
  });
});

const NONE = { kind: 'none', id: undefined } as const;

/** The same person as a verifier that remembers nothing knows them now. */
const again = (user: Caller): Promise<Caller> => core.signedIn(user);

test('a manager who loses rights while they ask is refused by what stands when it is written', async () => {
  const manager = await personWith(core, 'manager', ...MANAGES, 'metrics:Read');
  const { view } = await accountWith(core, root, 'robot', { roles: ['metrics-reader'] });
  const beside = await nodeBeside(core);
  await core.deps.store.transact(async (tx) => {
    const grants = await tx.grants.ofSubjects(core.tenant.id, [manager.principal.id]);
    await tx.grants.remove(
      core.tenant.id,
      grants.map(({ id }) => id),
    );
  });
  for (const deps of [core.deps, beside]) {
    await expect(regenerateToken(deps, manager, view.account.id, 0)).rejects.toMatchObject(FORBIDDEN);
  }
});

test('where only a signed-in browser creates tokens, no token makes, reads or replaces an account’s either', async () => {
  const { view } = await accountWith(core, root, 'robot');
  const { id } = view.account;
  const browser = await core.signedIn(root);
  const token = await core.callerBy(await core.pat(root, 'roots'));
  await core.deps.store.transact((tx) =>
    tx.tokenSettings.put(core.tenant.id, { ...TOKEN_SETTINGS, sessionOnly: true }),
  );
  const reveals: readonly ((by: Caller) => Promise<unknown>)[] = [
    (by) => createAccount(core.deps, by, wanting('other')),
    (by) => readAccountToken(core.deps, by, id),
    (by) => regenerateToken(core.deps, by, id, 0),
  ];
  for (const reveal of reveals) {
    await expect(reveal(token)).rejects.toMatchObject(FORBIDDEN);
    await reveal(browser);
  }
  await freezeAccount(core.deps, token, id);
});
