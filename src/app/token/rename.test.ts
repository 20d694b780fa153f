import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { type PatId, parseTokenName } from '#domain/token.ts';
import { type Core, openCore } from '#support/core.ts';
import { statementsOf } from '#support/statements.ts';
import type { Deps } from '../deps.ts';
import { listPats } from './list.ts';
import { renamePat } from './rename.ts';
import { revokePat } from './revoke.ts';

let core: Core;
let deps: Deps;
let ada: Caller;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  ada = await core.user('ada', 'tenant-member');
});

const idOf = async (name: string) =>
  (await core.rows('select id from personal_access_token where name = ?', name))[0]?.id as PatId;
const rename = (id: PatId, name: string, caller = ada, by = deps) => renamePat(by, caller, id, parseTokenName(name));
const names = async (isRevokedToo = false) => {
  const { rows } = await listPats(deps, ada, { limit: 99, offset: 0, nameContains: '', isRevokedToo });
  return rows.map(({ pat }) => pat.name).sort();
};

test('is in the answer, the list and the audit; its values stay as they are', async () => {
  const token = await core.pat(ada, 'deploy');
  const id = await idOf('deploy');
  core.clock.advance(1_000);
  const { pat } = await rename(id, 'release');
  expect(pat).toMatchObject({ id, name: 'release', updatedAt: core.clock.now(), createdAt: core.clock.now() - 1_000 });
  expect(await names()).toEqual(['release']);
  expect(await core.standing(token)).toBe('ok');
  expect((await core.audit()).at(-1)).toMatchObject({
    ...{ action: 'personal-access-token:Rename', resource: `personal-access-token/${id}`, decision: 'allowed' },
    details: { name: 'release', formerName: 'deploy' },
  });
});

test('is what whoever presents it is called from the next request on, though it was remembered', async () => {
  const token = await core.pat(ada, 'deploy');
  const name = async () => {
    const { credential } = await core.callerBy(token);
    return credential.kind === 'token' ? credential.name : undefined;
  };
  expect(await name()).toBe('deploy');
  await rename(await idOf('deploy'), 'release');
  const { result, statements } = await statementsOf(name);
  expect([result, statements.length]).toEqual(['release', 2]);
  expect(await name()).toBe('release');
});

test('one that another of the owner has is a conflict, and nothing changes; a revoked one’s is free, and another’s', async () => {
  for (const name of ['one', 'two', 'gone']) await core.pat(ada, name);
  await core.pat(await core.user('bob', 'tenant-member'), 'bobs');
  await revokePat(deps, ada, await idOf('gone'));
  await expect(rename(await idOf('one'), 'two')).rejects.toMatchObject({
    ...{ code: 'conflict', message: 'A token with this name already exists. Use a different name.' },
  });
  expect(await names()).toEqual(['one', 'two']);
  expect((await core.audit()).filter(({ action }) => action === 'personal-access-token:Rename')).toEqual([]);
  const id = await idOf('one');
  for (const name of ['gone', 'bobs', 'bobs']) await rename(id, name); // to its own name, too
  expect(await names()).toEqual(['bobs', 'two']);
});

test('to one name at the same moment: one has it, the others are told so', async () => {
  const ids = [];
  for (let at = 0; at < 20; at++) {
    await core.pat(ada, `token-${at}`);
    ids.push(await idOf(`token-${at}`));
  }
  const outcomes = await Promise.allSettled(ids.map((id) => rename(id, 'same')));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const refused = outcomes.filter((one) => one.status === 'rejected').map(({ reason }) => reason.code);
  expect(refused).toEqual(refused.map(() => 'conflict'));
  expect((await names()).filter((name) => name === 'same')).toHaveLength(1);
});

test('a create and a rename to one name at the same moment: one of them has it', async () => {
  await core.pat(ada, 'deploy');
  const outcomes = await Promise.allSettled([rename(await idOf('deploy'), 'same'), core.pat(ada, 'same')]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect((await names()).filter((name) => name === 'same')).toHaveLength(1);
});

test('what was revoked keeps the name that it had', async () => {
  await core.pat(ada, 'deploy');
  await revokePat(deps, ada, await idOf('deploy'));
  await expect(rename(await idOf('deploy'), 'release')).rejects.toMatchObject({ code: 'not_found' });
  expect(await names(true)).toEqual(['deploy']);
});

test('what is revoked at the same moment is either renamed before, or not at all', async () => {
  await core.pat(ada, 'deploy');
  const id = await idOf('deploy');
  const transact: Deps['store']['transact'] = async (body) => {
    await revokePat(deps, ada, id);
    return deps.store.transact(body);
  };
  await expect(rename(id, 'release', ada, { ...deps, store: { ...deps.store, transact } })).rejects.toMatchObject({
    code: 'not_found',
  });
  expect(await names(true)).toEqual(['deploy']);
});

test('another’s is as absent as none, even to an administrator, and both are denied by the same entry (I6)', async () => {
  await core.pat(ada, 'deploy');
  const root = await core.user('root', 'tenant-admin');
  const [others, none] = [await idOf('deploy'), 'x'.repeat(24) as PatId];
  for (const id of [others, none]) {
    await expect(rename(id, 'mine', root)).rejects.toMatchObject({ code: 'not_found' });
    core.clock.advance(60_000); // or the second would only be counted
  }
  const denied = (await core.audit()).slice(-2);
  expect(denied.map(({ action, resource, decision, details }) => ({ action, resource, decision, details }))).toEqual(
    [others, none].map((id) => ({
      ...{ action: 'personal-access-token:Rename', resource: `personal-access-token/${id}` },
      ...{ decision: 'denied', details: {} },
    })),
  );
  expect(await names()).toEqual(['deploy']);
});

test('who may not is told so', async () => {
  const nobody = await core.user('nobody');
  await expect(rename('x'.repeat(24) as PatId, 'mine', nobody)).rejects.toMatchObject({ code: 'forbidden' });
});
