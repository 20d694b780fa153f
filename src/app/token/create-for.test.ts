import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { parseEmail } from '#domain/principal.ts';
import { parseTokenName, type TokenFormat } from '#domain/token.ts';
import { type Core, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import { createPatFor } from './create.ts';
import { listPats } from './list.ts';
import { revokeAllPats, revokePat } from './revoke.ts';
import { shown } from './shown.ts';

const EVERYTHING = { limit: 99, offset: 0, nameContains: '', isRevokedToo: true };

let core: Core;
let deps: Deps;
let ada: Caller;
let root: Caller;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  ada = await core.user('ada', 'tenant-member');
  root = await core.user('root', 'tenant-admin');
});

const createFor = (email: string, name = 'deploy', caller = root, format?: TokenFormat) =>
  createPatFor(deps, caller, { email: parseEmail(email), name: parseTokenName(name), format });
const shownTo = async (caller: Caller) => shown(deps, caller, (await listPats(deps, caller, EVERYTHING)).rows);

test.each(['opaque', 'jwt'] as const)(
  'speaks for its owner from the first moment, and not for who made it: %s',
  async (format) => {
    const { value } = await createFor('ada@example.com', 'deploy', root, format);
    expect(await core.callerBy(value)).toMatchObject({ principal: ada.principal, rights: ada.rights });
    if (format === 'opaque') return;
    const claims = JSON.parse(Buffer.from(value.reveal().split('.')[1] ?? '', 'base64').toString());
    expect(claims).toMatchObject({ sub: ada.principal.id, username: 'ada@example.com', email: 'ada@example.com' });
  },
);

test('is listed by its owner alone, who sees who made it', async () => {
  await createFor('ada@example.com');
  await core.pat(ada, 'own');
  expect(await shownTo(root)).toEqual([]);
  const made = new Map((await shownTo(ada)).map(({ pat, createdBy }) => [pat.name, createdBy]));
  expect([...made].sort()).toEqual([
    ['deploy', root.principal],
    ['own', ada.principal],
  ]);
});

test('is the owner’s to revoke, and not the maker’s', async () => {
  const { view } = await createFor('ada@example.com');
  await expect(revokePat(deps, root, view.pat.id)).rejects.toMatchObject({ code: 'not_found' });
  await revokePat(deps, ada, view.pat.id);
  expect((await shownTo(ada)).map(({ endedBy, state }) => [endedBy, state])).toEqual([[ada.principal, 'revoked']]);
  await createFor('ada@example.com', 'second');
  expect(await revokeAllPats(deps, root, parseEmail('ada@example.com'))).toBe(1);
  const ends = new Map((await shownTo(ada)).map(({ pat, endedBy }) => [pat.name, endedBy]));
  expect([...ends].sort()).toEqual([
    ['deploy', ada.principal],
    ['second', root.principal],
  ]);
});

test('the audit says who made it, and whose it is', async () => {
  const { view } = await createFor('ada@example.com');
  expect((await core.audit()).at(-1)).toMatchObject({
    ...{ action: 'personal-access-token:CreateForUser', resource: `personal-access-token/${view.pat.id}` },
    ...{ principal: root.principal.id, details: { preview: view.tokens[0]?.preview, owner: ada.principal.id } },
  });
});

test('for oneself it is one’s own', async () => {
  await createFor('root@example.com');
  expect((await shownTo(root)).map(({ createdBy }) => createdBy)).toEqual([root.principal]);
  expect((await core.audit()).at(-1)?.details).not.toHaveProperty('owner');
});

test('a name is taken by the owner’s tokens, and by nobody else’s', async () => {
  await core.pat(root, 'deploy');
  await createFor('ada@example.com');
  await expect(createFor('ada@example.com')).rejects.toMatchObject({ code: 'conflict' });
  await expect(core.pat(ada, 'deploy')).rejects.toMatchObject({ code: 'conflict' });
});

test.each([
  { who: 'nobody’s', email: 'nobody@example.com' },
  { who: 'a deactivated user’s', email: 'ada@example.com' },
])('for an address that is $who: not found, recorded, and nothing is made', async ({ email }) => {
  await core.deactivate(ada);
  await expect(createFor(email)).rejects.toMatchObject({ code: 'not_found' });
  expect(await core.rows('select id from token')).toEqual([]);
  expect(await core.audit()).toMatchObject([{ action: 'personal-access-token:CreateForUser', decision: 'denied' }]);
});

test('for somebody who is deactivated at the same moment: not found, and nothing is made', async () => {
  let first = true;
  const transact: Deps['store']['transact'] = async (body) => {
    if (first) await core.deactivate(ada);
    first = false;
    return deps.store.transact(body);
  };
  const by: Deps = { ...deps, store: { ...deps.store, transact } };
  const asked = createPatFor(by, root, { email: parseEmail('ada@example.com'), name: parseTokenName('deploy') });
  await expect(asked).rejects.toMatchObject({ code: 'not_found' });
  expect(await core.rows('select id from personal_access_token union select id from token')).toEqual([]);
});

test('by who may not: forbidden, whether there is such a user or not, and recorded alike', async () => {
  for (const email of ['root@example.com', 'nobody@example.com']) {
    await expect(createFor(email, 'deploy', ada)).rejects.toMatchObject({ code: 'forbidden' });
    core.clock.advance(60_000);
  }
  expect((await core.audit()).map(({ action, decision }) => [action, decision])).toEqual(
    Array(2).fill(['personal-access-token:CreateForUser', 'denied']),
  );
});
