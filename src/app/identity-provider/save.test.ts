import { beforeEach, describe, expect, test } from 'vitest';
import { ownFingerprints } from '#crypto/external-jwt-keys.ts';
import type { Caller } from '#domain/caller.ts';
import { type ProviderInput, parseProvider } from '#domain/identity-provider.ts';
import { type Core, ISSUER, openCore } from '#support/core.ts';
import { PROVIDER } from '#support/hostile-jwts.ts';
import { Overtaken } from '../overtaken.ts';
import { keySet } from '../signing-key/key-set.ts';
import { removeProvider } from './remove.ts';
import { createProvider, updateProvider } from './save.ts';
import { heldProvider, stillAdministers } from './upon.ts';

let core: Core;
let admin: Caller;
beforeEach(async () => {
  core = await openCore();
  admin = await core.user('admin', 'tenant-admin');
});

const definition = (more: Partial<ProviderInput> = {}) => parseProvider({ ...PROVIDER, ...more });
const provided = (more: Partial<ProviderInput> = {}) => createProvider(core.deps, admin, definition(more));
const all = () => core.deps.store.identityProviders.list(core.tenant.id);

describe('what is saved', () => {
  test('keeps who made it and when, and says when it was changed', async () => {
    const made = await provided();
    core.clock.advance(5);
    const changed = await updateProvider(core.deps, admin, made.id, definition({ name: 'renamed' }));
    expect(changed).toEqual({ ...made, name: 'renamed', updatedAt: made.createdAt + 5 });
    expect(await all()).toEqual([changed]);
  });

  test('is told apart from what was before, within a millisecond and where a clock was turned back', async () => {
    const made = await provided();
    const again = async () => (await updateProvider(core.deps, admin, made.id, definition())).updatedAt;
    const times = [made.updatedAt, await again(), await again()];
    core.clock.advance(-5);
    times.push(await again());
    expect(times).toEqual([0, 1, 2, 3].map((more) => made.createdAt + more));
  });

  test('is refused where it says our own issuer, or brings our own key, when it is changed too', async () => {
    const made = await provided();
    const { keys } = { keys: [...(await keySet(core.deps))] };
    expect(ownFingerprints(core.deps.keyring).size).toBeGreaterThan(0);
    for (const ours of [{ issuer: ISSUER }, { jwksUri: undefined, jwks: { keys } }]) {
      await expect(provided({ name: 'ours', audiences: ['ours'], ...ours })).rejects.toMatchObject({
        code: 'unprocessable',
      });
      const changing = updateProvider(core.deps, admin, made.id, definition(ours));
      await expect(changing).rejects.toMatchObject({ code: 'unprocessable' });
    }
    expect(await all()).toEqual([made]);
  });

  test('is nothing where its name or an audience of it is taken, not even by a half', async () => {
    const made = await provided({ audiences: ['a'] });
    const second = await provided({ name: 'second', audiences: ['b'] });
    for (const [name, ...audiences] of [
      ['build', 'c'],
      ['third', 'c', 'a'],
    ] as const)
      await expect(provided({ name, audiences })).rejects.toMatchObject({ code: 'conflict' });
    for (const taken of [
      { name: 'build', audiences: ['b'] },
      { name: 'second', audiences: ['c', 'a'] },
    ])
      await expect(updateProvider(core.deps, admin, second.id, definition(taken))).rejects.toMatchObject({
        code: 'conflict',
      });
    expect(await all()).toEqual([made, second]);
    expect(await provided({ name: 'third', audiences: ['c'] })).toMatchObject({ name: 'third' }); // nobody has it
  });
});

test('of many who make it at once one does, and the others are told that it is there', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => provided()));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const one of outcomes) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'conflict' });
  expect(await all()).toHaveLength(1);
});

describe('in the transaction it is asked anew', () => {
  test('whether the caller still holds everything', async () => {
    const member = await core.signedIn(await core.user('ada', 'tenant-member'));
    const asked = (caller: Caller) => core.deps.store.transact((tx) => stillAdministers(tx, caller));
    await expect(asked(admin)).resolves.toBeUndefined();
    await expect(asked({ ...member, rights: admin.rights })).rejects.toBeInstanceOf(Overtaken);
  });

  test('whether it is still there', async () => {
    const { id } = await provided();
    await removeProvider(core.deps, admin, { id, isForced: false });
    const held = core.deps.store.transact((tx) => heldProvider(tx, admin, { id }));
    await expect(held).rejects.toBeInstanceOf(Overtaken);
    await expect(removeProvider(core.deps, admin, { id, isForced: true })).rejects.toMatchObject({ code: 'not_found' });
  });
});
