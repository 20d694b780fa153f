import { fork } from 'node:child_process';
import { once } from 'node:events';
import { load } from './load.ts';
import type { Kind } from './server.ts';
import { median } from './world.ts';

const KINDS: readonly Kind[] = ['bare', 'checked', 'ours'];
const ROUNDS = 21;
const ROUND_MS = 400;
const WARM_MS = 2_000;
const CONNECTIONS = 16;

type Round = { readonly rate: number; readonly cpuUs: number };
type Started = { readonly origin: string; readonly path: string; readonly token: string };

async function start(kind: Kind) {
  const child = fork(new URL('./server.ts', import.meta.url), [kind]);
  const [{ origin, path, token }] = (await once(child, 'message')) as [Started];
  const cpuUs = async () => {
    child.send('cpu');
    const [{ user, system }] = (await once(child, 'message')) as [NodeJS.CpuUsage];
    return user + system;
  };
  const measure = async (ms: number): Promise<Round> => {
    const before = await cpuUs();
    const answers = await load(origin, { path, token }, CONNECTIONS, ms);
    return { rate: (answers / ms) * 1000, cpuUs: ((await cpuUs()) - before) / answers };
  };
  await measure(WARM_MS);
  return { kind, measure, stop: () => child.disconnect(), rounds: [] as Round[] };
}

/** Authenticated GET with the token cached, against what Fastify can do at best; short rounds, interleaved. */
export async function benchHttp(): Promise<void> {
  const servers = await Promise.all(KINDS.map(start));
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of servers) server.rounds.push(await server.measure(ROUND_MS));
  }
  const ours = servers.find(({ kind }) => kind === 'ours')?.rounds ?? [];
  for (const { kind, rounds, stop } of servers) {
    stop();
    const of = (figure: keyof Round) => median(rounds.map((round) => round[figure])).toFixed(figure === 'rate' ? 0 : 1);
    const ratio = (figure: keyof Round) =>
      median(ours.map((o, at) => o[figure] / (rounds[at]?.[figure] ?? 0))).toFixed(2);
    console.log(
      `GET ${kind.padEnd(8)}${of('rate')}/s, ${of('cpuUs')} us of CPU; ours is ${ratio('rate')} of its rate, ${ratio('cpuUs')} of its CPU`,
    );
  }
}
