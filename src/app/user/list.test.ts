import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import { type Core, openCore } from '#support/core.ts';
import { newId } from '../new-id.ts';
import { accessOf, teamsOf } from './list.ts';

let core: Core;
let ada: Caller;
let program: Caller;
beforeEach(async () => {
  core = await openCore();
  ada = await core.user('ada', 'tenant-member');
  program = { ...ada, principal: { id: newId(core.deps), kind: 'virtual_account', name: 'ci' } };
  const times = { createdAt: 1, updatedAt: 1, removedAt: undefined };
  await core.deps.store.transact(async (tx) => {
    await tx.principals.insert(core.tenant.id, { ...program.principal, active: true, ...times });
    await tx.grants.add(core.tenant.id, {
      ...onTenant(newId(core.deps), ada.principal.id, 'metrics-reader'),
      subject: core.tenant.id,
    });
  });
});

test('users belong to everyone, and hold what it holds; a virtual account does neither', async () => {
  const told = async (one: Caller) => {
    const { holdings } = await accessOf(core.deps, one, one.principal.id);
    const teams = await teamsOf(core.deps, one, one.principal.id);
    return [teams.map(({ team }) => team.name), holdings.map(({ role }) => role.id)];
  };
  expect(await told(ada)).toEqual([['everyone'], ['tenant-member', 'metrics-reader']]);
  expect(await told(program)).toEqual([[], []]);
});
