import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { TOKEN_SETTINGS, type TokenSettings } from '#domain/token-settings.ts';
import { type Core, openCore } from '#support/core.ts';
import { flushed } from '#support/flushed.ts';
import { statementsOf } from '#support/statements.ts';
import type { Deps } from '../deps.ts';
import { putTokenSettings } from '../settings/token-settings.ts';
import { listPats } from './list.ts';
import { Uses } from './uses.ts';
import { VerifiedCredentials } from './verified-credentials.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let core: Core;
let deps: Deps;
let ada: Caller;
let root: Caller;
let token: Sensitive;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  ada = await core.user('ada', 'tenant-member');
  root = await core.user('root', 'tenant-admin');
  await put({ idleDaysMax: 1 });
  token = await core.pat(ada, 'deploy');
});

const put = (settings: Partial<TokenSettings>) => putTokenSettings(deps, root, { ...TOKEN_SETTINGS, ...settings });
/** As another process on the same database, or this one after a restart. */
const elsewhere = async (): Promise<Deps> => ({
  ...deps,
  ...{ verified: new VerifiedCredentials('other salt', await deps.store.changes.latest()), uses: new Uses() },
});
const endsAt = async () => {
  const { rows } = await listPats(deps, ada, { limit: 9, offset: 0, nameContains: '' });
  return rows[0]?.endsAt;
};

test('one that is never used ends a day after it was made, to the millisecond', async () => {
  const other = await core.pat(ada, 'other');
  core.clock.advance(DAY_MS - 1);
  expect(await core.standing(token)).toBe('ok');
  core.clock.advance(1);
  expect(await core.standing(other)).toBe('expired');
});

test('a use within the day keeps it alive for another, again and again, and the list says until when', async () => {
  for (let day = 0; day < 5; day++) {
    core.clock.advance(23 * HOUR_MS);
    expect(await core.standing(token)).toBe('ok');
    await flushed(deps);
    expect(await endsAt()).toBe(core.clock.now() + DAY_MS);
  }
  core.clock.advance(DAY_MS);
  expect(await core.standing(token)).toBe('expired');
});

test('one that was used a moment ago is good, though what is remembered of it is from before that use', async () => {
  core.clock.advance(DAY_MS - 10_000);
  expect(await core.standing(token)).toBe('ok');
  core.clock.advance(20_000);
  const { result, statements } = await statementsOf(() => core.standing(token));
  expect([result, statements]).toEqual(['ok', []]);
  await flushed(deps);
  expect(await core.standing(token, await elsewhere())).toBe('ok');
});

test('and whoever asks with it then is not cut off before the use is written', async () => {
  core.clock.advance(DAY_MS - 10_000);
  const caller = await core.callerBy(token);
  core.clock.advance(20_000);
  await core.pat(caller, 'made-by-it');
  expect((await core.audit()).at(-1)).toMatchObject({ decision: 'allowed', credential: caller.credential.id });
});

test('a use that was never written counts for nothing after a restart', async () => {
  core.clock.advance(DAY_MS - 10_000);
  expect(await core.standing(token)).toBe('ok');
  core.clock.advance(20_000);
  expect(await core.standing(token, await elsewhere())).toBe('expired');
});

test('presenting one that has ended brings it back neither at once nor later', async () => {
  core.clock.advance(DAY_MS);
  for (let at = 0; at < 3; at++) {
    expect(await core.standing(token)).toBe('expired');
    await flushed(deps);
    core.clock.advance(HOUR_MS);
  }
  expect(await core.rows('select * from token_use')).toEqual([]);
});

test('no use keeps it beyond its own date, or its age', async () => {
  const dated = await core.pat(ada, 'dated', core.clock.now() + DAY_MS);
  await put({ idleDaysMax: 1, ageDaysMax: 2 });
  for (const expected of [
    ['ok', 'ok'],
    ['ok', 'ok'],
    ['expired', 'ok'],
    ['expired', 'ok'],
    ['expired', 'expired'],
  ]) {
    expect([await core.standing(dated), await core.standing(token)]).toEqual(expected);
    await flushed(deps);
    core.clock.advance(12 * HOUR_MS);
  }
});

test('a limit that is set ends at once what was idle for longer, remembered or not; taken back, it is good again', async () => {
  await put({});
  const idle = await core.pat(ada, 'idle');
  for (const one of [token, idle]) expect(await core.standing(one)).toBe('ok');
  await flushed(deps);
  core.clock.advance(2 * DAY_MS);
  expect(await core.standing(token)).toBe('ok');
  await put({ idleDaysMax: 1 });
  expect([await core.standing(token), await core.standing(idle)]).toEqual(['ok', 'expired']);
  await put({});
  expect([await core.standing(token), await core.standing(idle)]).toEqual(['ok', 'ok']);
});

test('a last use that somebody changed in the database is not believed: neither good nor expired (I9)', async () => {
  await core.standing(token);
  await flushed(deps);
  expect(await core.tamper('update token_use set at = at + 1')).toBe(1);
  await expect(core.standing(token, await elsewhere())).rejects.toMatchObject({ code: 'internal' });
  await expect(endsAt()).rejects.toMatchObject({ code: 'internal' });
});
