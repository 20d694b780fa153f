import { randomBytes } from 'node:crypto';
import { mint } from '#crypto/opaque.ts';
import { median, ratio } from './figures.ts';
import { getting, type Requests } from './load.ts';
import { type Figure, gate, type Report } from './report.ts';
import type { Seeded } from './seed.ts';
import type { Settings } from './settings.ts';
import { type Counts, openTarget, type Round, type Target } from './target.ts';

export const WHOAMI = '/api/v1/whoami';
export const CREATE = '/api/svc/v1/personal-access-tokens';
const CONNECTIONS = 16;
/** Below what one address may present in a window, and what is far above it. */
const STRANGERS = { some: 90, many: 600, readMax: 200, windowMs: 10_000 };
const COUNTED = 1_000;

/** `rate` and `cpuMs` of all its rounds, in the order of the run. */
export type Row = { readonly row: string; readonly what: string; readonly target: Target; readonly requests: Requests };
export type Measured = Row & { readonly rounds: readonly Round[]; readonly counts: Counts };

export async function benchVerify({ folder, tokens }: Seeded, settings: Settings): Promise<Report> {
  const token = tokens[0] as string;
  const ours = await openTarget({ kind: 'countersign', folder });
  const answer = await (await fetch(ours.origin + WHOAMI, { headers: { authorization: `Bearer ${token}` } })).text();
  const bare = { token, path: WHOAMI, answer };
  const [node, fastify] = [await openTarget({ kind: 'node', ...bare }), await openTarget({ kind: 'fastify', ...bare })];
  const jwt = await jwtOf(ours, token);
  const hit = getting(WHOAMI, [token]);
  const rows: readonly Row[] = [
    { row: 'a', what: 'bare node:http, digest and map lookup', target: node, requests: hit },
    { row: 'b', what: 'bare Fastify, digest and map lookup', target: fastify, requests: hit },
    { row: 'c', what: 'whoami, opaque token, remembered', target: ours, requests: hit },
    ...(jwt === undefined
      ? []
      : [{ row: 'e', what: 'whoami, JWT, remembered', target: ours, requests: getting(WHOAMI, [jwt]) }]),
    { row: 'f', what: 'garbage: wrong checksum', target: ours, requests: getting(WHOAMI, [mistyped(token)], 401) },
  ];
  const measured = await inTurns(rows, settings);
  const strangers = await benchStrangers(ours);
  for (const { close } of [node, fastify, ours]) await close();
  return reported(measured, strangers, jwt !== undefined);
}

/** Undefined where the server refuses, or issues something else. */
async function jwtOf({ origin }: Target, token: string): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'bench-jwt', tokenType: 'jwt' });
  const made = (await (await fetch(origin + CREATE, { method: 'POST', headers, body })).json()) as { token?: string };
  return made.token?.startsWith('eyJ') ? made.token : undefined;
}

const mistyped = (token: string): string => token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');

export async function inTurns(
  rows: readonly Row[],
  { rounds, roundMs, warmMs }: Settings,
): Promise<readonly Measured[]> {
  const all = rows.map((row) => ({ ...row, rounds: [] as Round[] }));
  for (const { target, requests } of all) await target.measure(requests, CONNECTIONS, { ms: warmMs });
  for (let round = 0; round < rounds; round++) {
    for (const row of all) row.rounds.push(await row.target.measure(row.requests, CONNECTIONS, { ms: roundMs }));
  }
  const measured: Measured[] = [];
  for (const row of all) {
    measured.push({ ...row, counts: await row.target.count(row.requests, CONNECTIONS, COUNTED) });
  }
  return measured;
}

type Strangers = { readonly figure: Figure; readonly readsOfMany: number };

/** Each is presented once, as a scanner would: all of them from one address, which may present so many in a window. */
async function benchStrangers(target: Target): Promise<Strangers> {
  const strangers = (count: number) => getting(WHOAMI, Array.from({ length: count }, unknownToken), 401, 429);
  await nextWindow();
  const counted = await target.count(strangers(STRANGERS.some), CONNECTIONS, STRANGERS.some);
  const round = await target.measure(strangers(STRANGERS.some), CONNECTIONS, { answers: STRANGERS.some });
  await nextWindow();
  const { statements } = await target.count(strangers(STRANGERS.many), CONNECTIONS, STRANGERS.many);
  const figure = {
    row: 'f',
    what: 'garbage: well formed, never issued',
    connections: CONNECTIONS,
    ...round,
    ...counted,
  };
  return { figure, readsOfMany: statements * STRANGERS.many };
}

const unknownToken = (): string => mint('pat', { bytes: randomBytes }).reveal();
const nextWindow = () => new Promise((done) => setTimeout(done, STRANGERS.windowMs));

function reported(measured: readonly Measured[], { figure, readsOfMany }: Strangers, hasJwt: boolean): Report {
  const cpuOf = (row: string) => measured.find((one) => one.row === row)?.rounds.map(({ cpuMs }) => cpuMs) ?? [];
  const statementsOf = (row: string) => measured.find((one) => one.row === row)?.counts.statements ?? Number.NaN;
  const cpu = (of: string, to: string) => ratio(cpuOf(of), cpuOf(to));
  return {
    figures: [...measured.map(figureOf), figure],
    ratios: [{ name: 'CPU of a / CPU of c: against bare node:http', value: cpu('a', 'c') }],
    gates: [
      gate('CPU of b / CPU of c', cpu('b', 'c'), { atLeast: 0.75 }),
      gate('statements of c', statementsOf('c'), { atMost: 0 }),
      ...(hasJwt
        ? [
            gate('CPU of c / CPU of e', cpu('c', 'e'), { atLeast: 0.9 }),
            gate('statements of e', statementsOf('e'), { atMost: 0 }),
          ]
        : []),
      gate('statements of f, wrong checksum', statementsOf('f'), { atMost: 0 }),
      gate('statements of f, never issued', figure.statements as number, { atMost: 1 }),
      gate(`statements of f, ${STRANGERS.many} never issued, from one address`, readsOfMany, {
        atMost: STRANGERS.readMax + CONNECTIONS,
      }),
    ],
    skipped: hasJwt ? [] : ['e: this server issues no JWTs yet'],
  };
}

export const figureOf = ({ row, what, rounds, counts }: Measured): Figure => ({
  ...{ row, what, connections: CONNECTIONS, ...middleOf(rounds) },
  statements: counts.statements,
});

export const middleOf = (rounds: readonly Round[]): Round => ({
  rate: median(rounds.map(({ rate }) => rate)),
  cpuMs: median(rounds.map(({ cpuMs }) => cpuMs)),
  p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
});
