import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import type { Email } from '#domain/principal.ts';
import type { Team } from '#domain/team.ts';
import { parseTokenName } from '#domain/token.ts';
import { accountWith, personWith, teamOf } from '#support/accounts.ts';
import { type Core, openCore } from '#support/core.ts';
import { addToTeam, removeFromTeam } from '../team/member.ts';
import { removeTeam } from '../team/remove.ts';
import { createPatFor } from '../token/create.ts';
import { readAccountToken } from './value.ts';

/*
 * To belong to the team that owns an account is all that the account may. Whoever manages all accounts, teams or people by
 * roles of the tenant's own, and holds less than the account, must not come by it that way.
 */

let core: Core;
let root: Caller;
let member: Caller;
let team: Team;
let manager: Caller;
beforeEach(async () => {
  core = await openCore();
  root = await core.user('root', 'tenant-admin');
  member = await personWith(core, 'member');
  team = await teamOf(core, 'ops', member);
  manager = await personWith(
    ...([core, 'manager', 'virtual-account:ReadVirtualAccount', 'virtual-account:ManageVirtualAccount'] as const),
    ...(['virtual-account:DeleteVirtualAccount', 'team:ReadTeam', 'team:ManageTeam', 'team:DeleteTeam'] as const),
    ...(['user:ManageUsers', 'personal-access-token:CreateForUser', 'personal-access-token:RevokeAll'] as const),
  );
});
const emailOf = ({ principal }: Caller) => principal.name as Email;

const WAYS: Readonly<Record<string, (by: Caller) => Promise<unknown>>> = {
  'taking themselves into it': (by) => addToTeam(core.deps, by, team.id, { email: emailOf(by), as: 'member' }),
  'making themselves its manager': (by) => addToTeam(core.deps, by, team.id, { email: emailOf(by), as: 'manager' }),
  'taking a member out of it': (by) => removeFromTeam(core.deps, by, team.id, emailOf(member)),
  'removing it': (by) => removeTeam(core.deps, by, team.id),
  'making a token for a member': (by) =>
    createPatFor(core.deps, by, { email: emailOf(member), name: parseTokenName('theirs') }),
};

test.each(Object.keys(WAYS))('nobody comes by the power of an account, or takes it away, by %s', async (way) => {
  const { view } = await accountWith(core, root, 'robot', { roles: ['tenant-admin'], team: team.name });
  await expect((WAYS[way] as (typeof WAYS)[string])(manager)).rejects.toMatchObject({
    ...{ code: 'forbidden', message: expect.stringContaining('virtual-account:') },
  });
  const reading = readAccountToken(core.deps, await core.signedIn(manager), view.account.id);
  await expect(reading).rejects.toMatchObject({ code: 'forbidden' });
});

test.each(Object.keys(WAYS))('and whoever holds everything may do so by %s', async (way) => {
  await accountWith(core, root, 'robot', { roles: ['tenant-admin'], team: team.name });
  await (WAYS[way] as (typeof WAYS)[string])(root);
});
