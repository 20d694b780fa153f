import { type Kysely, sql } from 'kysely';
import type { Instant } from '#domain/instant.ts';
import { type JobKind, type JobState, LEASE_MS_MAX } from '#domain/job.ts';
import type { Claim, ClaimTerms, HeldJob, JobReads, JobWrites, ShownJob } from '#ports/jobs.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Engine } from './engine.ts';
import { isProved, maced, proved, swap } from './maced.ts';
import type { Schema } from './schema.ts';

type Row = Schema['job'];
const FREE = { lease: null, lease_until: null } as const;

export const jobReads = (db: Kysely<Schema>): JobReads => ({
  async next(kinds, now) {
    const due = claimable(db, now).where('kind', 'in', kinds);
    return (await due.select('kind').orderBy('due_at').orderBy('id').limit(1).executeTakeFirst())?.kind;
  },

  async counts(now) {
    const states = db.selectFrom('job').select(['kind', stateAt(now).as('state')]);
    const counted = db.selectFrom(states.as('job')).select(['kind', 'state', sql<number>`count(*)`.as('jobs')]);
    const rows = await counted.groupBy(['kind', 'state']).orderBy('kind').orderBy('state').execute();
    return rows.map(({ kind, state, jobs }) => ({ kind, state, jobs: Number(jobs) }));
  },

  async oldestDueAt(now) {
    const oldest = claimable(db, now).select(({ fn }) => fn.min('due_at').as('due_at'));
    return (await oldest.executeTakeFirst())?.due_at ?? undefined;
  },

  async list(now, max) {
    const all = statedAt(db, now).orderBy(sql`dead_at is null`).orderBy('due_at').orderBy('id');
    return (await all.limit(max).execute()).map(shown);
  },

  async find(id, now) {
    const row = await statedAt(db, now).where('id', '=', id).executeTakeFirst();
    return row && shown(row);
  },
});

const statedAt = (db: Kysely<Schema>, now: Instant) =>
  db.selectFrom('job').selectAll().select(stateAt(now).as('state'));

type Stated = Omit<Row, 'mac'> & { readonly state: JobState };

const shown = ({ id, kind, state, due_at: dueAt, attempts, last_error }: Stated): ShownJob => ({
  ...{ id, kind, state, dueAt, attempts, lastError: last_error ?? undefined },
});

/** Until when a lease counts at most. One that lasts longer was given by a clock that has been turned back since. */
const furthest = (now: Instant): Instant => now + 2 * LEASE_MS_MAX;

const claimable = (db: Kysely<Schema>, now: Instant) =>
  db
    .selectFrom('job')
    .where('dead_at', 'is', null)
    .where('due_at', '<=', now)
    .where(({ eb, or }) =>
      or([eb('lease_until', 'is', null), eb('lease_until', '<=', now), eb('lease_until', '>', furthest(now))]),
    );

const stateAt = (now: Instant) => sql<JobState>`case when dead_at is not null then 'dead'
  when lease_until > ${now} and lease_until <= ${furthest(now)} then 'leased'
  when due_at <= ${now} then 'due' else 'waiting' end`;

export const jobWrites = (db: Kysely<Schema>, macs: RowMacs, engine: Engine): JobWrites => ({
  async add({ id, kind, payload, dueAt }) {
    const row = maced(macs, 'job', {
      id,
      kind,
      payload,
      due_at: dueAt,
      attempts: 0,
      ...FREE,
      last_error: null,
      dead_at: null,
    });
    const added = db.insertInto('job').values(row);
    const done = await added.onConflict((same) => same.column('id').doNothing()).executeTakeFirst();
    return done.numInsertedOrUpdatedRows === 1n;
  },

  claim: (kind, terms) => claim(db, macs, engine, { kind, ...terms }),

  async hold(job) {
    return (await heldRow(db, engine, job)) !== undefined;
  },

  async settle(job, next) {
    const row = await heldRow(db, engine, job);
    if (row === undefined) return false;
    if (next === undefined) await db.deleteFrom('job').where('id', '=', job.id).execute();
    else {
      const { payload, dueAt, lastError = null } = next;
      const again = { payload, due_at: dueAt, attempts: 0, last_error: lastError, ...FREE };
      await swap(db, macs, 'job', proved(macs, 'job', row), again);
    }
    return true;
  },

  async fail(job, { error, now, retryAt }) {
    if ((await heldRow(db, engine, job)) === undefined) return false;
    const end = retryAt === undefined ? { dead_at: now } : { due_at: retryAt };
    await change(db, job.id, { ...end, ...FREE, last_error: error });
    return true;
  },

  async retry(id, now) {
    const row = await db.selectFrom('job').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined || proved(macs, 'job', row).dead_at === null) return false;
    await swap(db, macs, 'job', row, { due_at: now, attempts: 0, dead_at: null, ...FREE });
    return true;
  },

  async remove(id) {
    await db.deleteFrom('job').where('id', '=', id).execute();
  },

  async bringForward(latest) {
    await db.updateTable('job').set({ due_at: latest }).where('due_at', '>', latest).execute();
  },
});

/** By columns that no MAC covers, which decide nothing but when it runs. */
const change = (db: Kysely<Schema>, id: Row['id'], to: Partial<Row>) =>
  db.updateTable('job').set(to).where('id', '=', id).execute();

/** The row, for as long as the transaction lasts: whoever claims meanwhile passes it by. */
async function heldRow(db: Kysely<Schema>, { locksRows }: Engine, { id, lease }: HeldJob): Promise<Row | undefined> {
  const own = db.selectFrom('job').selectAll().where('id', '=', id).where('lease', '=', lease);
  return (locksRows ? own.forUpdate() : own).executeTakeFirst();
}

async function claim(
  db: Kysely<Schema>,
  macs: RowMacs,
  { locksRows }: Engine,
  { kind, lease, now, leaseMs, attemptsMax }: ClaimTerms & { readonly kind: JobKind },
): Promise<Claim | undefined> {
  const oldest = claimable(db, now).selectAll().where('kind', '=', kind).orderBy('due_at').orderBy('id').limit(1);
  const row = await (locksRows ? oldest.forUpdate().skipLocked() : oldest).executeTakeFirst();
  if (row === undefined) return undefined;
  const { id, payload } = row;
  const why = unrun(macs, row, attemptsMax);
  if (why !== undefined) {
    await change(db, id, { dead_at: now, last_error: why, ...FREE });
    return { ok: false, id, kind, why };
  }
  const attempts = row.attempts + 1;
  await change(db, id, { lease, lease_until: now + leaseMs, attempts });
  return { ok: true, job: { id, kind, payload, lease, attempts, lastError: row.last_error ?? undefined } };
}

function unrun(macs: RowMacs, row: Row, attemptsMax: number) {
  if (!isProved(macs, 'job', row)) return 'unproved';
  return row.attempts >= attemptsMax ? 'abandoned' : undefined;
}
