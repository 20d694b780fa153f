import { beforeEach, describe, expect, test } from 'vitest';
import type { Deps } from '#app/deps.ts';
import { acceptInvitation } from '#app/invitation/accept.ts';
import { setUpAdministrator } from '#app/set-up/administrator.ts';
import { putTokenSettings } from '#app/settings/token-settings.ts';
import { createPat } from '#app/token/create.ts';
import { getOrCreatePat } from '#app/token/get-or-create.ts';
import { renamePat } from '#app/token/rename.ts';
import { revokePat } from '#app/token/revoke.ts';
import { issuePasswordCode } from '#app/user/invite.ts';
import { registerUser } from '#app/user/register.ts';
import type { Caller } from '#domain/caller.ts';
import { parsePassword } from '#domain/password.ts';
import { parseEmail } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { LIVE_GENERATIONS_MAX, parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { nodeBeside } from '#support/beside.ts';
import { type Core, ORIGIN, openCore } from '#support/core.ts';
import type { Adapter } from './adapters.ts';

const AT_ONCE = 20;
/** Each of two at once is a question of who is first: asked again and again. */
const ROUNDS = 10;
const PASSWORD = parsePassword('a password of some length');

/** What two processes do at the same moment is as if one had done it after the other. */
export function raceConformance(adapter: Adapter): void {
  describe(`${adapter.name}: of what two nodes do at the same moment`, () => {
    let core: Core;
    let nodes: readonly [Deps, Deps];
    let ada: Caller;
    beforeEach(async () => {
      core = await openCore();
      nodes = [core.deps, await nodeBeside(core)];
      ada = await core.user('ada', 'tenant-member');
    });

    /** By each node in turn, all at once. */
    const raced = <Result>(count: number, act: (node: Deps, at: number) => Promise<Result>) =>
      Promise.allSettled(Array.from({ length: count }, (_, at) => act(nodes[at % 2] as Deps, at)));
    const create = (node: Deps, name: string) => createPat(node, ada, { name: parseTokenName(name) });
    const live = async () => (await core.rows('select id from personal_access_token where ended_at is null')).length;

    test('twenty creates below a limit that leaves room for one, one makes a token', async () => {
      await create(core.deps, 'first');
      await core.deps.store.transact((tx) => tx.tokenSettings.put(core.tenant.id, { ...TOKEN_SETTINGS, countMax: 2 }));
      const settled = await raced(AT_ONCE, (node, at) => create(node, `one-of-${at}`));
      expect(outcomesOf(settled)).toEqual({ done: 1, invalid_request: AT_ONCE - 1 });
      expect(await live()).toBe(2);
    });

    test('twenty creates of one name, one makes it', async () => {
      const settled = await raced(AT_ONCE, (node) => create(node, 'deploy'));
      expect(outcomesOf(settled)).toEqual({ done: 1, conflict: AT_ONCE - 1 });
      expect(await live()).toBe(1);
    });

    test('twenty that get or create one name, each has a value of its own, and no more live than may', async () => {
      const name = parseTokenName('deploy');
      const settled = await raced(AT_ONCE, (node) => getOrCreatePat(node, ada, name));
      expect(outcomesOf(settled)).toEqual({ done: AT_ONCE });
      const values = await core.rows('select generation, ended_at from token order by generation');
      expect(values.map(({ generation }) => generation)).toEqual(Array.from({ length: AT_ONCE }, (_, at) => at + 1));
      expect(values.filter(({ ended_at }) => ended_at === null)).toHaveLength(LIVE_GENERATIONS_MAX);
      expect(settled.filter((one) => one.status === 'fulfilled' && one.value.created)).toHaveLength(1);
      expect(await live()).toBe(1);
    });

    test('two revokes, both are told of the same end, which is the first one’s', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { view } = await create(core.deps, `deploy-${round}`);
        const reasons = ['unused', 'leaked'] as const;
        const settled = await raced(2, (node, at) => revokePat(node, ada, view.pat.id, reasons[at]));
        expect(outcomesOf(settled)).toEqual({ done: 2 });
        const told = settled.map((one) => (one.status === 'fulfilled' ? one.value.pat.ended : undefined));
        expect(told[0]).toEqual(told[1]);
        expect(reasons).toContain(told[0]?.reason);
      }
    });

    test('two renames to one name, one has it', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const made = await Promise.all([0, 1].map((at) => create(core.deps, `before-${round}-${at}`)));
        const name = parseTokenName(`after-${round}`);
        const settled = await raced(2, (node, at) =>
          renamePat(node, ada, (made[at] as (typeof made)[0]).view.pat.id, name),
        );
        expect(outcomesOf(settled)).toEqual({ done: 1, conflict: 1 });
        expect(await core.rows('select id from personal_access_token where name = ?', name)).toHaveLength(1);
      }
    });

    test('a rename and a create of one name, one has it', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { view } = await create(core.deps, `before-${round}`);
        const name = `after-${round}`;
        const settled = await raced<unknown>(2, (node, at) =>
          at === round % 2 ? create(node, name) : renamePat(node, ada, view.pat.id, parseTokenName(name)),
        );
        expect(outcomesOf(settled)).toEqual({ done: 1, conflict: 1 });
      }
    });

    test('twenty requests with one Idempotency-Key, one makes a token, and all are answered with its value', async () => {
      const credential = await core.pat(ada, 'first');
      const caller = await core.callerBy(credential);
      const once = { key: 'key-1', credential, request: ['POST', '/tokens', { name: 'deploy' }] };
      const settled = await raced(AT_ONCE, (node) => createPat(node, caller, { name: parseTokenName('deploy') }, once));
      expect(outcomesOf(settled)).toEqual({ done: AT_ONCE });
      const values = settled.map((one) => (one.status === 'fulfilled' ? one.value.value.reveal() : one.reason));
      expect(new Set(values).size).toBe(1);
      expect(await live()).toBe(2);
    });

    test('two acceptances of one invitation, one sets a password and is signed in', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const invited = await core.user(`invited-${round}`, 'tenant-member');
        const code = await issuePasswordCode(core.deps, core.tenant, parseEmail(invited.principal.name));
        const given = { code, password: PASSWORD, email: undefined };
        const settled = await raced(2, (node) => acceptInvitation(node, core.tenant, given, ORIGIN));
        expect(outcomesOf(settled)).toEqual({ done: 1, not_found: 1 });
        const sessions = await core.rows('select id from session where principal = ?', invited.principal.id);
        expect(sessions).toHaveLength(1);
      }
    });

    test('two links for one user, one works', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const settled = await raced(2, (node) => issuePasswordCode(node, core.tenant, parseEmail(ada.principal.name)));
        expect(outcomesOf(settled)).toEqual({ done: 2 });
        expect(await core.rows('select id from invitation where used_at is null')).toHaveLength(1);
      }
    });

    test('two first administrators, one is made', async () => {
      const wanted = (at: number) => ({ email: parseEmail(`root-${at}@example.com`), password: PASSWORD, token: true });
      const settled = await raced(4, (node, at) => setUpAdministrator(node, core.tenant, wanted(at)));
      expect(outcomesOf(settled)).toEqual({ done: 1, conflict: 3 });
      expect(await core.rows(`select id from role_grant where role = 'tenant-admin'`)).toHaveLength(1);
    });

    test('two users of one address, one is made', async () => {
      const root = await core.user('root', 'tenant-admin');
      for (let round = 0; round < ROUNDS; round += 1) {
        const wanted = { email: parseEmail(`new-${round}@example.com`), skipIfExists: false, dryRun: false };
        const settled = await raced(2, (node) => registerUser(node, root, wanted));
        expect(outcomesOf(settled)).toEqual({ done: 1, conflict: 1 });
      }
    });

    test('two changes of the settings, both are done, one after the other', async () => {
      const root = await core.user('root', 'tenant-admin');
      for (let round = 0; round < ROUNDS; round += 1) {
        const settled = await raced(2, (node, at) =>
          putTokenSettings(node, root, { ...TOKEN_SETTINGS, countMax: 10 * round + at + 1 }),
        );
        expect(outcomesOf(settled)).toEqual({ done: 2 });
        const { countMax } = await core.deps.store.tokenSettings.get(core.tenant.id);
        expect([10 * round + 1, 10 * round + 2]).toContain(countMax);
      }
    });

    test('a token’s change of the settings, and one that leaves them to sessions, the second stands', async () => {
      const root = await core.user('root', 'tenant-admin');
      const [session, token] = [await core.signedIn(root), await core.callerBy(await core.pat(root, 'roots'))];
      for (let round = 0; round < ROUNDS; round += 1) {
        const settled = await raced(2, (node, at) =>
          at === round % 2
            ? putTokenSettings(node, session, { ...TOKEN_SETTINGS, sessionOnly: true })
            : putTokenSettings(node, token, { ...TOKEN_SETTINGS, countMax: 9 }),
        );
        expect(outcomesOf(settled)).toBeOneOf([{ done: 2 }, { done: 1, forbidden: 1 }]);
        expect((await core.deps.store.tokenSettings.get(core.tenant.id)).sessionOnly).toBe(true);
        await putTokenSettings(core.deps, session, TOKEN_SETTINGS);
      }
    });

    test('creates and a change of the settings, none is made under those that stand no more', async () => {
      const root = await core.user('root', 'tenant-admin');
      const settled = await raced<unknown>(AT_ONCE, (node, at) =>
        at === AT_ONCE / 2
          ? putTokenSettings(node, root, { ...TOKEN_SETTINGS, countMax: 1 })
          : create(node, `made-${at}`),
      );
      const { done = 0, ...others } = outcomesOf(settled);
      expect(Object.keys(others)).toEqual(others.invalid_request === undefined ? [] : ['invalid_request']);
      await expect(create(core.deps, 'one-more')).rejects.toMatchObject({ code: 'invalid_request' });
      expect(await live()).toBe(done - 1);
    });
  });
}

/** How often each came of it; what is no refusal is a test's failure. */
export function outcomesOf(settled: readonly PromiseSettledResult<unknown>[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const one of settled) {
    if (one.status === 'rejected' && !(one.reason instanceof Refusal)) throw one.reason;
    const outcome = one.status === 'fulfilled' ? 'done' : one.reason.code;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}
