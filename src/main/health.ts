import type { Deps } from '#app/deps.ts';
import { Refusal } from '#domain/refusal.ts';
import type { StoreFigures } from '#ports/figures.ts';
import type { Log } from '#telemetry/log.ts';
import { VERSION } from './version.ts';

/** What a running server tells its operator of itself, as JSON: nothing secret, and nothing that asks the database. */
export type Health = {
  readonly version: string;
  readonly node: Deps['node'];
  /** Scheme, address and port: where it listens, not where links lead. */
  readonly listens: string;
  readonly upMs: number;
  readonly feed: {
    /** False for a process that has its database to itself, and misses nothing. */
    readonly isShared: boolean;
    readonly isHeard: boolean;
    readonly silentMs: number;
    readonly staleMsMax: number;
    readonly sequence: number;
  };
  /** Of its connections to the database, and of those who wait for one. */
  readonly store: Pick<StoreFigures, 'waiting' | 'connections'>;
  readonly failures: Failures;
};

/** Since the start. */
type Failures = { readonly count: number; readonly last: { readonly at: string; readonly words: string } | null };

export type WatchedLog = Log & { failures(): Failures };

/** The log, which remembers how often something was our fault, and what the last of it was. */
export function watchedLog(log: Log): WatchedLog {
  let failures: Failures = { count: 0, last: null };
  return {
    ...log,
    failed(error, fields) {
      failures = { count: failures.count + 1, last: { at: new Date().toISOString(), words: wordsOf(error) } };
      log.failed(error, fields);
    },
    failures: () => failures,
  };
}

/** As the log has it. */
function wordsOf(error: unknown): string {
  if (error instanceof Refusal) return error.detail ?? error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no error was thrown';
}

type Running = { readonly deps: Deps; readonly listens: string; readonly log: WatchedLog };

export function healthOf({ deps, listens, log }: Running): Health {
  const { node, feed, verified, store } = deps;
  const { waiting, connections } = store.figures();
  return {
    version: VERSION,
    node: { id: node.id, name: node.name },
    listens,
    upMs: Math.round(process.uptime() * 1_000),
    feed: {
      ...{ isShared: store.isShared, isHeard: feed.isHeard(), silentMs: Math.round(feed.silentMs()) },
      ...{ staleMsMax: feed.staleMsMax, sequence: verified.sequence },
    },
    store: { waiting, connections },
    failures: log.failures(),
  };
}
