import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { NodeState } from '#ports/nodes.ts';
import { isHeld } from '#store/sqlite/inspect.ts';
import { pathsIn } from '../data-folder.ts';
import type { Health } from '../health.ts';
import type { Check } from './check.ts';
import { type Finding, failed, ok, skipped, some, spanInWords, together, warning } from './finding.ts';

/** A failure that is older is in the log, and may be long mended. */
const RECENT_MS = 60 * 60 * 1000;
/** The feed asks ten times as often. */
const SILENT_MS_WARN = 1_000;
/** On top of a node's own bound, as whoever waits for a revoke counts. */
const MARGIN_MS = 1_000;
/** A job is taken within a second where anybody takes jobs. */
const OVERDUE_MS = 60_000;
const DEAD_MAX = 5;

const server: Check = {
  name: 'server',
  async run({ config, servers, now }) {
    const { healths, silent } = await servers();
    const stuck = silent.map(({ socket, words }) =>
      failed(
        `A server listens on ${socket} and does not say how it is: ${words}`,
        'See its log, and restart it: a stop loses nothing that was answered.',
      ),
    );
    if (healths.length + stuck.length > 0) return together([...stuck, ...healths.map((one) => running(one, now()))]);
    const { lock, socket } = pathsIn(config.data);
    if (config.databaseUrl === undefined && existsSync(lock) && isHeld(lock))
      return warning(
        `A process holds ${lock}, and none answers at ${socket}: it starts, or stops, or lost its socket.`,
        'Ask again in a moment; where that stays so, restart it.',
      );
    return skipped(`No server runs on ${config.data}.`);
  },
};

function running({ version, node, listens, upMs, store, failures }: Health, now: number): Finding {
  const { waiting, connections } = store;
  const words =
    `Version ${version} runs as ${node.name}, for ${spanInWords(upMs)}, and listens on ${listens}. ` +
    `Of its connections to the database ${connections.busy} are busy, and ${waiting} requests wait for one.`;
  const { count, last } = failures;
  if (last === null) return ok(words);
  const told = `${words} ${count} failures since its start, the last at ${last.at}: ${last.words}.`;
  return now - Date.parse(last.at) > RECENT_MS ? ok(told) : warning(told, 'Its log says more.');
}

const feed: Check = {
  name: 'feed',
  async run({ servers, config }) {
    const { healths } = await servers();
    if (healths.length === 0) return skipped(`No server on ${config.data} has said.`);
    return together(healths.map(fed));
  },
};

function fed({ node, feed: { isShared, isHeard, silentMs, staleMsMax } }: Health): Finding {
  if (!isShared) return ok(`${node.name} has its database to itself, and misses nothing.`);
  const words = `${node.name} last heard what others change ${spanInWords(silentMs)} ago.`;
  if (isHeard && silentMs <= SILENT_MS_WARN) return ok(words);
  const remedy = 'See database, and the log of that server: its connection to the database hangs, or is lost.';
  if (isHeard) return warning(words, remedy);
  return failed(`${words} After ${spanInWords(staleMsMax)} it believes nothing that it remembers.`, remedy);
}

const isAlive = ({ silentMs, staleMsMax }: NodeState): boolean => silentMs <= staleMsMax + MARGIN_MS;
export const aliveAmong = (nodes: readonly NodeState[]): readonly NodeState[] => nodes.filter(isAlive);

/** A node says where it is at once, and then once a second. */
const SAID_MS = 1_500;

const nodes: Check = {
  name: 'nodes',
  on: 'PostgreSQL',
  async run(scene) {
    const database = await scene.tables();
    const latest = await database.changes.latest();
    const isBehind = ({ sequence }: NodeState) => sequence < latest;
    if (aliveAmong(await database.nodes.list()).some(isBehind)) await wait(SAID_MS);
    const all = await database.nodes.list();
    if (all.length === 0) return skipped('No server runs on this database.');
    const alive = aliveAmong(all);
    const missing = all.filter((one) => !isAlive(one) && one.silentMs < RECENT_MS);
    return together([
      ok(`At change ${latest}, heard: ${some(alive.map(inWords)) || 'nobody'}.`),
      ...alive.filter(isBehind).map((one) => late(one, latest - one.sequence)),
      ...missing.map(gone),
    ]);
  },
};

const inWords = ({ name, silentMs }: NodeState): string => `${name} (${spanInWords(silentMs)} ago)`;

const late = ({ name }: NodeState, behind: number): Finding =>
  warning(
    `${name} is ${behind} changes behind, and has been for longer than ${spanInWords(SAID_MS)}.`,
    'See its log, and run doctor on its machine: until it hears them it accepts what was revoked, for its max_stale at most.',
  );

const gone = ({ name, silentMs }: NodeState): Finding =>
  warning(
    `${name} has said nothing for ${spanInWords(silentMs)}, and has not left.`,
    'Where it was killed, nothing is to be done. Where it runs, it is cut off from the database and refuses: see its log.',
  );

const jobs: Check = {
  name: 'jobs',
  async run(scene) {
    const database = await scene.tables();
    const now = scene.now();
    const counts = await database.jobs.counts(now);
    const oldest = await database.jobs.oldestDueAt(now);
    const isWorkedOn = (await scene.servers()).healths.length > 0;
    const dead = (await database.jobs.list(now, DEAD_MAX)).filter(({ state }) => state === 'dead');
    const deadCount = counts.reduce((sum, { state, jobs: count }) => sum + (state === 'dead' ? count : 0), 0);
    const told = counts.map(({ jobs: count, kind, state }) => `${count} ${kind} ${state}`);
    return together([
      ok(told.length === 0 ? 'There are none.' : `${told.join(', ')}.`),
      ...(isWorkedOn && oldest !== undefined && now - oldest > OVERDUE_MS ? [overdue(now - oldest)] : []),
      ...(deadCount > 0
        ? [
            deadJobs(
              deadCount,
              dead.map(({ kind, id, lastError }) => `${kind} ${id} (${lastError ?? 'no word'})`),
            ),
          ]
        : []),
    ]);
  },
};

const overdue = (ms: number): Finding =>
  warning(`A job is due for ${spanInWords(ms)}, and nobody takes it.`, 'See the log of each server, and restart it.');

const deadJobs = (count: number, which: readonly string[]): Finding =>
  failed(
    `${count} jobs are dead, and run no more: ${which.join(', ')}.`,
    'Mend what they failed at, and have each run again: countersign jobs retry ID.',
  );

export const NODE_CHECKS: readonly Check[] = [server, feed, nodes, jobs];
