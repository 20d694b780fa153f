import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { type Core, openCore } from '#support/core.ts';
import { listPats } from './list.ts';

const EVERYTHING = { limit: 100, offset: 0, nameContains: '' };

let core: Core;
let ada: Caller;
beforeEach(async () => {
  core = await openCore();
  ada = await core.user('ada', 'tenant-member');
});

const namesOf = async (caller: Caller) =>
  (await listPats(core.deps, caller, EVERYTHING)).rows.map(({ pat }) => pat.name);

test('issues a token that is good, is listed by its owner alone, and is in the audit by its preview', async () => {
  const bob = await core.user('bob', 'tenant-admin');
  const token = await core.pat(ada, 'deploy');
  expect(await core.standing(token)).toBe('ok');
  expect([await namesOf(ada), await namesOf(bob)]).toEqual([['deploy'], []]);
  const [{ pat, tokens } = expect.unreachable()] = (await listPats(core.deps, ada, EVERYTHING)).rows;
  expect(await core.audit()).toMatchObject([
    {
      ...{ action: 'personal-access-token:Create', resource: `personal-access-token/${pat.id}`, decision: 'allowed' },
      ...{ principal: ada.principal.id, details: { preview: tokens[0]?.preview } },
    },
  ]);
});

test('its value is in no file: the answer is the only place where it ever appears (I1)', async () => {
  const value = (await core.pat(ada, 'deploy')).reveal();
  const body = value.slice('tfy_pat_'.length + 4, -4); // what no preview shows
  const files = await core.onDisk();
  expect(files.includes('deploy')).toBe(true);
  for (const text of [value, body, Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64')]) {
    expect(files.includes(text)).toBe(false);
  }
});

test.each([
  { expiresIn: -1, outcome: 'refused' },
  { expiresIn: 0, outcome: 'refused' }, // dead at birth
  { expiresIn: 1, outcome: 'ok' },
])('one that expires in $expiresIn ms is $outcome', async ({ expiresIn, outcome }) => {
  const created = core.pat(ada, 'short', core.clock.now() + expiresIn);
  if (outcome === 'ok') return expect(core.standing(await created)).resolves.toBe('ok');
  await expect(created).rejects.toMatchObject({
    ...{ code: 'invalid_request', problems: [{ field: 'expiresAt', problem: 'must be in the future' }] },
  });
  expect(await core.rows('select id from token')).toEqual([]);
});

test('a name that is taken is a conflict in the words of the contract, and leaves nothing; a revoked one is free', async () => {
  await core.pat(ada, 'deploy');
  await expect(core.pat(ada, 'deploy')).rejects.toMatchObject({
    ...{ code: 'conflict', message: 'A token with this name already exists. Use a different name.' },
  });
  expect(await core.rows('select count(*) as n from token')).toEqual([{ n: 1 }]);
  expect(await core.audit()).toHaveLength(1);
  await core.pat(await core.user('bob', 'tenant-member'), 'deploy');
});

test('however many ask at once, one gets the name', async () => {
  const asked = await Promise.allSettled(Array.from({ length: 20 }, () => core.pat(ada, 'same')));
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await core.rows('select count(*) as n from token')).toEqual([{ n: 1 }]);
});

test('who may not create or list is told so, and nothing is made', async () => {
  const nobody = await core.user('bob');
  await expect(core.pat(nobody, 'deploy')).rejects.toMatchObject({ code: 'forbidden' });
  await expect(listPats(core.deps, nobody, EVERYTHING)).rejects.toMatchObject({ code: 'forbidden' });
  expect(await core.rows('select id from personal_access_token')).toEqual([]);
});

test('a denial names no token: there is none that it could be on', async () => {
  await expect(core.pat(await core.user('bob'), 'deploy')).rejects.toMatchObject({ code: 'forbidden' });
  expect(await core.audit()).toMatchObject([
    { action: 'personal-access-token:Create', resource: 'personal-access-token/', decision: 'denied', details: {} },
  ]);
});
