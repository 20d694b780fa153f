import { median } from './figures.ts';
import { getting } from './load.ts';
import { gate, type Report } from './report.ts';
import type { Seeded } from './seed.ts';
import type { Settings } from './settings.ts';
import { openTarget, type Round } from './target.ts';
import { WHOAMI } from './verify.ts';

const CONNECTIONS = 16;
/** Of ours at a time, and then a shorter one of the bare server. */
const TURN_MS = 5_000;
const BARE_MS = 500;

/**
 * Many tokens one after the other, as they come after a while: a verification is read again now and then, and last uses are
 * written behind, so what this costs is a sum over all that time and not a median.
 */
export async function benchRotation({ folder, tokens }: Seeded, { rotation }: Settings): Promise<Report> {
  const presented = tokens.slice(0, rotation.distinct);
  const ours = await openTarget({ kind: 'countersign', folder });
  const headers = { authorization: `Bearer ${presented[0]}` };
  const answer = await (await fetch(ours.origin + WHOAMI, { headers })).text();
  const bare = await openTarget({ kind: 'fastify', token: presented[0] as string, path: WHOAMI, answer });
  const hit = getting(WHOAMI, [presented[0] as string]);
  const inRotation = getting(WHOAMI, presented);
  const first = await ours.measure(inRotation, CONNECTIONS, { answers: presented.length });
  await bare.measure(hit, CONNECTIONS, { ms: BARE_MS });
  const rounds: { readonly bare: Round; readonly ours: Round }[] = [];
  for (let ms = 0; ms < rotation.ms; ms += TURN_MS) {
    const turn = { ms: Math.min(TURN_MS, rotation.ms - ms) };
    rounds.push({
      bare: await bare.measure(hit, CONNECTIONS, { ms: BARE_MS }),
      ours: await ours.measure(inRotation, CONNECTIONS, turn),
    });
  }
  const counted = await ours.count(inRotation, CONNECTIONS, presented.length);
  for (const { close } of [bare, ours]) await close();
  const all = sumOf(rounds.map((round) => round.ours));
  const same = { row: 'd', tokens: rotation.size, connections: CONNECTIONS };
  const value = median(rounds.map((round) => round.bare.cpuMs)) / all.cpuMs;
  return {
    figures: [
      { ...same, what: `whoami, ${rotation.distinct} tokens, each for the first time`, ...first },
      { ...same, what: `whoami, ${rotation.distinct} tokens in rotation`, ...all, statements: counted.statements },
    ],
    ratios: [],
    gates: [gate('CPU of b / CPU of d', value, { atLeast: 0.6 })],
    skipped: [],
  };
}

/** The mean over all answers. */
function sumOf(rounds: readonly Round[]): Round {
  const answers = rounds.reduce((sum, { rate }) => sum + rate, 0);
  const cpuMs = rounds.reduce((sum, { rate, cpuMs }) => sum + rate * cpuMs, 0) / answers;
  return {
    ...{ rate: answers / rounds.length, cpuMs },
    ...{ p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)), p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)) },
  };
}
