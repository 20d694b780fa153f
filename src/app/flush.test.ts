import { beforeEach, expect, test } from 'vitest';
import type { Caller, Origin } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { PatView } from '#domain/token.ts';
import { type Core, ORIGIN, openCore } from '#support/core.ts';
import { flushed } from '#support/flushed.ts';
import { statementsOf } from '#support/statements.ts';
import { Denials } from './audit/denials.ts';
import type { Deps } from './deps.ts';
import { recordDenial } from './doors.ts';
import { flush } from './flush.ts';
import { getPat, listPats } from './token/list.ts';
import { revokePat } from './token/revoke.ts';
import { verifyToken } from './token/verify.ts';

let core: Core;
let ada: Caller;
beforeEach(async () => {
  core = await openCore();
  ada = await core.user('ada', 'tenant-member');
});

const used = (token: Sensitive, own: Partial<Origin> = {}) => verifyToken(core.deps, token, { ...ORIGIN, ...own });
const listed = async (): Promise<readonly PatView[]> =>
  (await core.deps.store.pats.list(core.tenant.id, ada.principal.id, { limit: 500, offset: 0, nameContains: '' })).rows;
const lastUses = async () => Object.fromEntries((await listed()).map(({ pat, lastUse }) => [pat.name, lastUse]));
const reports = async () => (await core.audit()).filter(({ action }) => action === 'personal-access-token:UseAfterEnd');

test('writes the last use of each token, with its surface and address', async () => {
  const [one, two] = [await core.pat(ada, 'one'), await core.pat(ada, 'two')];
  const at = core.clock.now();
  await core.pat(ada, 'unused');
  await used(one, { address: '192.0.2.1' });
  core.clock.advance(5_000);
  await used(one, { address: '192.0.2.2', surface: 'browser' });
  await used(two, { address: undefined });
  expect(await lastUses()).toEqual({ one: undefined, two: undefined, unused: undefined });
  await flushed(core.deps);
  expect(await lastUses()).toEqual({
    one: { at: at + 5_000, surface: 'browser', address: '192.0.2.2' },
    two: { at: at + 5_000, surface: 'rest', address: undefined },
    unused: undefined,
  });
});

test('with nothing to write asks nothing of the database', async () => {
  expect((await statementsOf(() => flush(core.deps, true))).statements).toEqual([]);
});

test('takes more than one commit’s worth, a few commits at a time', async () => {
  const tokens: Sensitive[] = [];
  for (let at = 0; at < 450; at++) tokens.push(await core.pat(ada, `token-${at}`));
  await Promise.all(tokens.map((token) => used(token)));
  const { statements } = await statementsOf(() => flush(core.deps));
  expect(statements.filter((sql) => sql === 'commit')).toHaveLength(3);
  expect((await listed()).filter(({ lastUse }) => lastUse !== undefined)).toEqual([]); // merged by a job
  await flushed(core.deps);
  expect((await listed()).filter(({ lastUse }) => lastUse === undefined)).toEqual([]);
});

test('a use of a dead token is one entry for each token and hour, by its owner and from where it came', async () => {
  core.clock.advance(3_600_000 - (core.clock.now() % 3_600_000)); // at the beginning of an hour
  const token = await core.pat(ada, 'short', core.clock.now() + 1_000);
  core.clock.advance(1_000);
  const at = core.clock.now();
  for (let use = 0; use < 3; use++)
    expect(await used(token, { address: '203.0.113.9' })).toMatchObject({ reason: 'expired' });
  core.clock.advance(60_000);
  await flushed(core.deps);
  const [{ pat } = expect.unreachable()] = await listed();
  expect(await reports()).toEqual([
    {
      ...{ id: expect.any(String), at, tenant: core.tenant.id, principal: ada.principal.id, principalKind: 'user' },
      ...{ credential: expect.any(String), surface: 'rest', requestId: 'request-1', decision: 'denied' },
      ...{ action: 'personal-access-token:UseAfterEnd', resource: `personal-access-token/${pat.id}` },
      details: { preview: expect.stringMatching(/^tfy_pat_.{4}….{4}$/) },
    },
  ]);
  await used(token);
  core.clock.advance(3_600_000);
  await used(token);
  await flushed(core.deps);
  expect(await reports()).toHaveLength(2);
});

test('its owner is shown when and from where one that ended was last presented, revoked ones too; nobody else is', async () => {
  const [dead, live] = [await core.pat(ada, 'dead'), await core.pat(ada, 'live')];
  const [{ pat } = expect.unreachable()] = (await listed()).filter(({ pat }) => pat.name === 'dead');
  await revokePat(core.deps, ada, pat.id);
  const shown = async () => (await getPat(core.deps, ada, pat.id)).deadUse;
  expect(await shown()).toBeUndefined();
  await used(dead, { address: '203.0.113.9' });
  await used(live, { address: '203.0.113.8' });
  const at = core.clock.now();
  expect(await shown()).toBeUndefined(); // written behind
  await flushed(core.deps);
  expect(await shown()).toEqual({ at, surface: 'rest', address: '203.0.113.9' });
  const everything = { limit: 9, offset: 0, nameContains: '', isRevokedToo: true };
  const { rows } = await listPats(core.deps, ada, everything);
  expect(Object.fromEntries(rows.map(({ pat, deadUse }) => [pat.name, deadUse?.at]))).toEqual({
    ...{ dead: at, live: undefined },
  });
  const root = await core.user('root', 'tenant-admin');
  await expect(getPat(core.deps, root, pat.id)).rejects.toMatchObject({ code: 'not_found' });
});

test('of dead uses that come in any order the newest is shown', async () => {
  const token = await core.pat(ada, 'dead');
  const [{ pat } = expect.unreachable()] = await listed();
  await revokePat(core.deps, ada, pat.id);
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    await used(token, { address });
    await flushed(core.deps);
    core.clock.advance(3_600_000);
  }
  core.clock.advance(-5 * 3_600_000);
  await used(token, { address: '192.0.2.3' });
  await flushed(core.deps);
  expect((await getPat(core.deps, ada, pat.id)).deadUse?.address).toBe('192.0.2.2');
});

test('a dead token’s use is no last use', async () => {
  const token = await core.pat(ada, 'short', core.clock.now() + 1_000);
  core.clock.advance(1_000);
  await used(token);
  await flushed(core.deps);
  expect(await lastUses()).toEqual({ short: undefined });
});

test('a token that was never issued is written nowhere: garbage must not cause writes (I2)', async () => {
  const never = await core.pat(ada, 'never');
  await core.tamper('delete from token');
  expect(await used(never)).toMatchObject({ reason: 'unknown' });
  expect((await statementsOf(() => flush(core.deps, true))).statements).toEqual([]);
});

test('what cannot be written stays, and nothing of it is lost or written twice', async () => {
  const [live, short] = [await core.pat(ada, 'live'), await core.pat(ada, 'short', core.clock.now() + 1_000)];
  core.clock.advance(1_000);
  const at = core.clock.now();
  await used(live);
  await used(short);
  const { mended } = await core.breakAudit();
  await expect(flush(core.deps)).rejects.toThrow('audit is broken');
  expect(await lastUses()).toEqual({ live: undefined, short: undefined });
  await mended();
  await flushed(core.deps);
  await flushed(core.deps);
  expect(await lastUses()).toEqual({ live: { at, surface: 'rest', address: ORIGIN.address }, short: undefined });
  expect(await reports()).toHaveLength(1);
});

test('a use during a flush that fails is not replaced by the older one that comes back', async () => {
  const [live, short] = [await core.pat(ada, 'live'), await core.pat(ada, 'short', core.clock.now() + 1_000)];
  core.clock.advance(1_000);
  await used(live, { address: '192.0.2.1' });
  await used(short);
  const { mended } = await core.breakAudit();
  const failing = flush(core.deps);
  core.clock.advance(5_000);
  await used(live, { address: '192.0.2.2' });
  await expect(failing).rejects.toThrow('audit is broken');
  await mended();
  await flushed(core.deps);
  expect((await lastUses()).live).toEqual({ at: core.clock.now(), surface: 'rest', address: '192.0.2.2' });
});

test('what a commit has written, of which nobody was told, is one entry still', async () => {
  const token = await core.pat(ada, 'gone', core.clock.now() + 1_000);
  core.clock.advance(1_000);
  const act = { action: 'settings:ManageSettings', resource: 'settings/' } as const;
  for (let denied = 0; denied < 3; denied++) await recordDenial(core.deps, ada, act);
  await used(token);
  const unheard = unheardOf(core.deps);
  await expect(flush(unheard, true)).rejects.toMatchObject({ code: 'unavailable' }); // of the denials
  core.clock.advance(1_000);
  await expect(flush({ ...unheard, denials: new Denials() }, true)).rejects.toMatchObject({ code: 'unavailable' }); // of the use
  core.clock.advance(1_000);
  await flushed(core.deps, true);
  expect((await core.audit()).filter(({ details }) => details.repeated === 2)).toHaveLength(1);
  expect(await reports()).toHaveLength(1);
});

/** The real store, whose answers to commits are lost. */
function unheardOf(deps: Deps): Deps {
  const transact: Deps['store']['transact'] = async (body) => {
    await deps.store.transact(body);
    throw new Refusal('unavailable', 'The answer was lost.');
  };
  return { ...deps, store: { ...deps.store, transact } };
}
