import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { REVOCATION_BOUND_MS } from '#domain/revocation.ts';
import { ownPostgres } from '#support/postgres.ts';
import type { Served } from '#support/process.ts';
import {
  type Created,
  createAt,
  IS_FULL,
  isPostgresHere,
  needingPostgres,
  nodesOn,
  placeOn,
  revokeAt,
  standingAt,
} from './nodes.ts';

const NODES = 4;
const REVOKES = IS_FULL ? 1_000 : 100;
/** Where the feed is only polled. */
const REVOKES_POLLED = IS_FULL ? 500 : 50;
/** Tokens that are presented and revoked side by side. */
const WORKERS = 5;
/** Between two requests that present one token at one node. */
const EACH_MS = 5;
/** A node counts if it has accepted the token within this before the revoke was answered: so it had it in memory. */
const LATELY_MS = 100;
/** How long a token is in use before it is revoked, at most. */
const USED_MS_MAX = 60;
/** Of the other requests that make the load: nodes answer them all the while. */
const BACKGROUND_MS = 4;
const P99_MS_AIM = 100;
/** When it is looked again whether what was refused stays so. */
const AGAIN_MS = [150, 400, 1_100];

/** From the answer to the revoke until the start of the last request, and until the last answer, that accepted it still. */
type Lag = { readonly startedMs: number; readonly answeredMs: number };
type Use = { readonly startedAt: number; readonly answeredAt: number };

const ACCEPTED = 200;
const REFUSED = 401;

describe.skipIf(!isPostgresHere)(needingPostgres('a token that is revoked at one of four nodes under load'), () => {
  test.each([
    { how: 'where nodes listen', revokes: REVOKES, env: {} },
    { how: 'where they only poll', revokes: REVOKES_POLLED, env: { COUNTERSIGN_DATABASE_POOLED: 'true' } },
  ])('is accepted by no other one later than the bound, $how', { timeout: 300_000 }, async ({ how, revokes, env }) => {
    const { nodes, token } = await nodesOn(await placeOn(await ownPostgres()), NODES, env);
    const background = loadOn(nodes, await createAt(nodes[0] as Served, token, 'background'));
    const names = Array.from({ length: revokes }, (_, at) => `revoked-${at}`);
    const lags: Lag[] = [];
    const stays: Promise<void>[] = [];
    let looked = 0;
    await Promise.all(
      Array.from({ length: WORKERS }, async () => {
        for (let name = names.pop(); name !== undefined; name = names.pop()) {
          const seen = await revokedAmid(nodes, token, name);
          lags.push(...seen.lags);
          stays.push(seen.stays);
          looked += seen.nodes;
        }
      }),
    );
    await Promise.all(stays);
    const answered = await background.stop();
    console.log(`${how}: ${distribution(lags)}; ${looked} looked at, ${answered} other answers meanwhile`);
    expect(lags.length).toBeGreaterThan(looked / 2); // else it was not shown of what nodes remember
    expect(Math.max(...lags.map(({ answeredMs }) => answeredMs))).toBeLessThan(REVOCATION_BOUND_MS);
  });
});

/** Presents a new token at all nodes but one, where it is revoked meanwhile. */
async function revokedAmid(nodes: readonly Served[], token: string, name: string) {
  const shuffled = [...nodes].sort(() => Math.random() - 0.5);
  const [creator, revoker] = [shuffled[0] as Served, shuffled[1] as Served];
  const created = await createAt(creator, token, name);
  const others = nodes.filter((node) => node !== revoker);
  const uses = others.map((node) => presented(node, created));
  await Promise.all(uses.map(({ accepted }) => accepted));
  await wait(Math.random() * USED_MS_MAX);
  await revokeAt(revoker, token, created.id);
  const revokedAt = performance.now();
  const seen = await Promise.all(uses.map(async ({ over }) => lagSince(revokedAt, await over)));
  const stays = staysRefused(others, created, revokedAt);
  stays.catch(() => {}); // told to whoever waits for all
  return { lags: seen.filter((lag) => lag !== undefined), nodes: others.length, stays };
}

async function staysRefused(nodes: readonly Served[], { value }: Created, revokedAt: number): Promise<void> {
  for (const ms of AGAIN_MS) {
    await wait(Math.max(0, revokedAt + ms - performance.now()));
    for (const node of nodes) expect(await standingAt(node, value)).toBe(REFUSED);
  }
}

/** Again and again until it is refused. */
function presented(node: Served, { value }: Created) {
  const { promise: accepted, resolve, reject } = Promise.withResolvers<void>();
  const over = (async () => {
    const uses: Use[] = [];
    for (;;) {
      const startedAt = performance.now();
      const status = await standingAt(node, value);
      if (status === REFUSED) return uses;
      if (status !== ACCEPTED) throw new Error(`a node answered ${status}`);
      uses.push({ startedAt, answeredAt: performance.now() });
      resolve();
      await wait(EACH_MS);
    }
  })();
  over.catch(reject);
  return { accepted, over };
}

/** Undefined where it had not been accepted lately: what a node does not remember it reads. */
function lagSince(revokedAt: number, uses: readonly Use[]): Lag | undefined {
  const before = uses.findLast(({ answeredAt }) => answeredAt <= revokedAt);
  if (before === undefined || revokedAt - before.answeredAt > LATELY_MS) return undefined;
  const last = uses.at(-1) as Use;
  const since = (at: number) => Math.max(0, at - revokedAt);
  return { startedMs: since(last.startedAt), answeredMs: since(last.answeredAt) };
}

/** One token that stays good, at random nodes, until it is stopped; how many answers there were. */
function loadOn(nodes: readonly Served[], { value }: Created) {
  let stopping = false;
  const running = (async () => {
    let answers = 0;
    for (; !stopping; answers += 1) {
      const node = nodes[Math.floor(Math.random() * nodes.length)] as Served;
      expect(await standingAt(node, value)).toBe(ACCEPTED);
      await wait(BACKGROUND_MS);
    }
    return answers;
  })();
  running.catch(() => {}); // told to whoever stops it
  return {
    stop() {
      stopping = true;
      return running;
    },
  };
}

function distribution(lags: readonly Lag[]): string {
  const inWords = (name: string, values: readonly number[]) => {
    const sorted = [...values].sort((one, other) => one - other);
    const at = (part: number) =>
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
    return `${name} p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, max ${at(1)} ms`;
  };
  const started = inWords(
    'last accepted request began',
    lags.map(({ startedMs }) => startedMs),
  );
  const answered = inWords(
    'was answered',
    lags.map(({ answeredMs }) => answeredMs),
  );
  return `${lags.length} samples; ${started}; ${answered} after the revoke’s answer (aim: p99 < ${P99_MS_AIM})`;
}
