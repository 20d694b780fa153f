import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { expect } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { type Served, serving, unattended } from '#support/process.ts';
import { adminToken } from './base.ts';
import { PATS, WHOAMI } from './client.ts';

export const STALE_MS = 1_000;
const BACK_MS_MAX = 15_000;
const CREATORS = 4;
const OUTAGE = 'The service is unavailable for the moment; your API key is not the problem.';

/** The server is taken away under it; whoever asks is told. */
export function clientOn(url: string): pg.Client {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  return client;
}

export type Answered = { readonly at: number; readonly tookMs: number; readonly status: number; readonly text: string };
type Created = Answered & { readonly value: string | undefined };

/** A node on a server of its own, with the administrator’s token. */
export async function nodeOn(url: string, env: Readonly<Record<string, string>> = {}) {
  const data = temporaryFolder();
  const first = unattended(data);
  const database = { COUNTERSIGN_DATABASE_URL: url, COUNTERSIGN_MAX_STALE_MS: String(STALE_MS) };
  const served = await serving(data, { ...first, env: { ...first.env, ...database, ...env } });
  return { served, data, token: adminToken(data) };
}

const askedWith = async (served: Served, token: string, sent: { method: string; path: string; body?: object }) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = sent.body === undefined ? undefined : JSON.stringify(sent.body);
  const at = performance.now();
  const { status, text } = await served.send({ method: sent.method, path: sent.path, headers, body });
  return { at, tookMs: performance.now() - at, status, text } satisfies Answered;
};
export const whoami = (served: Served, token: string) => askedWith(served, token, { method: 'GET', path: WHOAMI });

export async function create(served: Served, token: string, name: string): Promise<Created> {
  const answered = await askedWith(served, token, { method: 'POST', path: PATS, body: { name } });
  return { ...answered, value: answered.status === 200 ? JSON.parse(answered.text).token : undefined };
}

/** What must be read waits for a connection. */
export const isFromMemory = ({ status, tookMs }: Answered): boolean => status === 200 && tookMs < 1_000;

/** Creates and looks, all the while, until it is told to stop. */
export function loadOn(served: Served, token: string) {
  const [looks, creates]: [Answered[], Created[]] = [[], []];
  let isOver = false;
  const creators = Array.from({ length: CREATORS }, async (_, worker) => {
    for (let n = 0; !isOver; n++) creates.push(await create(served, token, `w${worker}-n${n}`));
  });
  const looker = (async () => {
    for (; !isOver; await wait(20)) looks.push(await whoami(served, token));
  })();
  const stop = async () => {
    isOver = true;
    await Promise.all([...creators, looker]);
    return { looks, creates };
  };
  return stop;
}

export async function untilWell(served: Served, token: string): Promise<void> {
  const latest = performance.now() + BACK_MS_MAX;
  for (let n = 0; ; n++) {
    const { status, text } = await create(served, token, `back-${n}`);
    if (status === 200) return;
    if (performance.now() > latest) throw new Error(`still ${status}: ${text}`);
    await wait(50);
  }
}

/** What it is said to be, once it is not an outage any more: a connection that broke may be found out late. */
export async function standingOnceWell(served: Served, value: string): Promise<number> {
  const latest = performance.now() + BACK_MS_MAX;
  for (;;) {
    const { status } = await whoami(served, value);
    if (status !== 503 || performance.now() > latest) return status;
    await wait(50);
  }
}

/** I8: nothing but success, and outages that say so first. */
export function neverTheCredential(answers: readonly Answered[]): void {
  expect([...new Set(answers.map(({ status }) => status))].filter((status) => ![200, 503].includes(status))).toEqual(
    [],
  );
  const outages = answers.filter(({ status }) => status === 503);
  expect(outages.filter(({ text }) => !JSON.parse(text).message.startsWith(OUTAGE))).toEqual([]);
}
