import { connect, type Socket } from 'node:net';

/** Whole requests, one after the other, and the statuses that each may be answered with. */
export type Requests = { readonly next: () => string; readonly statuses: readonly number[] };
/** Until a time has passed, or so many are answered. */
export type Until = { readonly ms: number } | { readonly answers: number };
export type Loaded = { readonly answers: number; readonly ms: number; readonly latenciesMs: readonly number[] };

/** Closed loops over raw keep-alive sockets: cheaper than any server under test. */
export async function load(origin: string, requests: Requests, connections: number, until: Until): Promise<Loaded> {
  const { hostname: host, port } = new URL(origin);
  const begunAt = performance.now();
  const run: Run = { requests, latenciesMs: [], asked: 0, isOver: over(begunAt, until) };
  await Promise.all(Array.from({ length: connections }, () => loop({ host, port: Number(port) }, run)));
  return { answers: run.latenciesMs.length, ms: performance.now() - begunAt, latenciesMs: run.latenciesMs };
}

type Run = {
  readonly requests: Requests;
  readonly latenciesMs: number[];
  asked: number;
  readonly isOver: (run: Run) => boolean;
};

const over = (begunAt: number, until: Until): Run['isOver'] =>
  'ms' in until ? () => performance.now() - begunAt >= until.ms : ({ asked }) => asked >= until.answers;

async function loop(to: { readonly host: string; readonly port: number }, run: Run): Promise<void> {
  const socket = connect({ ...to, noDelay: true });
  const expected = run.requests.statuses.map((status) => `HTTP/1.1 ${status} `);
  await new Promise<void>((resolve, reject) => {
    let askedAt = 0;
    const ask = () => {
      if (run.isOver(run)) return resolve();
      run.asked += 1;
      askedAt = performance.now();
      socket.write(run.requests.next());
    };
    socket.on('connect', ask).on('error', reject);
    socket.on('close', () => reject(new Error('the server hung up')));
    socket.on('data', (chunk) => {
      run.latenciesMs.push(performance.now() - askedAt);
      if (isAnswer(chunk, expected)) ask();
      else reject(new Error(`expected ${expected}, got ${chunk}`));
    });
  }).finally(() => ended(socket));
}

/** Answers are small enough to come in one piece; anything else fails here, loudly. */
const isAnswer = (chunk: Buffer, expected: readonly string[]): boolean =>
  expected.includes(chunk.toString('latin1', 0, expected[0]?.length));

const ended = (socket: Socket) => socket.removeAllListeners('close').destroy();

export function getting(path: string, tokens: readonly string[], ...statuses: readonly number[]): Requests {
  let at = 0;
  const next = () => requestOf('GET', path, tokens[at++ % tokens.length] as string);
  return { next, statuses: statuses.length > 0 ? statuses : [200] };
}

/** The same token presented again and again, as a program sends a form. */
export const introspecting = (path: string, asker: string, token: string): Requests => ({
  statuses: [200],
  next: () => requestOf('POST', path, asker, `token=${token}`, 'application/x-www-form-urlencoded'),
});

/** Each with a name of its own. */
export function creating(path: string, token: string, run: string): Requests {
  let made = 0;
  return {
    statuses: [200],
    next: () => requestOf('POST', path, token, JSON.stringify({ name: `${run}-${made++}-x` })),
  };
}

function requestOf(method: string, path: string, token: string, body?: string, type = 'application/json'): string {
  const head = `${method} ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\n`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
