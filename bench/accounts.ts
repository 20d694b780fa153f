import { median, ratio } from './figures.ts';
import { getting } from './load.ts';
import { type Figure, gate, type Report } from './report.ts';
import type { Seeded } from './seed.ts';
import type { Settings } from './settings.ts';
import { openTarget, type Round, type Target } from './target.ts';
import { figureOf, inTurns, middleOf, type Row, WHOAMI } from './verify.ts';

const ACCOUNTS = '/api/v1/virtual-accounts';
const CONNECTIONS = 16;
/** Values that nobody has presented yet, in each round; an account has one. */
const FRESH = 100;
/** Each makes so many accounts of each format. */
const FIRST_ROUNDS_MAX = 7;
const FORMATS = ['opaque', 'jwt'] as const;
type Format = (typeof FORMATS)[number];

type First = { readonly format: Format; readonly rounds: readonly Round[]; readonly statements: number };

/** The token of a virtual account in either format: remembered, and presented for the first time. */
export async function benchAccounts({ folder, tokens }: Seeded, settings: Settings): Promise<Report> {
  const ours = await openTarget({ kind: 'countersign', folder });
  const admin = tokens[0] as string;
  const values = await Promise.all(FORMATS.map((format) => accountOf(ours, admin, `kept-${format}`, format)));
  const [opaque, jwt] = values.map((value) => getting(WHOAMI, [value])) as [Row['requests'], Row['requests']];
  const rows: readonly Row[] = [
    { row: 'j', what: 'whoami, a virtual account’s opaque token, remembered', target: ours, requests: opaque },
    { row: 'j', what: 'whoami, a virtual account’s JWT, remembered', target: ours, requests: jwt },
  ];
  const measured = await inTurns(rows, settings);
  const first = await firstSeen(ours, admin, Math.min(settings.rounds, FIRST_ROUNDS_MAX));
  await ours.close();
  const [known, signed] = measured.map(({ rounds }) => cpuOf(rounds)) as [number[], number[]];
  const [seenOpaque, seenJwt] = first as readonly [First, First];
  const seen = ratio(cpuOf(seenJwt.rounds), cpuOf(seenOpaque.rounds));
  return {
    figures: [...measured.map(figureOf), ...first.map(figureOfFirst)],
    ratios: [
      { name: 'CPU of a JWT / CPU of an opaque token, presented for the first time', value: seen },
      {
        name: 'CPU of a JWT presented for the first time / remembered',
        value: median(cpuOf(seenJwt.rounds)) / median(signed),
      },
    ],
    gates: [
      gate('CPU of an opaque token / CPU of a JWT, of virtual accounts', ratio(known, signed), { atLeast: 0.9 }),
      ...measured.map(({ what, counts }) => gate(`statements of ${what}`, counts.statements, { atMost: 0 })),
      ...first.map(({ format, statements }) => gate(`statements of ${format}, first seen`, statements, { atMost: 2 })),
    ],
    skipped: [],
  };
}

const cpuOf = (rounds: readonly Round[]): number[] => rounds.map(({ cpuMs }) => cpuMs);

async function accountOf({ origin }: Target, admin: string, name: string, format: Format): Promise<string> {
  const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ name, format, roles: ['tenant-member'] });
  const answer = await fetch(origin + ACCOUNTS, { method: 'POST', headers, body });
  const { value } = (await answer.json()) as { readonly value?: string };
  if (value === undefined) throw new Error(`no virtual account was made: ${answer.status}`);
  return value;
}

/** Each value once, made before the round: in turns, as what is remembered. */
async function firstSeen(target: Target, admin: string, rounds: number): Promise<readonly First[]> {
  const all = FORMATS.map((format) => ({ format, rounds: [] as Round[], statements: Number.NaN }));
  const fresh = async (format: Format, round: number) => {
    const names = Array.from({ length: FRESH }, (_, at) => `first-${format}-${round}-${at}`);
    return getting(WHOAMI, await inOrder(names, (name) => accountOf(target, admin, name, format)));
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const one of all) {
      one.rounds.push(await target.measure(await fresh(one.format, round), CONNECTIONS, { answers: FRESH }));
    }
  }
  for (const one of all) {
    one.statements = (await target.count(await fresh(one.format, rounds), CONNECTIONS, FRESH)).statements;
  }
  return all;
}

async function inOrder<From, To>(from: readonly From[], to: (one: From) => Promise<To>): Promise<readonly To[]> {
  const made: To[] = [];
  for (const one of from) made.push(await to(one));
  return made;
}

const figureOfFirst = ({ format, rounds, statements }: First): Figure => ({
  ...{ row: 'j', what: `whoami, a virtual account’s ${format} token, presented for the first time` },
  ...{ connections: CONNECTIONS, ...middleOf(rounds), statements },
});
