import { beforeEach, describe, expect, test } from 'vitest';
import { type JobId, LEASE_MS_MAX } from '#domain/job.ts';
import type { ClaimedJob, ClaimTerms, NewJob } from '#ports/jobs.ts';
import type { Store, Transaction } from '#ports/store.ts';
import type { Adapter, Raw } from './adapters.ts';
import { newId, openWorld } from './world.ts';

const LEASE_MS = 1_000;
const KINDS = ['token-uses', 'retention'] as const;

/** What `JobReads` and `JobWrites` promise, sentence by sentence. */
export function jobConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of jobs`, () => {
    let store: Store;
    let raw: Raw;
    beforeEach(async () => {
      ({ store, raw } = await openWorld(adapter));
    });
    const doing = <Result>(act: (jobs: Transaction['jobs']) => Promise<Result>) => store.transact((tx) => act(tx.jobs));
    const newJob = (own: Partial<NewJob> = {}): NewJob => ({
      ...{ id: newId<'Job'>(), kind: 'token-uses', payload: '{"at":1}', dueAt: 100 },
      ...own,
    });
    async function added(own: Partial<NewJob> = {}): Promise<JobId> {
      const job = newJob(own);
      expect(await doing((jobs) => jobs.add(job))).toBe(true);
      return job.id;
    }
    const terms = (own: Partial<ClaimTerms> = {}): ClaimTerms => ({
      ...{ lease: newId<'Lease'>(), now: 200, leaseMs: LEASE_MS, attemptsMax: 3, ...own },
    });
    const claim = (own: Partial<ClaimTerms> = {}, kind: (typeof KINDS)[number] = 'token-uses') =>
      doing((jobs) => jobs.claim(kind, terms(own)));
    async function claimed(own: Partial<ClaimTerms> = {}): Promise<ClaimedJob> {
      const claiming = await claim(own);
      return claiming?.ok === true ? claiming.job : expect.unreachable();
    }
    const shown = (now = 200) => store.jobs.list(now, 100);
    const rows = () => raw.all('select * from job order by id');

    describe('adding', () => {
      test('writes one that is not there; one that is stays as it is', async () => {
        const job = newJob();
        expect(await doing((jobs) => jobs.add(job))).toBe(true);
        const before = await rows();
        expect(await doing((jobs) => jobs.add({ ...job, payload: '{}', dueAt: 7 }))).toBe(false);
        expect(await rows()).toEqual(before);
      });

      test('of those who add the same at once one does', async () => {
        const job = newJob();
        const all = await Promise.all(Array.from({ length: 8 }, () => doing((jobs) => jobs.add(job))));
        expect(all.filter((one) => one)).toHaveLength(1);
        expect(await rows()).toHaveLength(1);
      });
    });

    describe('claiming', () => {
      test('gives the one that is due for the longest, whole, and counts the attempt', async () => {
        await added({ dueAt: 150 });
        const id = await added({ dueAt: 120, payload: '{"at":2}' });
        await added({ dueAt: 100, kind: 'retention' });
        const lease = newId<'Lease'>();
        expect(await claim({ lease })).toEqual({
          ok: true,
          job: { id, kind: 'token-uses', payload: '{"at":2}', lease, attempts: 1, lastError: undefined },
        });
      });

      test('gives none before it is due, and one at the instant', async () => {
        await added({ dueAt: 201 });
        expect(await claim({ now: 200 })).toBeUndefined();
        expect(await claim({ now: 201 })).toMatchObject({ ok: true });
      });

      test('gives each of those who ask at once another, and nobody one that somebody holds', async () => {
        const ids = await Promise.all(Array.from({ length: 6 }, () => added()));
        const claims = await Promise.all(Array.from({ length: 9 }, () => claim()));
        const given = claims.flatMap((one) => (one?.ok === true ? [one.job.id] : []));
        expect(given.sort()).toEqual(ids.sort());
        expect(await claim()).toBeUndefined();
      });

      test('gives one whose lease has run out to the next, whoever still believes that they hold it', async () => {
        const id = await added();
        const first = await claimed({ now: 200 });
        expect(await claim({ now: 200 + LEASE_MS - 1 })).toBeUndefined();
        const second = await claimed({ now: 200 + LEASE_MS });
        expect([second.id, second.attempts]).toEqual([id, 2]);
        expect(second.lease).not.toBe(first.lease);
      });

      test('takes over one whose lease was given by a clock that has been turned back since', async () => {
        const id = await added();
        const ahead = 10_000_000;
        await claimed({ now: ahead });
        expect(await claim({ now: 200 })).toMatchObject({ ok: true, job: { id } });
        await added();
        await claimed({ now: 300, leaseMs: LEASE_MS_MAX });
        expect(await claim({ now: 250 })).toBeUndefined(); // clocks that differ a little do not take from each other
      });

      test.each(['kind', 'payload', 'mac'])(
        'gives nobody one whose %s was changed: it is dead, and says why',
        async (column) => {
          const id = await added({ kind: 'retention' });
          const other = await added();
          const forged = { kind: 'token-uses', payload: '{"at":999}', mac: Buffer.alloc(57) }[column] as
            | string
            | Uint8Array;
          await raw.run(`update job set ${column} = ?, due_at = 1 where id = ?`, forged, id);
          const kind = column === 'kind' ? 'token-uses' : 'retention';
          expect(await claim({}, kind)).toEqual({ ok: false, id, kind, why: 'unproved' });
          expect(await shown()).toMatchObject([{ id, state: 'dead', lastError: 'unproved' }, { id: other }]);
          expect(await claim({}, 'retention')).toBeUndefined();
          expect(await claim()).toMatchObject({ ok: true, job: { id: other } });
          await expect(doing((jobs) => jobs.retry(id, 300))).rejects.toMatchObject({ code: 'internal' });
        },
      );

      test('gives nobody one that was begun as often as may be and never ended: it is dead, and says why', async () => {
        const id = await added();
        for (const attempt of [0, 1, 2]) await claimed({ now: 200 + attempt * LEASE_MS });
        const now = 200 + 3 * LEASE_MS;
        expect(await claim({ now })).toEqual({ ok: false, id, kind: 'token-uses', why: 'abandoned' });
        expect(await shown(now)).toMatchObject([{ id, state: 'dead', attempts: 3, lastError: 'abandoned' }]);
        expect(await claim({ now })).toBeUndefined();
      });
    });

    describe('settling', () => {
      test('ends it: it is gone', async () => {
        await added();
        const job = await claimed();
        expect(await doing((jobs) => jobs.settle(job))).toBe(true);
        expect(await rows()).toEqual([]);
      });

      test('or has it run again in its place, with what it is to know then, and a count that begins anew', async () => {
        const id = await added();
        const job = await claimed();
        const next = { payload: '{"at":2}', dueAt: 5_000, lastError: 'left something' };
        expect(await doing((jobs) => jobs.settle(job, next))).toBe(true);
        expect(await claim({ now: 4_999 })).toBeUndefined();
        const again = await claimed({ now: 5_000 });
        expect(again).toMatchObject({ id, payload: '{"at":2}', attempts: 1, lastError: 'left something' });
      });

      test('stands or falls with all that its transaction writes', async () => {
        const id = await added();
        const job = await claimed();
        const onPurpose = new Error('on purpose');
        const failing = store.transact(async (tx) => {
          expect(await tx.jobs.settle(job)).toBe(true);
          throw onPurpose;
        });
        await expect(failing).rejects.toBe(onPurpose);
        expect(await shown()).toMatchObject([{ id, state: 'leased' }]);
      });

      test('holds it for its transaction: whoever asks meanwhile gets another, though the lease has run out', async () => {
        await added();
        const job = await claimed();
        const late = 200 + LEASE_MS;
        let claiming: Promise<unknown> | undefined;
        await store.transact(async (tx) => {
          expect(await tx.jobs.hold(job)).toBe(true);
          claiming = claim({ now: late });
          expect(await tx.jobs.settle(job)).toBe(true);
        });
        expect(await claiming).toBeUndefined();
        expect(await rows()).toEqual([]);
      });
    });

    describe('whoever lost the lease', () => {
      const acts: Readonly<Record<string, (jobs: Transaction['jobs'], job: ClaimedJob) => Promise<boolean>>> = {
        holds: (jobs, job) => jobs.hold(job),
        ends: (jobs, job) => jobs.settle(job),
        'has it run again': (jobs, job) => jobs.settle(job, { payload: '{}', dueAt: 7 }),
        fails: (jobs, job) => jobs.fail(job, { error: 'x', now: 8, retryAt: 9 }),
        kills: (jobs, job) => jobs.fail(job, { error: 'x', now: 8 }),
      };
      test.each(Object.keys(acts))('%s nothing, and is told so', async (act) => {
        await added();
        const lost = await claimed();
        const holder = await claimed({ now: 200 + LEASE_MS });
        const before = await rows();
        expect(await doing((jobs) => (acts[act] as (typeof acts)[string])(jobs, lost))).toBe(false);
        expect(await rows()).toEqual(before);
        await doing((jobs) => jobs.settle(holder));
        expect(await doing((jobs) => (acts[act] as (typeof acts)[string])(jobs, lost))).toBe(false);
        expect(await rows()).toEqual([]);
      });
    });

    describe('failing', () => {
      test('has it tried again when it is said, with its attempts and what was wrong', async () => {
        const id = await added();
        const job = await claimed();
        expect(await doing((jobs) => jobs.fail(job, { error: 'unavailable', now: 210, retryAt: 900 }))).toBe(true);
        expect(await shown()).toEqual([
          { id, kind: 'token-uses', state: 'waiting', dueAt: 900, attempts: 1, lastError: 'unavailable' },
        ]);
        expect(await claim({ now: 899 })).toBeUndefined();
        expect(await claimed({ now: 900 })).toMatchObject({ id, attempts: 2, lastError: 'unavailable' });
      });

      test('for the last time it is dead: nobody gets it, whatever time passes', async () => {
        const id = await added();
        const job = await claimed();
        await doing((jobs) => jobs.fail(job, { error: 'TypeError', now: 210 }));
        expect(await claim({ now: 1e15 })).toBeUndefined();
        expect(await store.jobs.next(KINDS, 1e15)).toBeUndefined();
        expect(await shown()).toMatchObject([{ id, state: 'dead', attempts: 1, lastError: 'TypeError' }]);
      });
    });

    describe('a dead one', () => {
      test('runs at once when it is asked for, as if for the first time; one that is not dead, or not there, does not', async () => {
        const id = await added();
        expect(await doing((jobs) => jobs.retry(id, 300))).toBe(false);
        expect(await doing((jobs) => jobs.retry(newId(), 300))).toBe(false);
        const job = await claimed();
        await doing((jobs) => jobs.fail(job, { error: 'TypeError', now: 210 }));
        expect(await doing((jobs) => jobs.retry(id, 300))).toBe(true);
        expect(await claim({ now: 299 })).toBeUndefined();
        expect(await claimed({ now: 300 })).toMatchObject({ id, attempts: 1 });
      });
    });

    test('one that would wait longer than any may is brought forward, and no other', async () => {
      const [far, near] = [await added({ dueAt: 9_000_000 }), await added({ dueAt: 150 })];
      await doing((jobs) => jobs.bringForward(4_000));
      const due = Object.fromEntries((await shown()).map(({ id, dueAt }) => [id, dueAt]));
      expect(due).toEqual({ [far]: 4_000, [near]: 150 });
    });

    test('one that is removed is gone, whatever state it is in', async () => {
      const [id] = [await added()];
      await claimed();
      await doing((jobs) => jobs.remove(id));
      expect(await rows()).toEqual([]);
    });

    test('are told by kind and state, with since when the oldest is due that nobody runs', async () => {
      expect([await store.jobs.counts(200), await store.jobs.oldestDueAt(200)]).toEqual([[], undefined]);
      const dead = await added({ dueAt: 1 });
      const job = await claimed();
      await doing((jobs) => jobs.fail(job, { error: 'x', now: 200 }));
      const leased = await added({ dueAt: 2 });
      await claimed();
      const [due, later, retention] = [
        await added({ dueAt: 50 }),
        await added({ dueAt: 900 }),
        await added({ dueAt: 60, kind: 'retention' }),
      ];
      expect(await store.jobs.counts(200)).toEqual([
        { kind: 'retention', state: 'due', jobs: 1 },
        ...['dead', 'due', 'leased', 'waiting'].map((state) => ({ kind: 'token-uses', state, jobs: 1 })),
      ]);
      expect(await store.jobs.oldestDueAt(200)).toBe(50);
      expect(await store.jobs.next(KINDS, 200)).toBe('token-uses');
      expect(await store.jobs.next(['retention'], 200)).toBe('retention');
      expect((await shown()).map(({ id, state }) => [id, state])).toEqual([
        [dead, 'dead'],
        [leased, 'leased'],
        [due, 'due'],
        [retention, 'due'],
        [later, 'waiting'],
      ]);
      expect((await store.jobs.list(200, 2)).map(({ id }) => id)).toEqual([dead, leased]);
      const byId = [await store.jobs.find(leased, 200), await store.jobs.find(newId<'Job'>(), 200)];
      expect(byId).toEqual([(await shown())[1], undefined]);
    });
  });
}
