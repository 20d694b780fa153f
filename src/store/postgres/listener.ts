import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { CHANNEL } from '../sql/changes.ts';
import { clientConfig, type PostgresOptions } from './connection.ts';

/** After a connection broke; whoever listens polls as well, so this only costs speed. */
const AGAIN_MS = 500;

export type Listener = { stop(): Promise<void> };

/** Calls for each word on the channel, and once for each connection: what was said before it is not heard again. */
export function listenTo(options: PostgresOptions, told: () => void): Listener {
  const over = new AbortController();
  const running = keepListening(options, told, over.signal);
  return {
    async stop() {
      over.abort();
      await running;
    },
  };
}

async function keepListening(options: PostgresOptions, told: () => void, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await listenOnce(options, told, over).catch(() => {}); // the poll tells of an outage
    await wait(AGAIN_MS, undefined, { signal: over }).catch(() => {});
  }
}

/** Until the connection breaks, or we are told to stop. */
async function listenOnce(options: PostgresOptions, told: () => void, over: AbortSignal): Promise<void> {
  const client = new pg.Client(clientConfig(options));
  const ended = new Promise<void>((done) => {
    for (const event of ['error', 'end'] as const) client.on(event, () => done());
    over.addEventListener('abort', () => done(), { once: true });
  });
  client.on('notification', told);
  try {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    told();
    await ended;
  } finally {
    await client.end().catch(() => {});
  }
}
