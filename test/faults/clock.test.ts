import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { issueSetUpCode, linkIssuer } from '#app/set-up/link.ts';
import { temporaryFolder } from '#support/folder.ts';
import { ADMIN_EMAIL, ADMIN_PASSWORD, type Served, serving, unattended } from '#support/process.ts';
import { openWorld } from '#support/world.ts';
import { adminToken } from './base.ts';
import { PATS, standingOf, WHOAMI } from './client.ts';
import { defectsIn, rowsIn } from './database.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** What is remembered of a credential is read again after this, at the latest. */
const REMEMBERED_MS_MAX = MINUTE_MS;

const JSON_BODY = { 'content-type': 'application/json' };
const FROM_OUR_PAGES = { ...JSON_BODY, 'sec-fetch-site': 'same-origin' };

describe('across restarts', () => {
  /** The server with its clock this far ahead; what was there before has stopped. */
  async function restarted(data: string, before: Served, aheadMs: number): Promise<Served> {
    before.process.kill('SIGTERM');
    expect(await before.ended).toMatchObject({ code: 0 });
    return serving(data, { env: { COUNTERSIGN_TEST_CLOCK: String(aheadMs) } });
  }

  const post = async (served: Served, path: string, headers: Readonly<Record<string, string>>, body: object) =>
    served.send({ method: 'POST', path, headers: { ...JSON_BODY, ...headers }, body: JSON.stringify(body) });

  const expiring = async (served: Served, data: string, expirationDate: number) => {
    const body = { name: 'expiring', expirationDate: new Date(expirationDate).toISOString() };
    const { text } = await post(served, PATS, { authorization: `Bearer ${adminToken(data)}` }, body);
    return String(JSON.parse(text).token);
  };

  test('a token is as good as the clock says: expired an hour on, and good again when the clock was wrong', async () => {
    const data = join(temporaryFolder(), 'data');
    let served = await serving(data, unattended(data));
    const token = await expiring(served, data, Date.now() + HOUR_MS);
    const standings: number[] = [];
    for (const ahead of [0, 2 * HOUR_MS, 0, -5 * HOUR_MS]) {
      served = await restarted(data, served, ahead);
      standings.push(await standingOf(served, token), await standingOf(served, adminToken(data)));
    }
    // By the clock alone, every time: nothing of the hours that never were stays behind.
    expect(standings).toEqual([200, 200, 401, 200, 200, 200, 200, 200]);
    expect(defectsIn(data)).toEqual([]);
  });

  test('what was revoked stays revoked, however far the clock is turned back', async () => {
    const data = join(temporaryFolder(), 'data');
    const first = await serving(data, { ...unattended(data), env: { ...unattended(data).env } });
    const token = await expiring(first, data, Date.now() + HOUR_MS);
    const [row] = rowsIn(data, `select id from personal_access_token where name = 'expiring'`) as readonly {
      id: string;
    }[];
    const authorization = `Bearer ${adminToken(data)}`;
    const revoked = await first.send({ method: 'DELETE', path: `${PATS}/${row?.id}`, headers: { authorization } });
    expect(revoked).toMatchObject({ status: 200 });
    const second = await restarted(data, first, -10 * HOUR_MS);
    expect(await standingOf(second, token)).toBe(401);
  });

  test('the last use never goes back with the clock', async () => {
    const data = join(temporaryFolder(), 'data');
    const first = await serving(data, unattended(data));
    await standingOf(first, adminToken(data));
    const second = await restarted(data, first, -HOUR_MS);
    const used = rowsIn(data, 'select at from token_use');
    await standingOf(second, adminToken(data));
    second.process.kill('SIGTERM');
    await second.ended;
    expect(used).toHaveLength(1);
    expect(rowsIn(data, 'select at from token_use')).toEqual(used);
  });

  test('an invitation is good for three days by the clock, and is used once', async () => {
    const data = join(temporaryFolder(), 'data');
    let served = await serving(data, unattended(data));
    const admin = { authorization: `Bearer ${adminToken(data)}` };
    await post(served, '/api/svc/v1/users/register', admin, { email: 'new@example.com' });
    const invited = { email: 'new@example.com', acceptInviteClientUrl: '' };
    const { text } = await post(served, '/api/svc/v1/users/invite', admin, invited);
    const code = /#(\w+)/.exec(text)?.[1];
    const accept = async () =>
      (await post(served, '/auth/accept-invitation', FROM_OUR_PAGES, { code, password: ADMIN_PASSWORD })).status;
    served = await restarted(data, served, 72 * HOUR_MS + MINUTE_MS);
    expect(await accept()).toBe(404);
    served = await restarted(data, served, 72 * HOUR_MS - MINUTE_MS);
    expect([await accept(), await accept()]).toEqual([200, 404]);
    served = await restarted(data, served, -HOUR_MS);
    expect(await accept()).toBe(404);
  });
});

describe('while it runs', () => {
  const standing = async ({ send }: { send: Served['send'] }, token: Parameters<Served['send']>[0]['token']) =>
    (await send({ method: 'GET', path: WHOAMI, token })).status;

  test('a token that expires is refused at once, though it was accepted and remembered a moment before', async () => {
    const world = await openWorld();
    const { caller } = await world.person('ann', 'tenant-member');
    const token = await world.pat(caller, 'short', world.clock.now() + MINUTE_MS / 2);
    expect(await standing(world, token)).toBe(200);
    world.clock.advance(MINUTE_MS / 2 - 1);
    expect(await standing(world, token)).toBe(200);
    world.clock.advance(1);
    expect(await standing(world, token)).toBe(401);
  });

  test('what is remembered is not remembered longer by turning the clock back', async () => {
    const world = await openWorld();
    const { token } = await world.person('ann', 'tenant-member');
    expect(await standing(world, token)).toBe(200);
    // Past the port, as no change of ours would do it: only what is read again shows it.
    await world.tamper('update role_grant set mac = ?', Buffer.alloc(32));
    expect(await standing(world, token)).toBe(200);
    world.clock.advance(-HOUR_MS);
    expect(await standing(world, token)).toBe(500);
  });

  test('and is read again after a minute, by a clock that goes on', async () => {
    const world = await openWorld();
    const { token } = await world.person('ann', 'tenant-member');
    expect(await standing(world, token)).toBe(200);
    await world.tamper('update role_grant set mac = ?', Buffer.alloc(32));
    world.clock.advance(REMEMBERED_MS_MAX - 1);
    expect(await standing(world, token)).toBe(200);
    world.clock.advance(1);
    expect(await standing(world, token)).toBe(500);
  });

  test('a set-up link is good for 15 minutes, and not again for a clock that is turned back after its use', async () => {
    const world = await openWorld();
    const code = () => issueSetUpCode(world.deps, linkIssuer(world.tenant, 'setup'));
    const accept = async (link: Awaited<ReturnType<typeof code>>) => {
      const body = JSON.stringify({ code: link.reveal(), email: ADMIN_EMAIL, password: ADMIN_PASSWORD });
      const sent = { method: 'POST', path: '/auth/accept-invitation', headers: FROM_OUR_PAGES, body };
      return (await world.send(sent)).status;
    };
    const late = await code();
    world.clock.advance(15 * MINUTE_MS);
    expect(await accept(late)).toBe(404);
    const inTime = await code();
    world.clock.advance(15 * MINUTE_MS - 1);
    expect(await accept(inTime)).toBe(200);
    world.clock.advance(-10 * MINUTE_MS);
    expect(await accept(inTime)).toBe(404);
  });
});
