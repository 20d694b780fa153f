import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { LIVE_GENERATIONS_MAX, parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS, type TokenSettings } from '#domain/token-settings.ts';
import { type Core, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import { putTokenSettings } from '../settings/token-settings.ts';
import { type GotPat, getOrCreatePat } from './get-or-create.ts';
import { revokePat } from './revoke.ts';

let core: Core;
let ada: Caller;
beforeEach(async () => {
  core = await openCore();
  ada = await core.user('ada', 'tenant-member');
});

const get = (caller = ada): Promise<GotPat> => getOrCreatePat(core.deps, caller, parseTokenName('console'));
const standings = (got: readonly GotPat[]) => Promise.all(got.map(({ value }) => core.standing(value)));

test('makes one where there is none, and adds a generation where there is; earlier values stay good', async () => {
  const [first, second] = [await get(), await get()];
  expect([first.created, second.created]).toEqual([true, false]);
  expect(second.view).toEqual({
    ...first.view,
    tokens: [expect.objectContaining({ generation: 2 }), ...first.view.tokens],
  });
  expect(await standings([first, second])).toEqual(['ok', 'ok']);
  const act = { action: 'personal-access-token:Create', resource: `personal-access-token/${first.view.pat.id}` };
  expect(await core.audit()).toMatchObject([
    { ...act, details: { preview: first.view.tokens[0]?.preview, generation: 1 } },
    { ...act, details: { preview: second.view.tokens[0]?.preview, generation: 2 } },
  ]);
});

test('asked twenty times at once it is one token; of its values the newest few are good, and only they', async () => {
  const got = await Promise.all(Array.from({ length: 20 }, () => get()));
  expect(new Set(got.map(({ view }) => view.pat.id)).size).toBe(1);
  expect(got.filter(({ created }) => created)).toHaveLength(1);
  const newestFirst = got.toSorted((a, b) => (b.view.tokens[0]?.generation ?? 0) - (a.view.tokens[0]?.generation ?? 0));
  expect(newestFirst.map(({ view }) => view.tokens[0]?.generation)).toEqual(
    Array.from({ length: 20 }, (_, at) => 20 - at),
  );
  expect(newestFirst[0]?.view.tokens).toHaveLength(LIVE_GENERATIONS_MAX);
  expect(await standings(newestFirst)).toEqual(
    Array.from({ length: 20 }, (_, at) => (at < LIVE_GENERATIONS_MAX ? 'ok' : 'revoked')),
  );
});

test.each(['opaque', 'jwt'] as const)(
  'twenty tabs at once all succeed with values of the form %s that are theirs alone',
  async (form) => {
    const put = { ...TOKEN_SETTINGS, formatDefault: form, ageDaysMax: 30 };
    await core.deps.store.transact((tx) => tx.tokenSettings.put(core.tenant.id, put));
    for (const round of [1, 2]) {
      const got = await Promise.all(Array.from({ length: 20 }, () => get()));
      expect(new Set(got.map(({ value }) => value.reveal())).size).toBe(20);
      expect(got.every(({ view }) => view.tokens[0]?.format === form)).toBe(true);
      expect(got.filter(({ created }) => created)).toHaveLength(round === 1 ? 1 : 0);
      const good = (await standings(got)).filter((standing) => standing === 'ok');
      expect(good).toHaveLength(LIVE_GENERATIONS_MAX);
    }
    expect(await core.rows('select count(*) as n from token where ended_at is null')).toEqual([
      { n: LIVE_GENERATIONS_MAX },
    ]);
  },
);

test('the value that a new one pushes out is refused by the very next verification, though it was remembered (I3)', async () => {
  const got = [];
  for (let at = 0; at < LIVE_GENERATIONS_MAX; at++) got.push(await get());
  expect(await standings(got)).toEqual(got.map(() => 'ok'));
  await get();
  expect(await standings(got)).toEqual(['revoked', ...got.slice(1).map(() => 'ok')]);
});

test('the audit names the values that a new one pushed out, and names none where none was', async () => {
  const got = [];
  for (let at = 0; at < LIVE_GENERATIONS_MAX; at++) got.push(await get());
  const [oldest] = await Promise.all(got.map(async ({ value }) => (await core.callerBy(value)).credential.id));
  await get();
  expect((await core.audit()).map(({ details }) => details.superseded)).toEqual([
    ...got.map(() => undefined),
    [oldest],
  ]);
  expect((await core.audit())[0]?.details).not.toHaveProperty('superseded');
});

test('a team that is not the owner’s is a refusal that leaves nothing; where a token is there already, none is asked for', async () => {
  const only = () => getOrCreatePat(core.deps, ada, parseTokenName('console'), { team: 'platform' });
  await expect(only()).rejects.toMatchObject({ code: 'invalid_request', problems: [{ field: 'teamName' }] });
  expect(await core.rows('select id from personal_access_token')).toEqual([]);
  expect(await core.audit()).toEqual([]);
  await get();
  expect(await only()).toMatchObject({ created: false, view: { tokens: [{ generation: 2 }, { generation: 1 }] } });
});

test('a value ends with the token that owns it', async () => {
  await core.pat(ada, 'console', core.clock.now() + 1_000);
  const got = await get();
  expect(got).toMatchObject({ created: false, view: { tokens: [{ expiresAt: core.clock.now() + 1_000 }, {}] } });
  core.clock.advance(1_000);
  expect(await core.standing(got.value)).toBe('expired');
});

test('of an expired one no value is made that would be dead at birth: a new one takes its name, and the old one ends', async () => {
  const old = await core.pat(ada, 'console', core.clock.now() + 1_000);
  expect(await core.standing(old)).toBe('ok');
  core.clock.advance(1_000);
  const got = await get();
  expect(got).toMatchObject({ created: true, view: { pat: { expiresAt: undefined }, tokens: [{ generation: 1 }] } });
  expect([await core.standing(got.value), await core.standing(old)]).toEqual(['ok', 'revoked']);
  const by = { ended_by: ada.principal.id, end_reason: 'superseded', ended_at: core.clock.now() };
  const rows = 'select ended_by, end_reason, ended_at from personal_access_token order by created_at';
  expect(await core.rows(rows)).toEqual([by, { ended_by: null, end_reason: null, ended_at: null }]);
});

test('the audit names the expired one that a new one replaced, and names none where none was', async () => {
  await core.pat(ada, 'console', core.clock.now() + 1_000);
  const [old] = await core.rows('select id from personal_access_token');
  await get();
  core.clock.advance(1_000);
  const { view } = await get();
  await get();
  const { preview } = view.tokens[0] ?? {};
  expect((await core.audit()).map(({ details }) => details.replaced)).toEqual([
    undefined,
    undefined,
    old?.id,
    undefined,
  ]);
  expect((await core.audit())[2]).toMatchObject({
    ...{ resource: `personal-access-token/${view.pat.id}` },
    details: { preview, generation: 1, replaced: old?.id },
  });
  expect((await core.audit())[3]?.details).not.toHaveProperty('replaced');
});

test('an expired one stays as it is where the new one is refused', async () => {
  await core.pat(ada, 'console', core.clock.now() + 1_000);
  core.clock.advance(1_000);
  const refused = { code: 'invalid_request' };
  const asked = getOrCreatePat(core.deps, ada, parseTokenName('console'), { team: 'platform' });
  await expect(asked).rejects.toMatchObject(refused);
  expect(await core.rows('select ended_at from personal_access_token')).toEqual([{ ended_at: null }]);
});

test('after a revocation it is a new one; another’s of the same name is never touched', async () => {
  const bob = await core.user('bob', 'tenant-member');
  const [first, bobs] = [await get(), await get(bob)];
  await revokePat(core.deps, ada, first.view.pat.id);
  const second = await get();
  expect([second.created, second.view.pat.id === first.view.pat.id]).toEqual([true, false]);
  expect(await standings([first, second, bobs])).toEqual(['revoked', 'ok', 'ok']);
});

test('who may not create gets nothing, and nothing is made', async () => {
  await expect(get(await core.user('carol'))).rejects.toMatchObject({ code: 'forbidden' });
  expect(await core.rows('select id from personal_access_token')).toEqual([]);
  expect(await core.audit()).toMatchObject([{ resource: 'personal-access-token/', decision: 'denied' }]);
});

test('another value of one that stands is made under the settings that came in between, or not at all', async () => {
  await get();
  const root = await core.user('root', 'tenant-admin');
  const overtakenBy = (settings: Partial<TokenSettings>): Deps => {
    let put: Promise<unknown> | undefined;
    const transact: Deps['store']['transact'] = async (body) => {
      put ??= putTokenSettings(core.deps, root, { ...TOKEN_SETTINGS, ...settings });
      await put;
      return core.deps.store.transact(body);
    };
    return { ...core.deps, store: { ...core.deps.store, transact } };
  };
  const name = parseTokenName('console');
  const { value } = await getOrCreatePat(overtakenBy({ formatDefault: 'jwt' }), ada, name);
  expect(value.reveal().startsWith('eyJ')).toBe(true);
  const byToken = await core.callerBy(value);
  await expect(getOrCreatePat(overtakenBy({ sessionOnly: true }), byToken, name)).rejects.toMatchObject({
    code: 'forbidden',
  });
});
