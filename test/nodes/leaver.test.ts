import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { REVOCATION_BOUND_MS } from '#domain/revocation.ts';
import { ownPostgres } from '#support/postgres.ts';
import { type Asked, lineTo } from './line.ts';
import { ask, done, isPostgresHere, type Node, needingPostgres, nodesOn, placeOn, standingAt } from './nodes.ts';

const NODES = 4;
const TOKENS_HELD = 500;
/** Connections to each node, and the time between two requests on one: a thousand a second, where the machine can. */
const LINES = 2;
const EACH_MS = 8;
const BEFORE_MS = 1_500;
const AFTER_MS = 1_500;
/** Creates that are asked for side by side. */
const LANES = 8;
const [ACCEPTED, REFUSED] = [200, 401];
const BOB = 'bob@example.com';

describe.skipIf(!isPostgresHere)(needingPostgres('a user with 500 tokens, which four nodes are asked with'), () => {
  test('is accepted nowhere later than the bound after they are deactivated at one (I3)', {
    timeout: 300_000,
  }, async () => {
    const { nodes, token } = await nodesOn(await placeOn(await ownPostgres()), NODES);
    const [first, ...others] = nodes as [Node, ...Node[]];
    await done(first, { token, method: 'POST', path: '/api/svc/v1/users/register', body: { email: BOB } });
    const values = await tokensFor(nodes, token);
    const loads = nodes.map((node) => loadOn(node, values));
    await wait(BEFORE_MS);
    const body = { email: BOB };
    expect(await ask(first, { token, method: 'PATCH', path: '/api/svc/v1/users/deactivate', body })).toMatchObject({
      status: 200,
    });
    const deactivatedAt = performance.now();
    await wait(AFTER_MS);
    const asked = await Promise.all(loads.map((stop) => stop()));
    const elsewhere = asked.slice(1).flat(); // the others alone: the first knows of its own change
    const lates = acceptedOf(elsewhere).map(({ startedAt }) => startedAt - deactivatedAt);
    console.log(told(asked.flat(), Math.max(...lates)));
    expect(Math.max(...lates)).toBeLessThan(REVOCATION_BOUND_MS);
    for (const one of asked) {
      expect(acceptedOf(one).length).toBeGreaterThan(0); // it was accepted there before, so it was in memory
      expect(one.at(-1)?.status).toBe(REFUSED);
      expect(new Set(one.map(({ status }) => status))).toEqual(new Set([ACCEPTED, REFUSED]));
    }
    const standing = await Promise.all(
      values.map((value, at) => standingAt(others[at % others.length] as Node, value)),
    );
    expect(new Set(standing)).toEqual(new Set([REFUSED]));
  });
});

const acceptedOf = (asked: readonly Asked[]) => asked.filter(({ status }) => status === ACCEPTED);

async function tokensFor(nodes: readonly Node[], token: string): Promise<readonly string[]> {
  const names = Array.from({ length: TOKENS_HELD }, (_, at) => `held-${at}`);
  const values: string[] = [];
  const lane = async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const node = nodes[values.length % nodes.length] as Node;
      const body = { name, userEmail: BOB };
      const path = '/api/svc/v1/personal-access-tokens/for-user';
      values.push((await done<{ token: string }>(node, { token, method: 'POST', path, body })).token);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return values;
}

/** All of the tokens in turn, until it is stopped. */
function loadOn({ origin }: Node, values: readonly string[]): () => Promise<readonly Asked[]> {
  let isOver = false;
  let turn = 0;
  const all: Asked[] = [];
  const lines = Array.from({ length: LINES }, async () => {
    const line = lineTo(origin);
    for (; !isOver; await wait(EACH_MS)) all.push(await line.present(values[turn++ % values.length] as string));
  });
  return async () => {
    isOver = true;
    await Promise.all(lines);
    return all;
  };
}

function told(asked: readonly Asked[], latestMs: number): string {
  const seconds = (BEFORE_MS + AFTER_MS) / 1_000;
  return (
    `${TOKENS_HELD} tokens, ${NODES} nodes, ${Math.round(asked.length / seconds)} requests a second: the last that another node ` +
    `accepted began ${latestMs.toFixed(1)} ms after the answer to the deactivation (negative is before it)`
  );
}
