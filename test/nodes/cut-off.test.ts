import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ownPostgres } from '#support/postgres.ts';
import { type TcpProxy, tcpProxyTo } from '#support/tcp-proxy.ts';
import {
  ask,
  type Created,
  createAt,
  isPostgresHere,
  type Node,
  needingPostgres,
  nodeOn,
  nodesOn,
  placeOn,
  revokeAt,
  standingAt,
  type Told,
  told,
  WHOAMI,
} from './nodes.ts';

const STALE_MS = 2_000;
const ENV = { COUNTERSIGN_MAX_STALE_MS: String(STALE_MS) };
/** On top of a node's own bound, as `revoke --wait` counts. */
const MARGIN_MS = 1_000;
const EACH_MS = 50;
const LOOK_MS = 10;
/** For a machine that does other things meanwhile. */
const LEEWAY_MS = 15_000;

/** Amid creates: between two statements of a transaction, too. */
const [CUTS, CUT_MS_MAX, CREATORS] = [20, 200, 6];

const OUTAGE = /^The service is unavailable for the moment; your API key is not the problem\./;
const [ACCEPTED, REFUSED, UNAVAILABLE] = [200, 401, 503];
const cluster = isPostgresHere ? await ownPostgres({ fsync: false }) : undefined;

/** One node that is well, and one whose every word to the database, and from it, goes through our network. */
async function oneBehindAProxy() {
  const { port } = cluster as NonNullable<typeof cluster>;
  const place = await placeOn(cluster as NonNullable<typeof cluster>);
  const { nodes, token } = await nodesOn(place, 1, ENV);
  const well = nodes[0] as Node;
  const network = await tcpProxyTo(port);
  const far = await nodeOn({ ...place, url: place.url.replace(`:${port}/`, `:${network.port}/`) }, ENV);
  const [kept, revoked] = [await createAt(well, token, 'kept'), await createAt(well, token, 'revoked')];
  for (const { value } of [kept, revoked]) expect(await standingAt(far, value)).toBe(ACCEPTED);
  return { well, far, network, token, kept, revoked };
}

type Use = Told & { readonly startedAt: number };

/** Begins a request each few milliseconds, whether or not those before it are answered. */
function presented(node: Node, { value }: Created) {
  const uses: Promise<Use>[] = [];
  const one = async (): Promise<Use> => {
    const startedAt = performance.now();
    return { startedAt, ...(await ask(node, { token: value, path: WHOAMI })) };
  };
  const timer = setInterval(() => uses.push(one()), EACH_MS);
  return {
    async until(at: number): Promise<readonly Use[]> {
      await wait(at - performance.now());
      clearInterval(timer);
      return Promise.all(uses);
    },
  };
}

async function stopped({ process, ended }: Node): Promise<void> {
  process.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0 });
}

async function until(is: () => Promise<boolean>, msMax: number): Promise<void> {
  const latest = performance.now() + msMax;
  while (!(await is())) {
    expect(performance.now()).toBeLessThan(latest);
    await wait(LOOK_MS); // what a process says has to reach us meanwhile
  }
}

/** Of a request that was under way when the database went: whether it was done nobody knows. */
function unlessOutage(error: unknown): undefined {
  if (!String(error).includes(` ${UNAVAILABLE} `)) throw error;
}

describe.skipIf(!isPostgresHere)(needingPostgres('a node that is cut off from its database'), () => {
  test.each([
    { how: 'its connections are reset, and it gets no others', fault: (network: TcpProxy) => network.cut() },
    { how: 'every packet is swallowed, and it is told nothing', fault: (network: TcpProxy) => network.stall() },
  ])(
    'goes on by what it remembers for as long as it may, is then unavailable, and comes back by itself: $how (I3, I8)',
    {
      timeout: 120_000,
    },
    async ({ fault }) => {
      const { well, far, network, token, kept, revoked } = await oneBehindAProxy();
      const uses = { kept: presented(far, kept), revoked: presented(far, revoked) };
      fault(network);
      const cutAt = performance.now();
      await revokeAt(well, token, revoked.id);
      const over = cutAt + STALE_MS;
      const [ofKept, ofRevoked] = await Promise.all([uses.kept.until(over + 2_000), uses.revoked.until(over + 2_000)]);
      const after = (all: readonly Use[], at: number) => all.filter(({ startedAt }) => startedAt >= at);
      const statuses = (all: readonly Use[]) => new Set(all.map(({ status }) => status));
      const soon = ofKept.filter(({ startedAt }) => startedAt < cutAt + STALE_MS / 2);
      expect(statuses(soon)).toEqual(new Set([ACCEPTED]));
      expect(statuses([...after(ofKept, over), ...after(ofRevoked, over)])).toEqual(new Set([UNAVAILABLE]));
      expect(statuses(ofRevoked).has(REFUSED)).toBe(false); // nobody has told it
      for (const { words } of after(ofKept, over)) expect(JSON.parse(words).message).toMatch(OUTAGE);
      expect(far.said()).toContain('the change feed is not heard');
      const mendedAt = performance.now();
      network.pass();
      await until(async () => (await standingAt(far, kept.value)) === ACCEPTED, STALE_MS + LEEWAY_MS);
      const backMs = Math.round(performance.now() - mendedAt);
      expect(await standingAt(far, revoked.value)).toBe(REFUSED);
      await until(async () => far.said().includes('the change feed is heard again'), LEEWAY_MS);
      console.log(`accepts again after ${backMs} ms, hears again after ${Math.round(performance.now() - mendedAt)} ms`);
      await stopped(far);
    },
  );

  test('ends when it is told to, also while its network swallows everything', { timeout: 120_000 }, async () => {
    const { far, network } = await oneBehindAProxy();
    network.stall();
    const toldAt = performance.now();
    await stopped(far);
    console.log(`ended ${Math.round(performance.now() - toldAt)} ms after it was told to`);
  });

  test('again and again, whatever it is doing, goes on; what it answered is so', { timeout: 60_000 }, async () => {
    const { far, network, token } = await oneBehindAProxy();
    const made: Created[] = [];
    let isOver = false;
    const creating = Array.from({ length: CREATORS }, async (_, by) => {
      for (let at = 0; !isOver; at += 1) {
        const created = await createAt(far, token, `cut-${by}-${at}`).catch(unlessOutage);
        if (created !== undefined) made.push(created);
      }
    });
    for (let cuts = 0; cuts < CUTS; cuts += 1) {
      await wait(Math.random() * CUT_MS_MAX);
      network.cut();
      await wait(Math.random() * CUT_MS_MAX);
      network.pass();
    }
    isOver = true;
    await Promise.all(creating);
    expect([far.process.exitCode, made.length > 0]).toEqual([null, true]);
    for (const { value } of made) await until(async () => (await standingAt(far, value)) === ACCEPTED, LEEWAY_MS);
    await stopped(far);
  });

  test('whose database is slow hears of a revoke within the bound all the same', { timeout: 60_000 }, async () => {
    const { well, far, network, token, revoked } = await oneBehindAProxy();
    network.slow(80);
    await until(async () => (await standingAt(far, revoked.value)) === ACCEPTED, LEEWAY_MS);
    const { boundMs } = await revokeAt(well, token, revoked.id);
    const revokedAt = performance.now();
    await until(async () => (await standingAt(far, revoked.value)) === REFUSED, boundMs);
    console.log(`refused after ${Math.round(performance.now() - revokedAt)} ms`);
  });
});

describe.skipIf(!isPostgresHere)(needingPostgres('a node that stands still, or is gone'), () => {
  const two = async () => {
    const place = await placeOn(cluster as NonNullable<typeof cluster>);
    const { nodes, token } = await nodesOn(place, 2, ENV);
    const [well, other] = nodes as [Node, Node];
    return {
      place,
      well,
      other,
      token,
      name: (node: Node) => expect.stringMatching(new RegExp(`/${node.process.pid}$`)),
    };
  };

  test('accepts nothing that was revoked meanwhile: not by the first request after it wakes up (I3)', {
    timeout: 60_000,
  }, async () => {
    const { well, other, token } = await two();
    const { id, value } = await createAt(well, token, 'deploy');
    expect(await standingAt(other, value)).toBe(ACCEPTED);
    other.process.kill('SIGSTOP');
    await revokeAt(well, token, id);
    const asked = Array.from({ length: 20 }, () => standingAt(other, value)); // they lie there when it wakes up
    await wait(STALE_MS + 500);
    other.process.kill('SIGCONT');
    for (const status of await Promise.all(asked)) expect(status).toBe(REFUSED);
  });

  test('holds up whoever waits for all for as long as it could still believe what it remembers, and is named', {
    timeout: 60_000,
  }, async () => {
    const { well, other, token, name } = await two();
    const { id } = await createAt(well, token, 'deploy');
    other.process.kill('SIGSTOP');
    const begun = performance.now();
    const { nodes } = await revokeAt(well, token, id, { wait: true });
    const waitedMs = performance.now() - begun;
    other.process.kill('SIGCONT');
    expect(nodes).toEqual({ acknowledged: [name(well)], silent: [name(other)], late: [] });
    expect(waitedMs).toBeGreaterThan(STALE_MS);
    expect(waitedMs).toBeLessThan(STALE_MS + MARGIN_MS + LEEWAY_MS);
  });

  test('holds nobody up where it was killed long ago', { timeout: 60_000 }, async () => {
    const { place, well, other, token, name } = await two();
    const { id } = await createAt(well, token, 'deploy');
    other.process.kill('SIGKILL');
    await other.ended;
    await told(place.url, 'update node set seen_at = seen_at - 60000 where name like $1', `%/${other.process.pid}`);
    const begun = performance.now();
    const { nodes } = await revokeAt(well, token, id, { wait: true });
    expect(performance.now() - begun).toBeLessThan(STALE_MS);
    expect(nodes).toEqual({ acknowledged: [name(well)], silent: [name(other)], late: [] });
  });
});
