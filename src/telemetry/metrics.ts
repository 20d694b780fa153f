import type { Counts } from '#domain/counts.ts';
import type { Histogram } from '#domain/histogram.ts';
import type { Instant } from '#domain/instant.ts';
import { JOB_KINDS, JOB_STATES } from '#domain/job.ts';
import type { Clock } from '#ports/chance-and-time.ts';
import type { JobCount } from '#ports/jobs.ts';
import type { Store } from '#ports/store.ts';

/** Everything that metrics are read from; nothing of it is touched unless somebody asks for them. */
export type Sources = {
  readonly version: string;
  readonly clock: Clock;
  readonly counts: Counts;
  readonly verified: {
    readonly sequence: number;
    readonly counts: Readonly<Record<'hit' | 'stranger' | 'shared' | 'read' | 'overtaken', number>>;
    readonly sizes: Readonly<Record<'known' | 'strangers', number>>;
  };
  readonly feed: { isHeard(): boolean; silentMs(): number };
  readonly store: Pick<Store, 'engine' | 'figures' | 'jobs'>;
  readonly traffic: { readonly all: readonly Answers[]; readonly routes: readonly Answers[] };
  readonly process: () => ProcessFigures;
};

/** Of one operation or entrance; `none` is what led to neither. */
type Answers = {
  readonly served: string;
  readonly method: string;
  readonly byStatus: ReadonlyMap<number, number>;
  readonly seconds: Histogram;
};

export type ProcessFigures = {
  readonly startedAtSeconds: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly loopActiveSeconds: number;
  /** Of all delays since these figures were last read: 0.5 is half of them, 1 the longest. */
  readonly loopDelaySeconds: readonly { readonly quantile: '0.5' | '0.99' | '1'; readonly seconds: number }[];
};

/** What the database says of its jobs. */
export type AskedJobs = { readonly counts: readonly JobCount[]; readonly oldestDueAt: Instant | undefined };

/** One look at everything; `jobs` is undefined where the database did not answer in time. */
export type Seen = Omit<Sources, 'process'> & {
  readonly process: ProcessFigures;
  readonly jobs: AskedJobs | undefined;
};

/** Values of the labels, in their order, and what is measured. */
export type Point<Value> = readonly [of: readonly string[], value: Value];
type Described = {
  readonly name: string;
  readonly help: string;
  /** Each has a closed list of values: nothing that a client sends, no name, no id, no address. */
  readonly labels: readonly string[];
};
export type Figure = Described & {
  readonly kind: 'counter' | 'gauge';
  readonly read: (seen: Seen) => readonly Point<number>[];
};
export type Distribution = Described & {
  readonly kind: 'histogram';
  readonly read: (seen: Seen) => readonly Point<Histogram>[];
};

type Shape = Pick<Described, 'name' | 'help'> & { readonly labels?: readonly string[] };
type Read<Value> = (seen: Seen) => readonly Point<Value>[];
const counter = (shape: Shape, read: Read<number>): Figure => ({ labels: [], ...shape, kind: 'counter', read });
const gauge = (shape: Shape, read: Read<number>): Figure => ({ labels: [], ...shape, kind: 'gauge', read });
const histogram = (shape: Shape, read: Read<Histogram>): Distribution => ({
  labels: [],
  ...shape,
  kind: 'histogram',
  read,
});

const one = <Value>(value: Value): readonly Point<Value>[] => [[[], value]];
const each = (values: Readonly<Record<string, number>>): readonly Point<number>[] =>
  Object.entries(values).map(([key, value]) => [[key], value]);
const MS_PER_SECOND = 1000;

const REQUESTS: readonly (Figure | Distribution)[] = [
  counter(
    {
      name: 'countersign_requests_total',
      help: 'Requests answered, by operation or entrance; none is what leads to neither.',
      labels: ['operation', 'method', 'status'],
    },
    ({ traffic }) =>
      traffic.all.flatMap(({ served, method, byStatus }) =>
        [...byStatus].map(([status, n]) => [[served, method, String(status)], n] as const),
      ),
  ),
  histogram(
    {
      name: 'countersign_request_duration_seconds',
      help: 'From the headers of a request until its answer is handed over.',
      labels: ['operation'],
    },
    ({ traffic }) =>
      traffic.routes
        .filter(({ seconds }) => seconds.count > 0)
        .map(({ served, seconds }) => [[served], seconds] as const),
  ),
];

const VERIFICATIONS: readonly (Figure | Distribution)[] = [
  counter(
    {
      name: 'countersign_verifications_total',
      help: 'Credentials verified, access tokens and sessions, by how it ended.',
      labels: ['result'],
    },
    ({ counts }) => each(counts.verifications),
  ),
  counter(
    {
      name: 'countersign_external_refusals_total',
      help: 'Tokens of identity providers that were not believed, by the step that found it out; POST …/test says more of one.',
      labels: ['step'],
    },
    ({ counts }) => each(counts.externalRefusals),
  ),
  counter(
    {
      name: 'countersign_cache_lookups_total',
      help: 'Well-formed credentials looked up: hit and stranger from memory, shared with a read under way, or read.',
      labels: ['outcome'],
    },
    ({ verified: { counts } }) => {
      const { hit, stranger, shared, read } = counts;
      return each({ hit, stranger, shared, read });
    },
  ),
  counter(
    {
      name: 'countersign_cache_overtaken_total',
      help: 'Reads done again, because something that the answer rests on moved meanwhile.',
    },
    ({ verified }) => one(verified.counts.overtaken),
  ),
  gauge(
    {
      name: 'countersign_cache_entries',
      help: 'Credentials remembered, and unknown ones remembered as such.',
      labels: ['kind'],
    },
    ({ verified }) => each(verified.sizes),
  ),
];

const FEED: readonly (Figure | Distribution)[] = [
  gauge(
    { name: 'countersign_feed_heard', help: '1 while what is remembered may be believed, 0 while everything is read.' },
    ({ feed }) => one(Number(feed.isHeard())),
  ),
  gauge(
    {
      name: 'countersign_feed_silent_seconds',
      help: 'Since the change feed was last read to its end; 0 where there is nobody else to hear.',
    },
    ({ feed }) => one(feed.silentMs() / MS_PER_SECOND),
  ),
  gauge(
    { name: 'countersign_feed_sequence', help: 'The number of the newest change that is applied here.' },
    ({ verified }) => one(verified.sequence),
  ),
  histogram(
    {
      name: 'countersign_feed_lag_seconds',
      help: 'How old changes of other nodes were when they were applied here, by the clock of the database.',
    },
    ({ counts }) => one(counts.feedLag),
  ),
];

/** Every kind in every state, so that a state that nothing is in any more is 0 and not what it was. */
function jobPoints({ counts }: AskedJobs): readonly Point<number>[] {
  const jobsIn = (kind: string, state: string) =>
    counts.find((one) => one.kind === kind && one.state === state)?.jobs ?? 0;
  return JOB_KINDS.flatMap((kind) => JOB_STATES.map((state) => [[kind, state], jobsIn(kind, state)] as const));
}

const overdueSeconds = ({ oldestDueAt }: AskedJobs, now: Instant): number =>
  oldestDueAt === undefined ? 0 : Math.max(0, now - oldestDueAt) / MS_PER_SECOND;

const JOBS: readonly (Figure | Distribution)[] = [
  gauge(
    {
      name: 'countersign_jobs',
      help: 'Jobs in the table, the same on every node; left out while the database does not answer.',
      labels: ['kind', 'state'],
    },
    ({ jobs }) => (jobs === undefined ? [] : jobPoints(jobs)),
  ),
  gauge(
    {
      name: 'countersign_jobs_overdue_seconds',
      help: 'For how long the oldest job is due that nobody runs; left out while the database does not answer.',
    },
    ({ jobs, clock }) => (jobs === undefined ? [] : one(overdueSeconds(jobs, clock.now()))),
  ),
  counter(
    {
      name: 'countersign_job_runs_total',
      help: 'Runs of jobs by this process, by how they ended; lost is one that another node had taken over.',
      labels: ['kind', 'outcome'],
    },
    ({ counts: { jobRuns } }) =>
      Object.entries(jobRuns).flatMap(([kind, runs]) =>
        Object.entries(runs).map(([outcome, n]) => [[kind, outcome], n] as const),
      ),
  ),
];

const DATABASE: readonly (Figure | Distribution)[] = [
  gauge(
    { name: 'countersign_database_up', help: '1 where the database answered while this was asked, in time.' },
    (seen) => one(Number(seen.jobs !== undefined)),
  ),
  gauge(
    {
      name: 'countersign_database_connections',
      help: 'Connections of this process that are open.',
      labels: ['state'],
    },
    ({ store }) => each(store.figures().connections),
  ),
  gauge(
    { name: 'countersign_database_waiting', help: 'Transactions and reads that wait for their turn.' },
    ({ store }) => one(store.figures().waiting),
  ),
  counter(
    { name: 'countersign_database_transactions_total', help: 'Transactions, by how they ended.', labels: ['result'] },
    ({ store }) => {
      const { committed, rolledBack } = store.figures();
      return each({ committed, rolled_back: rolledBack });
    },
  ),
  counter(
    {
      name: 'countersign_database_lost_races_total',
      help: 'Of the transactions rolled back: run again, because another was faster.',
    },
    ({ store }) => one(store.figures().lostRaces),
  ),
  counter(
    {
      name: 'countersign_database_commits_total',
      help: 'Durable commits; in SQLite, several transactions share one.',
    },
    ({ store }) => one(store.figures().commits),
  ),
];

const PROCESS: readonly (Figure | Distribution)[] = [
  gauge(
    { name: 'countersign_build_info', help: '1, with what is running.', labels: ['version', 'engine'] },
    ({ version, store }) => [[[version, store.engine], 1]],
  ),
  gauge(
    { name: 'process_start_time_seconds', help: 'When the process began, in seconds since the epoch.' },
    ({ process }) => one(process.startedAtSeconds),
  ),
  counter({ name: 'process_cpu_seconds_total', help: 'Processor time spent, user and system.' }, ({ process }) =>
    one(process.cpuSeconds),
  ),
  gauge({ name: 'process_resident_memory_bytes', help: 'Memory of the process.' }, ({ process }) =>
    one(process.residentBytes),
  ),
  gauge({ name: 'nodejs_heap_size_used_bytes', help: 'Of it, what JavaScript uses.' }, ({ process }) =>
    one(process.heapUsedBytes),
  ),
  counter(
    { name: 'countersign_event_loop_active_seconds_total', help: 'Time in which the event loop was at work.' },
    ({ process }) => one(process.loopActiveSeconds),
  ),
  gauge(
    {
      name: 'countersign_event_loop_delay_seconds',
      help: 'How late the event loop was, since this was last asked.',
      labels: ['quantile'],
    },
    ({ process }) => process.loopDelaySeconds.map(({ quantile, seconds }) => [[quantile], seconds] as const),
  ),
];

/** Every metric there is. docs/operating.md tells the same. */
export const METRICS = [REQUESTS, VERIFICATIONS, FEED, JOBS, DATABASE, PROCESS].flat();
