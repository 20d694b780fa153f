import { median, ratio } from './figures.ts';
import { creating } from './load.ts';
import { type Figure, type Gate, gate, type Ratio, type Report } from './report.ts';
import type { Seeded } from './seed.ts';
import type { Settings } from './settings.ts';
import { type Counts, openTarget, type Target } from './target.ts';
import { CREATE } from './verify.ts';

const COUNTED = 320;
const WARM_MS = 1_000;
const AT_ONCE = [1, 16];
/** Four frame the transaction, three read what has to be so still, three write. One more is to be explained here. */
const STATEMENTS_MAX = 10;

type Round = Pick<Figure, 'p50Ms' | 'p99Ms' | 'delayMs'> & { readonly rate: number; readonly cpuMs: number };
type Row = {
  readonly what: string;
  readonly tokens: number;
  readonly atOnce: number;
  readonly measure: (ms: number) => Promise<Round>;
  readonly count?: () => Promise<Counts>;
};
type Measured = Row & { readonly rounds: readonly Round[]; readonly counts: Counts | undefined };

const BARE = 'bare insert, one row a commit';
const BARE_HTTP = 'bare Fastify, one insert a request';
const OVER_HTTP = 'create over HTTP';
const USE_CASE = 'create, without HTTP';

/** Durable creates, against inserts of one row a durable commit into one table with one index, as full and on the same disk. */
export async function benchCreate(
  databases: readonly (Seeded & { readonly size: number })[],
  settings: Settings,
): Promise<Report> {
  const targets: Target[] = [];
  const rows: Row[] = [];
  for (const { folder, tokens, size } of databases) {
    const bare = await openTarget({ kind: 'inserts', folder, rows: size });
    const ours = await openTarget({ kind: 'countersign', folder });
    targets.push(bare, ours);
    rows.push(...rowsOf(bare, ours, tokens[0] as string, size));
  }
  const measured = await inTurns(rows, settings.creates);
  for (const { close } of targets) await close();
  return reported(
    measured,
    databases.map(({ size }) => size),
  );
}

function rowsOf(bare: Target, ours: Target, token: string, tokens: number): readonly Row[] {
  const insert = creating('/', token, 'bare');
  const create = creating(CREATE, token, 'made');
  return [
    { what: BARE, tokens, atOnce: 1, measure: (ms) => bare.work(1, ms) },
    ...AT_ONCE.map((atOnce) => ({
      ...{ what: BARE_HTTP, tokens, atOnce },
      measure: (ms: number) => bare.measure(insert, atOnce, { ms }),
    })),
    ...AT_ONCE.map((atOnce) => ({
      ...{ what: OVER_HTTP, tokens, atOnce },
      measure: (ms: number) => ours.measure(create, atOnce, { ms }),
      count: () => ours.count(create, atOnce, COUNTED),
    })),
    ...AT_ONCE.map((atOnce) => ({
      what: USE_CASE,
      tokens,
      atOnce,
      measure: (ms: number) => ours.work(atOnce, ms, token),
    })),
  ];
}

async function inTurns(rows: readonly Row[], { rounds, roundMs }: Settings['creates']): Promise<readonly Measured[]> {
  const all = rows.map((row) => ({ ...row, rounds: [] as Round[] }));
  for (const { measure } of all) await measure(WARM_MS);
  for (let round = 0; round < rounds; round++) {
    for (const row of all) row.rounds.push(await row.measure(roundMs));
  }
  const measured: Measured[] = [];
  for (const row of all) measured.push({ ...row, counts: await row.count?.() });
  return measured;
}

function reported(measured: readonly Measured[], sizes: readonly number[]): Report {
  const of = (what: string, tokens: number, atOnce: number) =>
    measured.find((row) => row.what === what && row.tokens === tokens && row.atOnce === atOnce) as Measured;
  const each = (make: (tokens: number, atOnce: number) => Ratio) =>
    sizes.flatMap((tokens) => AT_ONCE.map((atOnce) => make(tokens, atOnce)));
  const [few, many] = sizes;
  return {
    figures: measured.map(figureOf),
    ratios: [
      ...each((tokens, atOnce) => ({
        name: `${OVER_HTTP}, ${atOnce} at once, of bare inserts, ${tokens} tokens`,
        value: byRate(of(OVER_HTTP, tokens, atOnce), of(BARE, tokens, 1)),
      })),
      ...each((tokens, atOnce) => ({
        name: `${OVER_HTTP}, ${atOnce} at once, of ${BARE_HTTP}, ${tokens} tokens`,
        value: byRate(of(OVER_HTTP, tokens, atOnce), of(BARE_HTTP, tokens, atOnce)),
      })),
      ...each((tokens, atOnce) => ({
        name: `CPU of ${BARE_HTTP} / CPU of ${OVER_HTTP}, ${atOnce} at once, ${tokens} tokens`,
        value: byCpu(of(BARE_HTTP, tokens, atOnce), of(OVER_HTTP, tokens, atOnce)),
      })),
    ],
    gates: [
      ...sizes.flatMap((tokens) => gatesOf(tokens, of)),
      ...(few === undefined || many === undefined ? [] : AT_ONCE.map((atOnce) => bySize(few, many, atOnce, of))),
    ],
    skipped: many === undefined ? ['g: creates among 1000000 tokens'] : [],
  };
}

const byRate = (one: Measured, other: Measured): number => ratio(ratesOf(one), ratesOf(other));
const ratesOf = ({ rounds }: Measured) => rounds.map(({ rate }) => rate);
const byCpu = (one: Measured, other: Measured): number => ratio(cpuOf(one), cpuOf(other));
const cpuOf = ({ rounds }: Measured) => rounds.map(({ cpuMs }) => cpuMs);

type Of = (what: string, tokens: number, atOnce: number) => Measured;

/** Like against like: a bare insert comes over no network either. What both cost with one stands among the ratios. */
function gatesOf(tokens: number, of: Of): readonly Gate[] {
  const ofBare = (atOnce: number) => byRate(of(USE_CASE, tokens, atOnce), of(BARE, tokens, 1));
  const { statements, commits } = of(OVER_HTTP, tokens, 1).counts ?? { statements: Number.NaN, commits: Number.NaN };
  return [
    gate(`${USE_CASE}, alone, of bare inserts, ${tokens} tokens`, ofBare(1), { atLeast: 0.6 }),
    gate(`${USE_CASE}, 16 at once, of bare inserts, ${tokens} tokens`, ofBare(16), { atLeast: 1.5 }),
    gate(`commits of a create, alone, ${tokens} tokens`, commits, { atMost: 1 }),
    gate(`statements of a create, alone, ${tokens} tokens`, statements, { atMost: STATEMENTS_MAX }),
  ];
}

function bySize(few: number, many: number, atOnce: number, of: Of): Gate {
  const value = byRate(of(USE_CASE, many, atOnce), of(USE_CASE, few, atOnce));
  return gate(`${USE_CASE}, ${atOnce} at once, ${many} tokens against ${few}`, value, { within: [0.85, 1.15] });
}

function figureOf({ what, tokens, atOnce, rounds, counts }: Measured): Figure {
  const middle = (name: keyof Round) => {
    const values = rounds.map((round) => round[name]).filter((value) => value !== undefined);
    return values.length === 0 ? {} : { [name]: median(values) };
  };
  const names = ['rate', 'cpuMs', 'p50Ms', 'p99Ms', 'delayMs'] as const;
  return { row: 'g', what, tokens, connections: atOnce, ...Object.assign({}, ...names.map(middle)), ...counts };
}
