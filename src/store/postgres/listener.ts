import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { CHANNEL } from '../sql/changes.ts';
import { clientConfig, closeClient, type Patience, type PostgresOptions } from './connection.ts';

/** After a connection broke; whoever listens polls as well, so this only costs speed. */
const AGAIN_MS = 500;
/** Nothing is heard of a connection that a network has forgotten; so it is asked now and then whether it is there. */
const CHECK_MS = 5_000;
const PATIENCE: Patience = { connectMs: 2_000, statementMs: 2_000 };

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
  const client = new pg.Client(clientConfig(options, PATIENCE));
  const own = new AbortController(); // what is waited for here is not kept by whoever stops us
  const ended = new Promise<void>((done) => {
    for (const event of ['error', 'end'] as const) client.on(event, () => done());
    over.addEventListener('abort', () => done(), { once: true, signal: own.signal });
  });
  client.on('notification', told);
  try {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    told();
    await Promise.race([ended, checked(client, own.signal)]);
  } finally {
    own.abort();
    await closeClient(client);
  }
}

/** Until it does not answer. */
async function checked(client: pg.Client, over: AbortSignal): Promise<never> {
  for (;;) {
    await wait(CHECK_MS, undefined, { signal: over });
    await client.query('select 1');
  }
}
