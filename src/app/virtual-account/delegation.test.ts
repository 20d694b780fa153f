import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import type { Permission } from '#domain/permission.ts';
import { type Email, parseEmail } from '#domain/principal.ts';
import { parseTokenName } from '#domain/token.ts';
import { accountWith, personWith, teamOf } from '#support/accounts.ts';
import { type Core, openCore } from '#support/core.ts';
import { addToTeam } from '../team/member.ts';
import { createPatFor } from '../token/create.ts';
import { readAccountToken } from './value.ts';

/*
 * A team that owns an account holds all that the account may. Whoever manages every account, and was given none of these,
 * comes by that in no other way either: not by joining the team, nor by acting as somebody who is in it.
 */

const ACCOUNTS: readonly Permission[] = [
  ...(['virtual-account:CreateVirtualAccount', 'virtual-account:ReadVirtualAccount'] as const),
  ...(['virtual-account:ManageVirtualAccount', 'virtual-account:DeleteVirtualAccount'] as const),
];
const BEYOND = { code: 'forbidden', message: expect.stringContaining('more than they hold') };

let core: Core;
let root: Caller;
let member: Caller;
beforeEach(async () => {
  core = await openCore();
  root = await core.signedIn(await core.user('root', 'tenant-admin'));
  member = await core.signedIn(await core.user('member', 'tenant-member'));
});

const emailOf = ({ principal }: Caller): Email => parseEmail(principal.name);

async function owned() {
  const team = await teamOf(core, 'ops', member);
  const { view, value } = await accountWith(core, root, 'robot', { roles: ['tenant-admin'], team: 'ops' });
  return { team, id: view.account.id, value };
}

test('a member of the owning team reads the token of an account that may more than they do', async () => {
  const { id, value } = await owned();
  const now = await core.signedIn(member);
  expect((await readAccountToken(core.deps, now, id)).reveal()).toBe(value.reveal());
});

test('whoever manages accounts and teams lets nobody into the owning team, themselves neither', async () => {
  const { team, id } = await owned();
  const mallory = await personWith(core, 'mallory', ...ACCOUNTS, 'team:ReadTeam', 'team:ManageTeam');
  const joining = { email: emailOf(mallory), as: 'member' } as const;
  await expect(addToTeam(core.deps, mallory, team.id, joining)).rejects.toMatchObject(BEYOND);
  await expect(readAccountToken(core.deps, mallory, id)).rejects.toMatchObject(BEYOND);
  await addToTeam(core.deps, root, team.id, joining);
  await readAccountToken(core.deps, await core.signedIn(mallory), id);
});

test('whoever manages accounts and makes tokens for others makes none for a member of the owning team', async () => {
  await owned();
  const mallory = await personWith(core, 'mallory', ...ACCOUNTS, 'personal-access-token:CreateForUser');
  const asked = { name: parseTokenName('theirs'), email: emailOf(member) };
  await expect(createPatFor(core.deps, mallory, asked)).rejects.toMatchObject(BEYOND);
  const other = await core.user('other', 'tenant-member');
  await createPatFor(core.deps, mallory, { ...asked, email: emailOf(other) });
});
