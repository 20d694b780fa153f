import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { REVOCATION_BOUND_MS } from '#domain/revocation.ts';
import { ownPostgres } from '#support/postgres.ts';
import { type Asked, type Line, lineTo } from './line.ts';
import {
  type Created,
  createAt,
  IS_FULL,
  isPostgresHere,
  type Node,
  needingPostgres,
  nodesOn,
  placeOn,
  revokeAt,
} from './nodes.ts';

const NODES = 4;
const REVOKES = IS_FULL ? 2_000 : 100;
/** Where the feed is only polled. */
const REVOKES_POLLED = IS_FULL ? 1_000 : 40;
/** Tokens that are presented and revoked side by side. */
const LANES = 3;
/** Between two requests that present one token at one node. */
const EACH_MS = 2;
/** A node counts if it has accepted the token within this before the revoke was answered: so it had it in memory. */
const LATELY_MS = 100;
/** How long a token is in use before it is revoked, at most. */
const USED_MS_MAX = 40;
/** For how long what was refused is presented further: it must stay so. */
const AFTER_MS = 50;
const P99_MS_AIM = 100;

const [ACCEPTED, REFUSED] = [200, 401];

/** Of the last request that was accepted, from the answer to the revoke on: by its start, and by its answer; the first also from when the revoke was sent. */
type Lag = { readonly startedMs: number; readonly answeredMs: number; readonly sinceSentMs: number };
/** What one node did; it counts where it had lately accepted the token. */
type Seen = { readonly lag: Lag; readonly counts: boolean };

describe.skipIf(!isPostgresHere)(needingPostgres('a token that is revoked at one of four nodes under load'), () => {
  test.each([
    { how: 'nodes listen', revokes: REVOKES, env: {} },
    { how: 'nodes only poll', revokes: REVOKES_POLLED, env: { COUNTERSIGN_DATABASE_POOLED: 'true' } },
  ])('is accepted by no other one later than the bound, where $how (I3)', { timeout: 1_800_000 }, async (how) => {
    const { nodes, token } = await nodesOn(await placeOn(await ownPostgres()), NODES, how.env);
    const stays = await createAt(nodes[0] as Node, token, 'background');
    const background = nodes.map((node) => presented(lineTo(node.origin), stays));
    const names = Array.from({ length: how.revokes }, (_, at) => `revoked-${at}`);
    const lanes = Array.from({ length: LANES }, () => laneOn(nodes, token, names));
    const seen = (await Promise.all(lanes)).flat();
    const others = await Promise.all(background.map(({ stop }) => stop()));
    expect(new Set(others.flat().map(({ status }) => status))).toEqual(new Set([ACCEPTED]));
    const lags = seen.filter(({ counts }) => counts).map(({ lag }) => lag);
    console.log(table(how.how, how.revokes, { seen: seen.length, others: others.flat().length }, lags));
    expect(Math.max(...seen.map(({ lag }) => lag.answeredMs))).toBeLessThan(REVOCATION_BOUND_MS);
    expect(lags.length).toBeGreaterThan(seen.length / 2); // else it was not shown of what nodes remember
  });
});

/** One token after the other, over connections of its own. */
async function laneOn(nodes: readonly Node[], token: string, names: string[]): Promise<readonly Seen[]> {
  const lines = new Map(nodes.map((node) => [node, lineTo(node.origin)]));
  const seen: Seen[] = [];
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    const [creator, revoker] = [...nodes].sort(() => Math.random() - 0.5) as [Node, Node];
    const created = await createAt(creator, token, name);
    const others = nodes.filter((node) => node !== revoker).map((node) => lines.get(node) as Line);
    seen.push(...(await revokedAmid(others, created, () => revokeAt(revoker, token, created.id))));
  }
  return seen;
}

/** Presents it to all these nodes, before and while and after it is revoked at another. */
async function revokedAmid(others: readonly Line[], created: Created, revoke: () => Promise<unknown>) {
  const uses = others.map((line) => presented(line, created));
  await Promise.all(uses.map(({ once }) => once));
  await wait(Math.random() * USED_MS_MAX);
  const sentAt = performance.now();
  await revoke();
  const revokedAt = performance.now();
  await Promise.all(uses.map(({ refused }) => refused));
  await wait(AFTER_MS);
  return Promise.all(uses.map(async ({ stop }) => seenIn(await stop(), { sentAt, revokedAt })));
}

/** Again and again until it is stopped. */
function presented(line: Line, { value }: Created) {
  const [once, refused] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isOver = false;
  const running = (async () => {
    const all: Asked[] = [];
    for (; !isOver; await wait(EACH_MS)) {
      const asked = await line.present(value);
      all.push(asked);
      if (asked.status === ACCEPTED) once.resolve();
      else if (asked.status === REFUSED) refused.resolve();
      else throw new Error(`a node answered ${asked.status}`);
    }
    return all;
  })();
  for (const { reject } of [once, refused]) running.catch(reject);
  refused.promise.catch(() => {}); // of what is never revoked nobody waits for it
  const stop = () => {
    isOver = true;
    return running;
  };
  return { once: once.promise, refused: refused.promise, stop };
}

type Revoked = { readonly sentAt: number; readonly revokedAt: number };

function seenIn(all: readonly Asked[], { sentAt, revokedAt }: Revoked): Seen {
  const accepted = all.filter(({ status }) => status === ACCEPTED);
  const last = accepted.at(-1) as Asked; // the first was
  const before = accepted.findLast(({ answeredAt }) => answeredAt <= revokedAt);
  const since = (from: number, at: number) => Math.max(0, at - from);
  const lag = {
    startedMs: since(revokedAt, last.startedAt),
    answeredMs: since(revokedAt, last.answeredAt),
    sinceSentMs: since(sentAt, last.startedAt),
  };
  return { lag, counts: before !== undefined && revokedAt - before.answeredAt <= LATELY_MS };
}

const COLUMNS = ['p50', 'p90', 'p99', 'max'] as const;
const PARTS = { p50: 0.5, p90: 0.9, p99: 0.99, max: 1 } as const satisfies Record<(typeof COLUMNS)[number], number>;
const ROWS = {
  startedMs: 'last accepted request began after the revoke’s answer',
  answeredMs: 'last acceptance was answered after the revoke’s answer',
  sinceSentMs: 'last accepted request began after the revoke was sent',
} as const satisfies Record<keyof Lag, string>;

type Totals = { readonly seen: number; readonly others: number };

function table(how: string, revokes: number, { seen, others }: Totals, lags: readonly Lag[]): string {
  const head = `${revokes} revokes, ${how}: ${lags.length} of ${seen} samples count; ${others} other answers meanwhile`;
  const rows = (Object.keys(ROWS) as (keyof Lag)[]).map((row) => {
    const sorted = lags.map((lag) => lag[row]).sort((one, other) => one - other);
    const cells = COLUMNS.map((column) => (sorted[Math.ceil(sorted.length * PARTS[column]) - 1] ?? 0).toFixed(1));
    return [ROWS[row].padEnd(56), ...cells.map((cell) => cell.padStart(8))].join('');
  });
  const columns = `${`ms (aim: p99 < ${P99_MS_AIM}, bound ${REVOCATION_BOUND_MS})`.padEnd(56)}${COLUMNS.map((one) => one.padStart(8)).join('')}`;
  return [head, columns, ...rows].join('\n');
}
