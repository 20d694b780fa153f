import { beforeEach, describe, expect, test } from 'vitest';
import type { PrincipalRecord } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { PersonalAccessToken, Token } from '#domain/token.ts';
import type { NodeId } from '#ports/nodes.ts';
import { type OverPat, type Place, type Removed, type Step, TOKEN_WALKS, type TokenWalk } from '#ports/retention.ts';
import type { Store } from '#ports/store.ts';
import type { Adapter, Raw } from './adapters.ts';
import {
  accountIn,
  addValue,
  EVERYTHING,
  endedBy,
  heldBy,
  insertPat,
  invitationFor,
  newId,
  newPat,
  newToken,
  openWorld,
  random,
  revoke,
  sessionOf,
} from './world.ts';

const BEFORE = 1_000;

/** What `RetentionReads` and `RetentionWrites` promise, sentence by sentence. */
export function retentionConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of retention`, () => {
    let store: Store;
    let raw: Raw;
    let acme: Tenant;
    let other: Tenant;
    let alice: PrincipalRecord;
    beforeEach(async () => {
      ({ store, raw, acme, other, alice } = await openWorld(adapter));
    });
    const held = (name: string, own: Partial<PersonalAccessToken> = {}) => heldBy(store, acme.id, alice.id, name, own);
    const revoked = async (name: string, at: number) => {
      const one = await held(name);
      await revoke(store, acme.id, alice.id, one.pat.id, at);
      return one;
    };
    const step = (own: Partial<Step> = {}): Step => ({ before: BEFORE, after: undefined, max: 100, ...own });
    const over = (walk: TokenWalk, own: Partial<Step> = {}) => store.retention.overPats(walk, step(own));
    const remove = (pats: readonly OverPat[], before = BEFORE) =>
      store.transact((tx) => tx.retention.removeOver(pats, before));
    const keyOf = ({ id }: Pick<PersonalAccessToken, 'id'>): OverPat => ({ tenant: acme.id, owner: alice.id, pat: id });
    const rowsIn = async (table: string) => Number((await raw.all(`select count(*) as n from ${table}`))[0]?.n);
    const used = (token: Token) =>
      store.transact(async (tx) => {
        const use = { tenant: acme.id, token: token.id, at: 5, surface: 'rest', address: undefined };
        await tx.tokenUses.note([use]);
        await tx.tokenUses.noteDead([{ ...use, pat: token.pat }]);
      });
    const onPurpose = new Error('on purpose');
    /** Everything that the walks find, and what would be removed of it. */
    const judged = async () => {
      const found = [...(await over('revoked-tokens')).found, ...(await over('over-values')).found];
      const pats = [...new Map(found.map((one) => [one.pat, one])).values()];
      const removals = new Map<string, Removed>();
      for (const one of pats) {
        const undone = store.transact(async (tx) => {
          removals.set(one.pat, await tx.retention.removeOver([one], BEFORE));
          throw onPurpose;
        });
        await expect(undone).rejects.toBe(onPurpose);
      }
      return removals;
    };
    /** Of which something would be. */
    const all = async () =>
      [...(await judged())]
        .filter(([, { tokens, values }]) => tokens + values > 0)
        .map(([pat]) => pat)
        .sort();
    const unproved = async () => [...new Set([...(await judged()).values()].flatMap((removed) => removed.unproved))];

    describe('finding what is over', () => {
      test('is by the end of a token, or its date, up to the instant; neither one that lives nor one that ended later', async () => {
        const [early, just] = [await revoked('early', 7), await revoked('just', BEFORE)];
        const expired = await held('expired', { expiresAt: BEFORE });
        await revoked('later', BEFORE + 1);
        await held('expires-later', { expiresAt: BEFORE + 1 });
        await held('lives');
        expect(await all()).toEqual([early, just, expired].map(({ pat }) => pat.id).sort());
        const walked = await over('revoked-tokens');
        expect(walked.found).toEqual([keyOf(early.pat), keyOf(just.pat)]);
        expect(walked.next).toBeUndefined();
        expect(await unproved()).toEqual([]);
      });

      test('one that was revoked after its date is kept as long as any that was revoked', async () => {
        const { pat } = await held('expired', { expiresAt: 10 });
        await revoke(store, acme.id, alice.id, pat.id, BEFORE + 1);
        expect(await all()).toEqual([]);
      });

      test('a token without a date is over once its last value is, and not while one stands', async () => {
        const pat = newPat(alice.id, 'deploy');
        await insertPat(store, acme.id, pat);
        await addValue(store, acme.id, pat, { expiresAt: 500 });
        await addValue(store, acme.id, pat, { expiresAt: 600 });
        expect(await all()).toEqual([pat.id]);
        await addValue(store, acme.id, pat);
        expect(await all()).toEqual([]);
      });

      test('the token of a virtual account is over with the account, and not with its values or its date', async () => {
        const { account, pat, token } = await accountIn(store, acme.id, 'robot', { expiresAt: 10 });
        await store.transact((tx) => tx.tokens.endOne(acme.id, pat.id, token.id, endedBy(alice.id, 5)));
        expect(await all()).toEqual([]);
        expect((await store.pats.ofAccounts(acme.id, [account.id])).map((one) => one.pat.id)).toEqual([pat.id]);
        await store.transact(async (tx) => {
          await tx.pats.revoke(acme.id, account.id, pat.id, endedBy(alice.id, 6));
          await tx.virtualAccounts.remove(acme.id, account.id);
          await tx.principals.remove(acme.id, account.id, 6);
        });
        expect(await all()).toEqual([pat.id]);
        expect(await remove([{ tenant: acme.id, owner: account.id, pat: pat.id }])).toMatchObject({
          ...{ tokens: 1, values: 1, unproved: [] },
        });
        expect([await rowsIn('personal_access_token'), await rowsIn('token')]).toEqual([0, 0]);
      });

      test('goes on from where it was, in batches, and meets each once', async () => {
        const ids: string[] = [];
        for (let at = 0; at < 7; at++) ids.push((await held(`token-${at}`, { expiresAt: at < 4 ? 50 : 60 })).pat.id);
        for (const { id } of (await store.pats.list(acme.id, alice.id, EVERYTHING)).rows.map(({ pat }) => pat)) {
          await revoke(store, acme.id, alice.id, id, 70);
        }
        for (const walk of TOKEN_WALKS) {
          const found: string[] = [];
          let after: Place | undefined;
          do {
            const walked = await over(walk, { after, max: 3 });
            found.push(...walked.found.map(({ pat }) => pat));
            after = walked.next;
          } while (after !== undefined);
          expect(found.sort()).toEqual(ids.toSorted());
        }
      });
    });

    describe('removing what is over', () => {
      test('takes a token with its values and their uses, and nothing of any other', async () => {
        const [gone, stays] = [await revoked('gone', 7), await held('stays')];
        const second = await addValue(store, acme.id, gone.pat);
        for (const token of [gone.token, second.token, stays.token]) await used(token);
        expect(await remove([keyOf(gone.pat)])).toMatchObject({ tokens: 1, values: 2, unproved: [] });
        expect(await store.tokens.byDigest([gone.digest])).toBeUndefined();
        expect(await store.pats.get(acme.id, alice.id, gone.pat.id)).toBeUndefined();
        const tables = ['personal_access_token', 'token', 'token_use', 'token_dead_use'];
        expect(await Promise.all(tables.map(rowsIn))).toEqual([1, 1, 1, 1]);
        expect((await store.tokens.byDigest([stays.digest]))?.ended).toBe(false);
        expect((await store.pats.list(acme.id, alice.id, EVERYTHING)).total).toBe(1);
      });

      test('judges again: what is not over, not there or another tenant’s stays as it is', async () => {
        const lives = await held('lives');
        const gone = await revoked('gone', 7);
        await store.transact((tx) => tx.principals.insert(other.id, alice));
        const theirs = { ...keyOf(gone.pat), tenant: other.id };
        const absent = { ...keyOf(gone.pat), pat: newId<'PersonalAccessToken'>() };
        expect(await remove([keyOf(lives.pat), absent, theirs])).toMatchObject({ tokens: 0, values: 0, unproved: [] });
        expect(await rowsIn('token')).toBe(2);
      });

      test('of one that lives, takes values that ended and are not among its newest: their numbers count on', async () => {
        const pat = newPat(alice.id, 'deploy');
        await insertPat(store, acme.id, pat);
        const tokens: Token[] = [];
        for (let at = 0; at < 9; at++) {
          tokens.push((await addValue(store, acme.id, pat)).token);
          await store.transact((tx) => tx.tokens.endOldest(acme.id, pat.id, 5, endedBy(alice.id, 7)));
        }
        await used(tokens[0] as Token);
        expect([await all(), await remove([keyOf(pat)])]).toMatchObject([[pat.id], { tokens: 0, values: 4 }]);
        expect(await raw.all('select generation from token order by generation')).toEqual(
          [5, 6, 7, 8, 9].map((generation) => ({ generation })),
        );
        expect(await rowsIn('token_use')).toBe(0);
        expect(await store.tokens.lastGeneration(acme.id, pat.id)).toBe(9);
        expect(await all()).toEqual([]);
      });

      test('a value among the newest stays, however long ago it ended', async () => {
        const { pat } = await held('deploy');
        await store.transact((tx) => tx.tokens.endOldest(acme.id, pat.id, 0, endedBy(alice.id, 7)));
        await addValue(store, acme.id, pat);
        expect([await all(), await remove([keyOf(pat)])]).toMatchObject([[], { tokens: 0, values: 0 }]);
      });

      test('takes a bounded number of values at once, and the token with the last of them', async () => {
        const { pat } = await held('many');
        await store.transact(async (tx) => {
          for (let generation = 2; generation <= 150; generation++) {
            const digest = { digest: Buffer.from(random.bytes(32)), pepper: newId<'Key'>() };
            await tx.tokens.add(acme.id, newToken(pat, { generation }), digest);
          }
        });
        await revoke(store, acme.id, alice.id, pat.id, 7);
        expect(await remove([keyOf(pat)])).toMatchObject({ tokens: 0, values: 100, unproved: [] });
        expect(await all()).toEqual([pat.id]);
        expect(await remove([keyOf(pat)])).toMatchObject({ tokens: 1, values: 50, unproved: [] });
        expect(await rowsIn('token')).toBe(0);
      });

      test.each([
        ['personal_access_token', 'expires_at'],
        ['personal_access_token', 'ended_at'],
        ['token', 'expires_at'],
        ['token', 'ended_at'],
      ])('a row of %s whose %s was changed is neither believed nor removed, and named', async (table, column) => {
        const { pat, token } = await held('deploy');
        const honest = await revoked('honest', 7);
        await raw.run(`update ${table} set ${column} = 5 where id = ?`, table === 'token' ? token.id : pat.id);
        if (column === 'ended_at') {
          await raw.run(`update ${table} set ended_by = 'x', end_reason = 'deleted' where ended_at = 5`);
        }
        const named = `${table} ${table === 'token' ? token.id : pat.id}`;
        // An expiry of the token itself is met only with one of its values: until then it is looked for by nobody.
        const isMet = !(table === 'personal_access_token' && column === 'expires_at');
        expect([await unproved(), await all()]).toEqual([isMet ? [named] : [], [honest.pat.id]]);
        const removed = await remove([keyOf(pat), keyOf(honest.pat)]);
        expect(removed).toEqual({ tokens: 1, values: 1, unproved: [named] });
        expect(await raw.all('select id from token')).toEqual([{ id: token.id }]);
      });

      test('an old value that does not prove itself stays, and its token with it', async () => {
        const { pat } = await revoked('deploy', 7);
        for (let at = 0; at < 7; at++) await addValue(store, acme.id, pat);
        await raw.run('update token set expires_at = 5 where generation = 1');
        const [{ id } = expect.unreachable()] = await raw.all('select id from token where generation = 1');
        const left = [`token ${id}`];
        expect(await remove([keyOf(pat)])).toEqual({ tokens: 0, values: 7, unproved: left });
        expect(await remove([keyOf(pat)])).toEqual({ tokens: 0, values: 0, unproved: left });
      });

      test('whoever adds a value meanwhile adds it to a token that is there', async () => {
        const { pat } = await held('deploy', { expiresAt: 10 });
        const adding = addValue(store, acme.id, pat).then(
          () => 'added',
          () => 'not there',
        );
        const [{ tokens }, added] = await Promise.all([remove([keyOf(pat)]), adding]);
        const left = await raw.all('select id from token where pat not in (select id from personal_access_token)');
        expect(left).toEqual([]);
        expect([tokens, added, await rowsIn('token')]).toEqual(
          added === 'added' && tokens === 0 ? [0, 'added', 2] : [1, added, 0],
        );
      });
    });

    describe('rows whose time is past', () => {
      const past = (table: 'session' | 'invitation' | 'replay' | 'delivery', own: Partial<Step> = {}) =>
        store.transact((tx) => tx.retention.removePast(table, step(own)));

      test('sessions and invitations go by their date, and no other', async () => {
        const stays = await sessionOf(store, acme.id, alice.id, { expiresAt: BEFORE + 1 });
        await sessionOf(store, acme.id, alice.id, { expiresAt: BEFORE });
        await sessionOf(store, acme.id, alice.id, { expiresAt: 7 });
        expect(await past('session')).toEqual({ removed: 2, unproved: [], next: undefined });
        expect(await raw.all('select id from session')).toEqual([{ id: stays.session.id }]);
        await invitationFor(store, acme.id, alice.id);
        expect(await past('invitation', { before: BEFORE - 1 })).toMatchObject({ removed: 0 });
        expect(await past('invitation')).toMatchObject({ removed: 1 });
      });

      test('answers that may be asked for again go by their date, deliveries once they have arrived', async () => {
        const pat = newId<'PersonalAccessToken'>();
        const replay = { id: 'r', asked: 'a', pat, owner: alice.id, sealed: random.bytes(9), expiresAt: BEFORE };
        await store.transact((tx) => tx.replays.insert(acme.id, replay, 1));
        await store.transact((tx) => tx.replays.insert(acme.id, { ...replay, id: 's', expiresAt: BEFORE + 1 }, 1));
        const delivery = () => ({ token: newId<'Token'>(), pat, sealed: random.bytes(40) });
        const [arrived, pending] = [delivery(), delivery()];
        for (const one of [arrived, pending]) await store.transact((tx) => tx.deliveries.insert(acme.id, one));
        await store.transact((tx) => tx.deliveries.markDelivered(acme.id, arrived.token, 7));
        expect([await past('replay'), await past('delivery')]).toMatchObject([{ removed: 1 }, { removed: 1 }]);
        expect(await raw.all('select id from replay')).toEqual([{ id: 's' }]);
        expect(await raw.all('select token from delivery')).toEqual([{ token: pending.token }]);
      });

      test('go a few at a time, past those that do not prove themselves, which stay and are named', async () => {
        const ids: string[] = [];
        for (let at = 0; at < 7; at++) {
          ids.push((await sessionOf(store, acme.id, alice.id, { expiresAt: 10 + Math.floor(at / 3) })).session.id);
        }
        const forged = ids[2] as string;
        await raw.run('update session set ended_at = 5 where id = ?', forged);
        const named: string[] = [];
        let [removed, after] = [0, undefined as Place | undefined];
        do {
          const walked = await past('session', { max: 3, after });
          named.push(...walked.unproved);
          removed += walked.removed;
          after = walked.next;
        } while (after !== undefined);
        expect([removed, named, await raw.all('select id from session')]).toEqual([
          6,
          [`session ${forged}`],
          [{ id: forged }],
        ]);
      });
    });

    test('jobs that were dead by then go, no more at once than is asked for, and no other', async () => {
      const added = async (dead: number | null) => {
        const job = { id: newId<'Job'>(), kind: 'token-uses', payload: '{}', dueAt: 1 } as const;
        await store.transact((tx) => tx.jobs.add(job));
        await raw.run('update job set dead_at = ?, payload = ? where id = ?', dead, 'forged', job.id);
        return job.id;
      };
      const [, , later, lives] = [await added(BEFORE), await added(BEFORE), await added(BEFORE + 1), await added(null)];
      const remove = (max: number) => store.transact((tx) => tx.retention.removeDeadJobs(BEFORE, max));
      expect([await remove(1), await remove(9), await remove(9)]).toEqual([1, 1, 0]);
      const left = (await raw.all('select id from job')).map(({ id }) => String(id));
      expect(left.sort()).toEqual([later, lives].sort());
    });

    describe('the change feed', () => {
      const append = () => store.transact((tx) => tx.changes.append([{ kind: 'token', id: newId() }]));
      const changes = (upTo: number, ageMsMin = 0, max = 100) =>
        store.transact((tx) => tx.retention.removeChanges(upTo, ageMsMin, max));
      const left = async () =>
        (await raw.all('select sequence from change_log order by sequence')).map(({ sequence }) => sequence);

      test('loses its oldest up to the sequence, a few at a time, and goes on counting', async () => {
        for (let at = 0; at < 5; at++) await append();
        expect([await changes(3, 0, 2), await left()]).toEqual([2, [3, 4, 5]]);
        expect([await changes(3), await left()]).toEqual([1, [4, 5]]);
        expect([await append(), await store.changes.latest()]).toEqual([6, 6]);
      });

      test('keeps what is young, by the clock of the database', async () => {
        await append();
        expect(await changes(9, 60_000)).toBe(0);
        await raw.run('update change_log set at = at - 61000');
        expect(await changes(9, 60_000)).toBe(1);
      });

      test('keeps what a node has not applied, as long as that stands among the nodes', async () => {
        for (let at = 0; at < 4; at++) await append();
        const node = { id: newId() as NodeId, name: 'behind', sequence: 2, staleMsMax: 5_000 };
        await store.transact((tx) => tx.nodes.seen(node));
        expect([await changes(9), await left()]).toEqual([2, [3, 4]]);
        const nodes = (silentMsMin: number, max = 9) =>
          store.transact((tx) => tx.retention.removeNodes(silentMsMin, max));
        expect(await nodes(60_000)).toBe(0);
        await raw.run('update node set seen_at = seen_at - 61000');
        expect([await nodes(60_000, 0), await nodes(60_000), await store.nodes.list()]).toEqual([0, 1, []]);
        expect([await changes(9), await left()]).toEqual([2, []]);
      });
    });
  });
}
