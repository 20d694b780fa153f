import { beforeEach, expect, test } from 'vitest';
import { flush } from '#app/flush.ts';
import { newId } from '#app/new-id.ts';
import { putTokenSettings } from '#app/settings/token-settings.ts';
import { getPat, listPats } from '#app/token/list.ts';
import { revokePat } from '#app/token/revoke.ts';
import { endValue } from '#app/virtual-account/end-value.ts';
import { regenerateToken } from '#app/virtual-account/regenerate.ts';
import { removeAccount } from '#app/virtual-account/remove.ts';
import type { Caller } from '#domain/caller.ts';
import { onlyJob } from '#domain/job.ts';
import { programPrincipal } from '#domain/principal.ts';
import { parseTenantName, type Tenant } from '#domain/tenant.ts';
import { type PatId, parseTokenName, type TokenId } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { accountWith } from '#support/accounts.ts';
import { type Core, openCore } from '#support/core.ts';
import { flushed } from '#support/flushed.ts';
import { makeReady, runDueJobs } from './worker.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RETENTION = onlyJob('retention');

let core: Core;
let ada: Caller;
beforeEach(async () => {
  core = await openCore();
  ada = await core.user('ada', 'tenant-member');
  await makeReady(core.deps);
});

const names = async () =>
  (await core.rows('select name from personal_access_token order by name')).map((row) => row.name);
const purges = async () => (await core.audit()).filter(({ action }) => action === 'personal-access-token:Purge');
const job = async () => (await core.deps.store.jobs.list(core.clock.now(), 9)).find(({ id }) => id === RETENTION);
const idOf = async (name: string) =>
  (await core.rows('select id from personal_access_token where name = ?', name))[0]?.id as PatId;
async function revoked(name: string) {
  const token = await core.pat(ada, name);
  await revokePat(core.deps, ada, await idOf(name));
  return token;
}
/** Two rounds, since only what was past when the one before ended goes. */
async function rounds(deps = core.deps): Promise<readonly string[]> {
  const told: string[] = [];
  for (let round = 0; round < 2; round++) {
    core.clock.advance(HOUR_MS);
    await runDueJobs(deps, (error) => told.push((error as Error).message));
  }
  return told;
}

test('what ended or expired goes 90 days later, and what lives, or ended later, stays', async () => {
  await revoked('revoked');
  await core.pat(ada, 'expired', core.clock.now() + 1);
  await core.pat(ada, 'lives');
  await core.pat(ada, 'dated', core.clock.now() + 300 * DAY_MS);
  core.clock.advance(DAY_MS);
  await revoked('revoked-later');
  core.clock.advance(89 * DAY_MS - 3 * HOUR_MS);
  await rounds();
  expect(await names()).toEqual(['dated', 'expired', 'lives', 'revoked', 'revoked-later']);
  await rounds();
  expect(await names()).toEqual(['dated', 'lives', 'revoked-later']);
});

test('is on the record of whose they were, by the program itself, in the transaction in which they go', async () => {
  await revoked('one');
  await revoked('two');
  core.clock.advance(91 * DAY_MS);
  const { mended } = await core.breakAudit();
  const told = await rounds();
  expect(told.join()).toContain('audit is broken');
  expect([await names(), await purges()]).toEqual([['one', 'two'], []]);
  expect(await job()).toMatchObject({ state: 'waiting', attempts: 1 });
  await mended();
  core.clock.advance(1_000);
  await runDueJobs(core.deps);
  expect(await names()).toEqual([]);
  expect(await purges()).toMatchObject([
    {
      ...{ tenant: core.tenant.id, principal: programPrincipal('retention').id, principalKind: 'retention' },
      ...{ surface: 'job', decision: 'allowed', details: { count: 2, values: 2 } },
    },
  ]);
});

test('where nothing is over nothing is recorded', async () => {
  await core.pat(ada, 'lives');
  await rounds();
  expect(await purges()).toEqual([]);
});

test('a token that went answers like one that was never issued, and is shown to nobody (I6)', async () => {
  const token = await revoked('gone');
  const id = await idOf('gone');
  await core.standing(token);
  await flushed(core.deps);
  core.clock.advance(91 * DAY_MS);
  expect(await core.standing(token)).toBe('revoked');
  await flush(core.deps);
  await rounds();
  core.clock.advance(60_000);
  expect(await core.standing(token)).toBe('unknown');
  await expect(getPat(core.deps, ada, id)).rejects.toMatchObject({ code: 'not_found' });
  const everything = { limit: 9, offset: 0, nameContains: '', isRevokedToo: true };
  expect((await listPats(core.deps, ada, everything)).rows).toEqual([]);
  expect(await core.rows('select token from token_use')).toEqual([]);
});

test('what only a tenant’s settings have ended stays: they can be loosened again', async () => {
  const root = await core.user('root', 'tenant-admin');
  const token = await core.pat(ada, 'idle');
  await putTokenSettings(core.deps, root, { ...TOKEN_SETTINGS, idleDaysMax: 1, ageDaysMax: 2 });
  core.clock.advance(300 * DAY_MS);
  expect(await core.standing(token)).toBe('expired');
  await rounds();
  await putTokenSettings(core.deps, root, TOKEN_SETTINGS);
  expect(await core.standing(token)).toBe('ok');
});

test('a clock that was a year ahead for less than a round destroys nothing', async () => {
  const token = await core.pat(ada, 'dated', core.clock.now() + 30 * DAY_MS);
  await runDueJobs(core.deps);
  core.clock.advance(365 * DAY_MS);
  await runDueJobs(core.deps);
  core.clock.advance(-365 * DAY_MS);
  await makeReady(core.deps); // as the next start does
  await rounds();
  expect([await names(), await core.standing(token)]).toEqual([['dated'], 'ok']);
});

test('runs once an hour: not twice after the clock was turned back, and once after a long time without anybody', async () => {
  const runs = async () => {
    const before = await job();
    await runDueJobs(core.deps);
    return (await job())?.dueAt !== before?.dueAt;
  };
  expect([await runs(), await runs()]).toEqual([true, false]);
  core.clock.advance(-5 * HOUR_MS);
  await makeReady(core.deps);
  expect(await runs()).toBe(false);
  core.clock.advance(30 * DAY_MS);
  expect([await runs(), await runs()]).toEqual([true, false]);
  expect((await job())?.dueAt).toBeGreaterThanOrEqual(core.clock.now() + HOUR_MS - 1_000);
});

test('a row that somebody changed stays and is named, once, and everything else goes', async () => {
  await revoked('forged');
  await revoked('honest');
  const id = await idOf('forged');
  core.clock.advance(91 * DAY_MS);
  await core.tamper('update personal_access_token set ended_at = ended_at - 1 where id = ?', id);
  const words = `left, because they do not prove themselves: personal_access_token ${id}`;
  expect(await rounds()).toEqual([words]);
  expect(await names()).toEqual(['forged']);
  expect(await job()).toMatchObject({ state: 'waiting', lastError: words });
  expect(await rounds()).toEqual([]);
});

test('a run that takes long makes room for others, and goes on where it was', async () => {
  for (let at = 0; at < 120; at++) await revoked(`token-${at}`);
  core.clock.advance(91 * DAY_MS);
  await runDueJobs(core.deps);
  core.clock.advance(HOUR_MS);
  const slow = { ...core.deps, clock: { ...core.clock, pause: async () => core.clock.advance(2_000) } };
  const left: number[] = [];
  await runDueJobs({
    ...slow,
    step: (label) => void (label === 'job.retention.claimed' && left.push(left.length)),
  });
  expect(left.length).toBeGreaterThan(5);
  expect([await names(), (await purges()).map(({ details }) => details.count)]).toEqual([[], [25, 25, 25, 25, 20]]);
});

test('a run that lost its job while it worked does nothing more', async () => {
  await revoked('one');
  core.clock.advance(91 * DAY_MS);
  await runDueJobs(core.deps);
  core.clock.advance(HOUR_MS);
  const { store } = core.deps;
  const overPats: typeof store.retention.overPats = async (walk, step) => {
    const found = await store.retention.overPats(walk, step);
    await core.tamper(`update job set lease = 'another'`);
    return found;
  };
  const stolen = { ...core.deps, store: { ...store, retention: { overPats } } };
  const told: unknown[] = [];
  await runDueJobs(stolen, (error) => told.push(error));
  expect([await names(), await purges(), told]).toEqual([['one'], [], []]);
});

test('sessions go with the rest, and changes that everybody has applied', async () => {
  await core.signedIn(ada);
  await revoked('gone');
  await core.tamper('update change_log set at = 0');
  core.clock.advance(91 * DAY_MS);
  await rounds();
  expect(await core.rows('select id from session')).toEqual([]);
  expect(await core.rows('select id from change_log')).toEqual([]);
  expect(await core.deps.store.changes.latest()).toBeGreaterThan(0);
});

test('each tenant has what it lost on its own record', async () => {
  const other: Tenant = { id: newId(core.deps), name: parseTenantName('other') };
  const { store } = core.deps;
  const now = core.clock.now();
  const pat = { id: newId<'PersonalAccessToken'>(core.deps), owner: ada.principal.id, name: parseTokenName('theirs') };
  await store.transact(async (tx) => {
    await tx.tenants.insert(other);
    await tx.principals.insert(other.id, {
      ...ada.principal,
      active: true,
      createdAt: now,
      updatedAt: now,
      removedAt: undefined,
    });
    const times = { createdBy: pat.owner, createdAt: now, updatedAt: now, expiresAt: undefined, ended: undefined };
    await tx.pats.insert(other.id, { ...pat, ...times, team: undefined, kind: 'pat' });
    await tx.pats.revoke(other.id, pat.owner, pat.id, { at: now, by: pat.owner, reason: 'deleted' });
  });
  for (const name of ['one', 'two']) await revoked(name);
  core.clock.advance(91 * DAY_MS);
  await rounds();
  const counts = (await purges()).map(({ tenant, details }) => [tenant, details.count]);
  expect(Object.fromEntries(counts)).toEqual({ [core.tenant.id]: 2, [other.id]: 1 });
});

test('what owns the values of an account stays as long as the account, however long all of them are over; then it goes', async () => {
  const admin = await core.user('admin', 'tenant-admin');
  const { view } = await accountWith(core, admin, 'robot');
  const id = view.account.id;
  await endValue(core.deps, admin, id, view.account.current as TokenId);
  core.clock.advance(92 * DAY_MS);
  await rounds();
  const { value } = await regenerateToken(core.deps, admin, id, 0);
  expect(await core.standing(value)).toBe('ok');
  await removeAccount(core.deps, admin, id);
  core.clock.advance(91 * DAY_MS);
  await rounds();
  expect(await core.rows('select id from personal_access_token')).toEqual([]);
  expect(await core.rows('select id from token')).toEqual([]);
});
