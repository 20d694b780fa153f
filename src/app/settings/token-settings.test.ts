import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { TOKEN_SETTINGS, type TokenSettings } from '#domain/token-settings.ts';
import { type Core, openCore } from '#support/core.ts';
import { statementsOf } from '#support/statements.ts';
import type { Deps } from '../deps.ts';
import { breaksUnder, putTokenSettings, readTokenSettings } from './token-settings.ts';

const DAY_MS = 86_400_000;
const WANTED: TokenSettings = {
  ...{ ageDaysMax: 1, countMax: 5, lifeDaysDefault: 1, idleDaysMax: 1 },
  ...{ formatDefault: 'jwt', sessionOnly: true },
};
const NOTHING = { tokens: 0, owners: [], ownersTotal: 0 };

let core: Core;
let ada: Caller;
let root: Caller;
beforeEach(async () => {
  core = await openCore();
  ada = await core.user('ada', 'tenant-member');
  root = await core.user('root', 'tenant-admin');
});

/** Every row of every table. */
const everything = async () =>
  Promise.all(
    Object.keys(await core.columnsByTable()).map(async (table) => [table, await core.rows(`select * from ${table}`)]),
  );

test('are those that were put last, and the audit says all of them and how many tokens stopped working', async () => {
  expect(await readTokenSettings(core.deps, root)).toEqual(TOKEN_SETTINGS);
  await core.pat(ada, 'deploy');
  core.clock.advance(DAY_MS);
  const breaks = { tokens: 1, owners: [{ owner: ada.principal, tokens: 1 }], ownersTotal: 1 };
  expect(await putTokenSettings(core.deps, root, WANTED)).toEqual(breaks);
  expect(await readTokenSettings(core.deps, root)).toEqual(WANTED);
  expect((await core.audit()).at(-1)).toMatchObject({
    ...{
      action: 'settings:ManageSettings',
      resource: 'settings/tokens',
      decision: 'allowed',
      principal: root.principal.id,
    },
    details: { settings: WANTED, count: 1 },
  });
  expect(await putTokenSettings(core.deps, root, WANTED)).toEqual(NOTHING); // what has ended does not end again
});

test('a dry run says whose tokens would stop working, and changes no row of any table', async () => {
  const token = await core.pat(ada, 'deploy');
  await core.pat(root, 'other', core.clock.now() + DAY_MS / 2);
  core.clock.advance(DAY_MS);
  expect(await core.standing(token)).toBe('ok');
  const before = await everything();
  expect(before.length).toBeGreaterThan(10);
  const { result, statements } = await statementsOf(() => breaksUnder(core.deps, root, WANTED));
  expect(result).toEqual({ tokens: 1, owners: [{ owner: ada.principal, tokens: 1 }], ownersTotal: 1 });
  expect(new Set(statements.map((sql) => sql.split(' ')[0]))).toEqual(new Set(['select']));
  expect(await everything()).toEqual(before);
  expect(await core.standing(token)).toBe('ok');
});

test('a dry run and the change that follows say the same', async () => {
  for (const name of ['one', 'two']) await core.pat(ada, name);
  core.clock.advance(DAY_MS);
  const told = await breaksUnder(core.deps, root, WANTED);
  expect(told.tokens).toBe(2);
  expect(await putTokenSettings(core.deps, root, WANTED)).toEqual(told);
});

test.each<[string, string, (caller: Caller) => Promise<unknown>]>([
  ['read', 'settings:ListSettings', (caller) => readTokenSettings(core.deps, caller)],
  ['tried', 'settings:ManageSettings', (caller) => breaksUnder(core.deps, caller, WANTED)],
  ['put', 'settings:ManageSettings', (caller) => putTokenSettings(core.deps, caller, WANTED)],
])('are %s by administrators alone; who may not is in the audit, and changes nothing', async (_, action, act) => {
  await expect(act(ada)).rejects.toMatchObject({ code: 'forbidden' });
  expect(await core.audit()).toMatchObject([{ action, decision: 'denied', principal: ada.principal.id }]);
  expect(await readTokenSettings(core.deps, root)).toEqual(TOKEN_SETTINGS);
});

test('where tokens create none, no token changes that either, and the attempt is in the audit; a session does', async () => {
  const byToken = await core.callerBy(await core.pat(root, 'roots'));
  await putTokenSettings(core.deps, byToken, { ...TOKEN_SETTINGS, sessionOnly: true });
  await expect(putTokenSettings(core.deps, byToken, TOKEN_SETTINGS)).rejects.toMatchObject({
    ...{ code: 'forbidden', isExact: true, message: expect.stringContaining('sign in to the console') },
  });
  expect((await core.audit()).at(-1)).toMatchObject({ action: 'settings:ManageSettings', decision: 'denied' });
  expect((await readTokenSettings(core.deps, byToken)).sessionOnly).toBe(true);
  await putTokenSettings(core.deps, await core.signedIn(root), TOKEN_SETTINGS);
  expect(await readTokenSettings(core.deps, root)).toEqual(TOKEN_SETTINGS);
});

test('a token that was counting when that was put changes nothing either, and the attempt is in the audit', async () => {
  const byToken = await core.callerBy(await core.pat(root, 'roots'));
  const browser = await core.signedIn(root);
  const closed = { ...TOKEN_SETTINGS, sessionOnly: true };
  let put: Promise<unknown> | undefined;
  const transact: Deps['store']['transact'] = async (body) => {
    put ??= putTokenSettings(core.deps, browser, closed);
    await put;
    return core.deps.store.transact(body);
  };
  const counting: Deps = { ...core.deps, store: { ...core.deps.store, transact } };
  await expect(putTokenSettings(counting, byToken, TOKEN_SETTINGS)).rejects.toMatchObject({ code: 'forbidden' });
  expect((await core.audit()).at(-1)).toMatchObject({ action: 'settings:ManageSettings', decision: 'denied' });
  expect(await readTokenSettings(core.deps, root)).toEqual(closed);
});

test('where the entry cannot be written they stay as they were (I2)', async () => {
  const { mended } = await core.breakAudit();
  await expect(putTokenSettings(core.deps, root, WANTED)).rejects.toThrow();
  await mended();
  expect(await readTokenSettings(core.deps, root)).toEqual(TOKEN_SETTINGS);
});

test.each([
  ['are missing', 'delete from token_settings'],
  ['were altered', 'update token_settings set age_days_max = 36500'],
  ['were loosened', 'update token_settings set session_only = 1 - session_only'],
])('that %s in the database are believed by nobody: nothing is created, verified or put (I9)', async (_, sql) => {
  const token = await core.pat(ada, 'deploy');
  await core.tamper(sql);
  for (const act of [
    () => core.standing(token),
    () => core.pat(ada, 'more'),
    () => readTokenSettings(core.deps, root),
    () => putTokenSettings(core.deps, root, WANTED),
  ]) {
    await expect(act()).rejects.toMatchObject({ code: 'internal' });
  }
  expect(await core.rows('select count(*) as n from token')).toEqual([{ n: 1 }]);
});

test('of those put at the same moment the last is what stands, whole', async () => {
  const wanted = [1, 2, 3, 4, 5].map((days) => ({ ...WANTED, ageDaysMax: days, countMax: days }));
  await Promise.all(wanted.map((one) => putTokenSettings(core.deps, root, one)));
  expect(wanted).toContainEqual(await readTokenSettings(core.deps, root));
  const [last] = (await core.audit()).slice(-1);
  expect(await readTokenSettings(core.deps, root)).toEqual(last?.details.settings);
});
