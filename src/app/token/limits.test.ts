import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { parseEmail } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { LIVE_GENERATIONS_MAX, type PatId, parseTokenName, type TokenFormat } from '#domain/token.ts';
import { TOKEN_SETTINGS, type TokenSettings } from '#domain/token-settings.ts';
import { type Core, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import { putTokenSettings } from '../settings/token-settings.ts';
import { catchUp } from './catch-up.ts';
import { createPat, createPatFor } from './create.ts';
import { getOrCreatePat } from './get-or-create.ts';
import { listPats } from './list.ts';
import { revokePat } from './revoke.ts';
import { VerifiedCredentials } from './verified-credentials.ts';

const DAY_MS = 86_400_000;
const TOO_MANY = {
  code: 'invalid_request',
  message: expect.stringMatching(/^The limit of live tokens for one user is \d+ here/),
};

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

const put = (settings: Partial<TokenSettings>) => putTokenSettings(deps, root, { ...TOKEN_SETTINGS, ...settings });
const get = (name: string, caller = ada, by = deps) => getOrCreatePat(by, caller, parseTokenName(name));
const create = (name: string, caller = ada, by = deps) => createPat(by, caller, { name: parseTokenName(name) });
const createForAda = (name: string, caller = root) =>
  createPatFor(deps, caller, { email: parseEmail(ada.principal.name), name: parseTokenName(name) });
const idOf = async (name: string) =>
  (await core.rows('select id from personal_access_token where name = ?', name))[0]?.id as PatId;
const live = async () =>
  Number((await core.rows('select count(*) as n from personal_access_token where ended_at is null'))[0]?.n);
/** As another process on the same database. */
const elsewhere = async (): Promise<Deps> => ({
  ...deps,
  verified: new VerifiedCredentials('other salt', await deps.store.changes.latest()),
});

describe('how many one user may hold', () => {
  test.each<[string, readonly ((name: string) => Promise<unknown>)[]]>([
    ['creates', [(name) => create(name)]],
    ['get-or-creates of new names', [(name) => get(name)]],
    ['creates by an administrator', [(name) => createForAda(name)]],
    ['all three, mixed', [(name) => create(name), (name) => get(name), (name) => createForAda(name)]],
  ])('of fifty %s at the same moment, at one below the limit, exactly one succeeds', async (_, ways) => {
    await put({ countMax: 3 });
    for (const name of ['one', 'two']) await create(name);
    const asked = Array.from({ length: 50 }, (_, at) => ways[at % ways.length]?.(`race-${at}`));
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason)).toEqual(refused.map(() => expect.objectContaining(TOO_MANY)));
    expect(await live()).toBe(3);
    expect(await core.rows('select count(*) as n from token')).toEqual([{ n: 3 }]);
    expect((await core.audit()).filter(({ resource }) => resource.startsWith('personal-access-token/'))).toHaveLength(
      3,
    );
  });

  test('revoked ones do not count, nor those past their own date', async () => {
    await put({ countMax: 2 });
    await core.pat(ada, 'short', core.clock.now() + 1_000);
    await create('gone');
    await expect(create('more')).rejects.toMatchObject(TOO_MANY);
    await revokePat(deps, ada, await idOf('gone'));
    await create('more');
    await expect(create('again')).rejects.toMatchObject(TOO_MANY);
    core.clock.advance(1_000);
    await create('again');
    await expect(create('and-again')).rejects.toMatchObject(TOO_MANY);
  });

  test.each(['ageDaysMax', 'idleDaysMax'] as const)('nor those that %s has ended', async (field) => {
    await create('old');
    core.clock.advance(2 * DAY_MS);
    await put({ countMax: 1 });
    await expect(create('more')).rejects.toMatchObject(TOO_MANY);
    await put({ countMax: 1, [field]: 2 });
    await create('more');
    await expect(create('and-more')).rejects.toMatchObject(TOO_MANY);
  });

  test('another value of one that is there is no token more; what others hold is nobody else’s', async () => {
    await put({ countMax: 1 });
    for (let at = 0; at < LIVE_GENERATIONS_MAX + 2; at++) await get('console');
    await expect(get('other')).rejects.toMatchObject(TOO_MANY);
    await create('console', await core.user('bob', 'tenant-member'));
  });

  test('one made by an administrator counts for its owner, and for the owner’s limit alone', async () => {
    await put({ countMax: 1 });
    await create('roots', root);
    await createForAda('adas');
    await expect(createForAda('more')).rejects.toMatchObject(TOO_MANY);
    await expect(create('own')).rejects.toMatchObject(TOO_MANY);
  });

  test('an expired one of the name makes room for its successor, and stays where that is refused', async () => {
    await core.pat(ada, 'console', core.clock.now() + 1_000);
    core.clock.advance(1_000);
    await create('other');
    await put({ countMax: 1 });
    await expect(get('console')).rejects.toMatchObject(TOO_MANY);
    expect(await core.rows('select ended_at from personal_access_token where name = ?', 'console')).toEqual([
      { ended_at: null },
    ]);
    await put({ countMax: 2 });
    expect(await get('console')).toMatchObject({ created: true });
  });

  test('lowering it ends nothing: what is held stays, and more is refused', async () => {
    const tokens = [];
    for (const name of ['one', 'two', 'three']) tokens.push((await create(name)).value);
    expect(await put({ countMax: 1 })).toEqual({ tokens: 0, owners: [], ownersTotal: 0 });
    for (const token of tokens) expect(await core.standing(token)).toBe('ok');
    await expect(create('more')).rejects.toMatchObject(TOO_MANY);
  });
});

describe('how old a value may be', () => {
  test('a later date is refused, in words that say the limit; none given is the latest that is allowed', async () => {
    await put({ ageDaysMax: 30 });
    const latest = core.clock.now() + 30 * DAY_MS;
    await expect(core.pat(ada, 'long', latest + 1)).rejects.toMatchObject({
      ...{ code: 'invalid_request', problems: [{ field: 'expiresAt', problem: 'must be at most 30 days from now' }] },
      message: 'Tokens live for at most 30 days here. Give an earlier expiration date, or none.',
    });
    expect(await core.rows('select id from token')).toEqual([]);
    await core.pat(ada, 'longest', latest);
    expect([(await create('none')).view, (await get('got')).view, (await createForAda('for-ada')).view]).toMatchObject(
      Array(3).fill({ endsAt: latest, pat: { expiresAt: latest }, tokens: [{ expiresAt: latest, endsAt: latest }] }),
    );
  });

  test('tightening it ends what is older at once, wherever it is remembered (I3)', async () => {
    const old = (await create('old')).value;
    core.clock.advance(2 * DAY_MS);
    const young = (await create('young')).value;
    const there = await elsewhere();
    const standings = async () => [
      ...[await core.standing(old), await core.standing(young)],
      ...[await core.standing(old, there), await core.standing(young, there)],
    ];
    expect(await standings()).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(await put({ ageDaysMax: 1 })).toEqual({
      ...{ tokens: 1, ownersTotal: 1 },
      owners: [{ owner: ada.principal, tokens: 1 }],
    });
    await catchUp(there);
    expect(await standings()).toEqual(['expired', 'ok', 'expired', 'ok']);
    expect((await listPats(deps, ada, { limit: 9, offset: 0, nameContains: 'old' })).rows[0]?.endsAt).toBe(
      core.clock.now() - DAY_MS,
    );
  });

  test('loosening it brings back what only the age ended, and nothing whose own date has passed', async () => {
    const undated = (await create('undated')).value;
    const dated = await core.pat(ada, 'dated', core.clock.now() + 2 * DAY_MS);
    await put({ ageDaysMax: 30 });
    const limited = (await create('limited')).value; // its own date is the limit of its day
    const standings = async () => Promise.all([undated, dated, limited].map((token) => core.standing(token)));
    expect(await standings()).toEqual(['ok', 'ok', 'ok']);
    core.clock.advance(31 * DAY_MS);
    expect(await standings()).toEqual(['expired', 'expired', 'expired']);
    await put({});
    expect(await standings()).toEqual(['ok', 'expired', 'expired']);
  });
});

test.each([
  { formatDefault: 'opaque', asked: undefined, starts: 'tfy_pat_' },
  { formatDefault: 'jwt', asked: undefined, starts: 'eyJ' },
  { formatDefault: 'jwt', asked: 'opaque', starts: 'tfy_pat_' },
  { formatDefault: 'opaque', asked: 'jwt', starts: 'eyJ' },
] as const)(
  'where $formatDefault is the default and $asked was asked for, a value begins with $starts',
  async (one) => {
    await put({ formatDefault: one.formatDefault });
    const value = (await core.pat(ada, 'deploy', undefined, one.asked as TokenFormat | undefined)).reveal();
    expect(value.slice(0, one.starts.length)).toBe(one.starts);
    if (one.asked === undefined) expect((await get('console')).value.reveal().startsWith(one.starts)).toBe(true);
  },
);

describe('where only browsers create tokens', () => {
  const REFUSED = { code: 'forbidden', isExact: true, message: expect.stringContaining('sign in to the console') };
  let byToken: Caller;
  let adminByToken: Caller;
  beforeEach(async () => {
    [byToken, adminByToken] = [
      await core.callerBy((await create('adas')).value),
      await core.callerBy((await create('roots', root)).value),
    ];
    await put({ sessionOnly: true });
  });

  test.each<[string, string, () => Promise<unknown>]>([
    ['creates none', 'Create', () => create('more', byToken)],
    ['adds no value to one that is there', 'Create', () => get('adas', byToken)],
    ['gets none that is new', 'Create', () => get('more', byToken)],
    ['creates none for others', 'CreateForUser', () => createForAda('more', adminByToken)],
  ])('a token %s, and the attempt is in the audit', async (_, action, act) => {
    const before = await core.rows('select * from token');
    await expect(act()).rejects.toMatchObject(REFUSED);
    expect(await core.rows('select * from token')).toEqual(before);
    expect((await core.audit()).at(-1)).toMatchObject({
      action: `personal-access-token:${action}`,
      decision: 'denied',
    });
  });

  test('a session does all of it', async () => {
    const [browser, admins] = [await core.signedIn(ada), await core.signedIn(root)];
    const own = [await create('more', browser), await get('adas', browser), await get('new', browser)];
    for (const { value } of [...own, await createForAda('for-ada', admins)]) {
      expect(await core.standing(value)).toBe('ok');
    }
  });

  test('a token does everything else', async () => {
    await listPats(deps, byToken, { limit: 9, offset: 0, nameContains: '' });
    await revokePat(deps, byToken, await idOf('adas'));
  });
});

describe('settings that change between what was prepared and what is committed', () => {
  /** The real store; before the transactions of whoever uses it, up to so many of them, something else is committed. */
  function overtaken(times: number, settings: (at: number) => Partial<TokenSettings>): Deps {
    let at = 0;
    const transact: Deps['store']['transact'] = async (body) => {
      at += 1;
      if (at <= times) await put(settings(at));
      return deps.store.transact(body);
    };
    return { ...deps, store: { ...deps.store, transact } };
  }
  type Way = (by: Deps, caller?: Caller) => Promise<{ readonly value: Sensitive }>;
  const WAYS: readonly [string, Way][] = [
    ['create', (by, caller = ada) => create('deploy', caller, by)],
    ['get-or-create', (by, caller = ada) => get('deploy', caller, by)],
  ];

  test.each(WAYS)('%s: it is prepared again, under those that stand, and written once', async (_, way) => {
    const { value } = await way(overtaken(1, () => ({ formatDefault: 'jwt', lifeDaysDefault: 7 })));
    expect(value.reveal().startsWith('eyJ')).toBe(true);
    expect(await core.rows('select format, expires_at from token')).toEqual([
      { format: 'jwt', expires_at: core.clock.now() + 7 * DAY_MS },
    ]);
    expect((await core.audit()).filter(({ action }) => action === 'personal-access-token:Create')).toHaveLength(1);
  });

  test.each(WAYS)('%s: a limit that came in between holds', async (_, way) => {
    await create('first');
    await expect(way(overtaken(1, () => ({ countMax: 1 })))).rejects.toMatchObject(TOO_MANY);
    expect(await live()).toBe(1);
  });

  test.each(WAYS)('%s: a token that may not create any more does not', async (_, way) => {
    const caller = await core.callerBy((await create('first')).value);
    await expect(
      way(
        overtaken(1, () => ({ sessionOnly: true })),
        caller,
      ),
    ).rejects.toMatchObject({ code: 'forbidden' });
    expect(await live()).toBe(1);
  });

  test.each(WAYS)(
    '%s: where they change every time it gives up, says to send it again, and left nothing',
    async (_, way) => {
      const changing = overtaken(99, (at) => ({ lifeDaysDefault: at }));
      await expect(way(changing)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('Send it again'),
      });
      expect(await core.rows('select id from personal_access_token union select id from token')).toEqual([]);
      expect((await core.audit()).filter(({ action }) => action === 'personal-access-token:Create')).toEqual([]);
    },
  );
});
