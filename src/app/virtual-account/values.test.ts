import { beforeEach, describe, expect, test } from 'vitest';
import { VerifiedCredentials } from '#app/token/verified-credentials.ts';
import type { Caller } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { LIVE_GENERATIONS_MAX } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { ACCOUNT_RULES, GRACE_MS_MAX } from '#domain/virtual-account.ts';
import { accountWith, personWith, wanting } from '#support/accounts.ts';
import { type Core, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import type { Added } from './add.ts';
import { applyAccount } from './apply.ts';
import { endValue } from './end-value.ts';
import { freezeAccount, thawAccount } from './freeze.ts';
import { getAccount } from './list.ts';
import { regenerateToken } from './regenerate.ts';
import { removeAccount } from './remove.ts';
import { putAccountRules, readAccountRules } from './rules.ts';
import { readAccountToken } from './value.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let core: Core;
let deps: Deps;
let root: Caller;
let robot: Added;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  root = await core.user('root', 'tenant-admin');
  robot = await accountWith(core, root, 'robot', { roles: ['tenant-member'] });
});

const id = () => robot.view.account.id;
const regenerate = async (graceMs: number): Promise<Sensitive> =>
  (await regenerateToken(deps, root, id(), graceMs)).value;
const account = () => getAccount(deps, root, id());
const read = async () => (await readAccountToken(deps, root, id())).reveal();
/** As a process says that remembers nothing, and one that remembers. */
const standing = async (value: Sensitive): Promise<string> => {
  const fresh = await core.standing(value, { ...deps, verified: new VerifiedCredentials('salt', 0) });
  expect(await core.standing(value)).toBe(fresh);
  return fresh;
};
const standings = async (values: readonly Sensitive[]) => Promise.all(values.map(standing));

describe('the value of an account', () => {
  test('speaks for it, with what it holds, until it is frozen, and again when it is thawed', async () => {
    const caller = await core.callerBy(robot.value);
    expect(caller.principal).toEqual({ id: id(), kind: 'virtual_account', name: 'robot' });
    expect(caller.rights.roles).toEqual(['tenant-member']);
    await freezeAccount(deps, root, id());
    expect([await standing(robot.value), (await account()).isActive]).toEqual(['revoked', false]);
    await thawAccount(deps, root, id());
    expect([await standing(robot.value), (await account()).isActive]).toEqual(['ok', true]);
  });

  test.each(['opaque', 'jwt'] as const)(
    'is %s where the account says so, and bears the prefix of its kind',
    async (format) => {
      const { view, value } = await accountWith(core, root, 'other', { format });
      expect(view.current?.format).toBe(format);
      expect(value.reveal()).toMatch(format === 'jwt' ? /^eyJ/ : /^tfy_va_/);
      expect(await standing(value)).toBe('ok');
    },
  );

  test('of an account that says nothing is as the tenant’s are by default', async () => {
    await deps.store.transact((tx) =>
      tx.tokenSettings.put(core.tenant.id, { ...TOKEN_SETTINGS, formatDefault: 'jwt' }),
    );
    expect((await accountWith(core, root, 'other')).view.current?.format).toBe('jwt');
  });

  test('ends with the account: no value of it works, and its name is free for another, which inherits nothing', async () => {
    await regenerate(DAY_MS);
    const values = [robot.value, await regenerate(DAY_MS)];
    await removeAccount(deps, root, id());
    expect(await standings(values)).toEqual(['revoked', 'revoked']);
    const next = await accountWith(core, root, 'robot');
    expect([next.view.grants, next.view.account.id === id()]).toEqual([[], false]);
    expect(await core.rows('select token from virtual_account_value')).toHaveLength(1);
    expect(await standings([...values, next.value])).toEqual(['revoked', 'revoked', 'ok']);
  });

  test('ends with the account’s date, put off with it where nobody has been told another', async () => {
    const ends = core.clock.now() + DAY_MS;
    await applyAccount(deps, root, wanting('robot', { expiresAt: ends }));
    core.clock.advance(DAY_MS - 1);
    expect(await standing(robot.value)).toBe('ok');
    core.clock.advance(1);
    expect(await standing(robot.value)).toBe('expired');
    await expect(regenerate(0)).rejects.toMatchObject({ code: 'unprocessable' });
    await applyAccount(deps, root, wanting('robot', { expiresAt: ends + DAY_MS }));
    expect(await standing(robot.value)).toBe('ok');
  });
});

describe('a value that is replaced', () => {
  test('without a grace ends at once, and so do all that were in theirs', async () => {
    const second = await regenerate(DAY_MS);
    expect(await standings([robot.value, second])).toEqual(['ok', 'ok']);
    const third = await regenerate(0);
    expect(await standings([robot.value, second, third])).toEqual(['revoked', 'revoked', 'ok']);
    const { values, current } = await account();
    expect([values.length, current?.id]).toEqual([1, values[0]?.id]);
  });

  test('works for its grace, and not a millisecond longer; the next one works from the first moment', async () => {
    const second = await regenerate(5 * MINUTE_MS);
    core.clock.advance(5 * MINUTE_MS - 1);
    expect(await standings([robot.value, second])).toEqual(['ok', 'ok']);
    core.clock.advance(1);
    expect(await standings([robot.value, second])).toEqual(['expired', 'ok']);
  });

  test('never lives longer by a later grace, and shorter by a shorter one', async () => {
    await regenerate(10 * MINUTE_MS);
    await regenerate(60 * MINUTE_MS);
    const [, second, first] = (await account()).values.map(({ expiresAt }) => (expiresAt ?? 0) - core.clock.now());
    expect([first, second]).toEqual([10 * MINUTE_MS, 60 * MINUTE_MS]);
    await regenerate(MINUTE_MS);
    const after = (await account()).values.slice(1).map(({ expiresAt }) => (expiresAt ?? 0) - core.clock.now());
    expect(after).toEqual([MINUTE_MS, MINUTE_MS, MINUTE_MS]);
  });

  test('never outlives its account', async () => {
    const expiresAt = core.clock.now() + DAY_MS;
    await applyAccount(deps, root, wanting('robot', { expiresAt }));
    await regenerate(GRACE_MS_MAX);
    expect((await account()).values.map(({ endsAt }) => endsAt)).toEqual([expiresAt, expiresAt]);
    core.clock.advance(DAY_MS);
    expect(await standing(robot.value)).toBe('expired');
  });

  test('is in its grace with others, so many at once as are shown; the next is refused until one of them is over', async () => {
    const values = [robot.value];
    for (let at = 1; at < LIVE_GENERATIONS_MAX; at += 1) values.push(await regenerate(at * DAY_MS));
    expect(await standings(values)).toEqual(values.map(() => 'ok'));
    expect((await account()).values).toHaveLength(LIVE_GENERATIONS_MAX);
    const sixth = () => regenerate(DAY_MS);
    await expect(sixth()).rejects.toMatchObject({ code: 'unprocessable' });
    expect(await standings(values)).toEqual(values.map(() => 'ok'));
    expect(await read()).toBe(values.at(-1)?.reveal());
    await endValue(deps, root, id(), (await account()).values.at(-1)?.id as never);
    values.push(await sixth());
    expect(await standings(values)).toEqual(['revoked', ...values.slice(1).map(() => 'ok')]);
    await expect(sixth()).rejects.toMatchObject({ code: 'unprocessable' });
    expect(await standing(await regenerate(0))).toBe('ok');
  });

  test.each([-1, GRACE_MS_MAX + 1, Number.NaN])(
    'has no grace of %d milliseconds: refused, and nothing happens',
    async (graceMs) => {
      await expect(regenerate(graceMs)).rejects.toMatchObject({ code: 'invalid_request' });
      expect((await account()).values).toHaveLength(1);
    },
  );

  test('is on the record of whoever replaced it, with what ended and no value', async () => {
    const first = robot.view.current?.id;
    const second = await regenerate(0);
    const entry = (await core.audit()).at(-1);
    expect(entry).toMatchObject({
      ...{ action: 'virtual-account:ManageVirtualAccount', resource: `virtual-account/${id()}`, decision: 'allowed' },
      ...{ principal: root.principal.id, details: { generation: 2, superseded: [first] } },
    });
    for (const value of [robot.value, second]) expect(JSON.stringify(await core.audit())).not.toContain(value.reveal());
  });
});

describe('one value that is ended', () => {
  test('in its grace leaves the current one, and the account as readable as it was', async () => {
    const second = await regenerate(DAY_MS);
    await endValue(deps, root, id(), robot.view.current?.id as never);
    expect(await standings([robot.value, second])).toEqual(['revoked', 'ok']);
    expect(await read()).toBe(second.reveal());
    await expect(endValue(deps, root, id(), robot.view.current?.id as never)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('as the current one leaves those in their grace, none that is current, and nothing to be read', async () => {
    const second = await regenerate(DAY_MS);
    const current = (await account()).current?.id as never;
    await endValue(deps, root, id(), current);
    expect(await standings([robot.value, second])).toEqual(['ok', 'revoked']);
    const after = await account();
    expect([after.current, after.account.current, after.values.length]).toEqual([undefined, undefined, 1]);
    await expect(read()).rejects.toMatchObject({ code: 'not_found' });
    expect(await core.rows('select token from virtual_account_value')).toEqual([]);
    const third = await regenerate(0);
    expect(await standings([robot.value, second, third])).toEqual(['revoked', 'revoked', 'ok']);
    expect(await read()).toBe(third.reveal());
  });

  test('is none of another account’s', async () => {
    const other = await accountWith(core, root, 'other');
    const ending = endValue(deps, root, id(), other.view.current?.id as never);
    await expect(ending).rejects.toMatchObject({ code: 'not_found' });
    expect(await standings([robot.value, other.value])).toEqual(['ok', 'ok']);
  });
});

describe('reading the value once more', () => {
  const STRICT = { ...ACCOUNT_RULES, isReadable: false };
  const reveals = async () => (await core.audit()).filter(({ action }) => action.endsWith('ManageVirtualAccount'));

  test('gives the current one, each time on the record before it is read', async () => {
    expect([await read(), await read()]).toEqual([robot.value.reveal(), robot.value.reveal()]);
    expect(await reveals()).toMatchObject([{ decision: 'allowed' }, { decision: 'allowed' }]);
    const { mended } = await core.breakAudit();
    await expect(read()).rejects.toThrow();
    await mended();
    const second = await regenerate(DAY_MS);
    expect(await read()).toBe(second.reveal());
  });

  test('where the tenant has decided that none can be read is refused with the reason, and what was kept is shredded', async () => {
    const other = await accountWith(core, root, 'other');
    await putAccountRules(deps, root, STRICT);
    expect(await readAccountRules(deps, root)).toEqual(STRICT);
    expect(await core.rows('select token from virtual_account_value')).toEqual([]);
    await expect(read()).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('Regenerate') });
    const second = await regenerate(DAY_MS);
    expect(await core.rows('select token from virtual_account_value')).toEqual([]);
    expect(await standings([robot.value, other.value, second])).toEqual(['ok', 'ok', 'ok']);
    expect((await reveals()).map(({ decision }) => decision)).toEqual(['denied', 'allowed']);
  });

  test('which is allowed again gives nothing that was shredded, and what is made from then on', async () => {
    await putAccountRules(deps, root, STRICT);
    await putAccountRules(deps, root, ACCOUNT_RULES);
    await expect(read()).rejects.toMatchObject({ code: 'not_found' });
    const second = await regenerate(0);
    expect(await read()).toBe(second.reveal());
  });

  test('of a frozen account is given; whoever may only look at it is refused', async () => {
    await freezeAccount(deps, root, id());
    expect(await read()).toBe(robot.value.reveal());
    const reader = await personWith(core, 'reader', 'virtual-account:ReadVirtualAccount');
    await expect(readAccountToken(deps, reader, id())).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('finds nothing on the disk but what is sealed', async () => {
    const bytes = await core.onDisk();
    for (const value of [robot.value, await regenerate(DAY_MS)]) expect(bytes.includes(value.reveal())).toBe(false);
  });

  test('believes no value that was put in another’s place by hand', async () => {
    const other = await accountWith(core, root, 'other');
    const sealed = async (who: string) =>
      (await core.rows('select sealed from virtual_account_value where account = ?', who))[0]?.sealed as Uint8Array;
    const theirs = await sealed(other.view.account.id);
    await core.tamper('update virtual_account_value set sealed = ? where account = ?', theirs, id());
    await expect(read()).rejects.toMatchObject({ code: 'internal' });
  });
});
