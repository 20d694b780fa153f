import type { Invoke } from '#contract/invoke.ts';
import type { Operation } from '#contract/operation.ts';
import { OPERATIONS } from '#contract/operations.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { type Answer, outputOf } from './answer.ts';
import { Failure, failureOf } from './failure.ts';
import { type Request, requestOf } from './request.ts';

/** What is needed of the global `fetch`, which fits. */
export type Fetch = (
  url: string,
  asked: Omit<Request, 'url' | 'body'> & {
    readonly body: string | null;
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<Pick<Answer, 'status' | 'headers'> & { text(): Promise<string> }>;

export type Server = {
  /** Scheme, host and port, without a slash at the end. */
  readonly host: string;
  readonly key: Sensitive | undefined;
  readonly fetch: Fetch;
  /** Unique for ever: the server answers the same key with the same answer. */
  newIdempotencyKey(): string;
  wait(ms: number): Promise<void>;
};

/** For one try, its whole answer included. */
const ANSWER_MS_MAX = 15_000;
const TRIES = 3;
const BETWEEN_TRIES_MS = 200;
/** What a person waits for without being told; a longer `Retry-After` is theirs to decide. */
const RETRY_AFTER_SECONDS_MAX = 2;

/**
 * Carries operations out across HTTP. What only looks is asked again when its answer was lost or the server was out for
 * the moment, whoever says so; what changes something only where the row is `replayable`, under one key for all tries.
 */
export function invokeOver(server: Server): Invoke {
  return async (id, input) => {
    const row: Operation = OPERATIONS[id];
    const request = withKey(server, row, requestOf(server.host, server.key, row, input as Record<string, unknown>));
    const outcomes = await asked(server, row, request, isSafe(row) ? TRIES : 1);
    const last = outcomes.at(-1);
    if (!(last instanceof Failure)) return last as never; // the one cast: the row's own schema has parsed it
    throw row.effect !== 'reads' && outcomes.some(isOpen) ? perhapsDone(last) : last;
  };
}

const isSafe = ({ effect, replayable }: Operation): boolean => effect === 'reads' || replayable === true;

function withKey(server: Server, { replayable }: Operation, request: Request): Request {
  if (replayable !== true) return request;
  return { ...request, headers: { ...request.headers, 'idempotency-key': server.newIdempotencyKey() } };
}

/** What came of each try: the output, or why there is none. */
async function asked(server: Server, row: Operation, request: Request, tries: number): Promise<readonly unknown[]> {
  const outcome = await askedOnce(server, row, request);
  const waitMs = tries > 1 && outcome instanceof Failure ? waitFor(outcome) : undefined;
  if (waitMs === undefined) return [outcome];
  await server.wait(waitMs);
  return [outcome, ...(await asked(server, row, request, tries - 1))];
}

/** How long until it is asked again; undefined where that would not help. */
function waitFor({ isPassing, retryAfterSeconds: seconds = 0 }: Failure): number | undefined {
  if (!isPassing || seconds > RETRY_AFTER_SECONDS_MAX) return undefined;
  return Math.max(seconds * 1000, BETWEEN_TRIES_MS);
}

async function askedOnce(server: Server, row: Operation, request: Request): Promise<unknown> {
  const { fetch, host } = server;
  const { url, method, headers, body } = request;
  try {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const answer = await fetch(url, { method, headers, body: body ?? null, redirect: 'manual', signal });
    return outputOf(row, { status: answer.status, headers: answer.headers, text: await answer.text() }, host);
  } catch (error) {
    return error instanceof Failure ? error : failureOf(error, host);
  }
}

const isOpen = (outcome: unknown): boolean => outcome instanceof Failure && outcome.reach === 'perhaps';

/** What was sent may have arrived with one of the tries, whatever became of the last. */
function perhapsDone(last: Failure): Failure {
  const words = `${last.message} It may have been done or not: look before you ask again.`;
  return new Failure(last.code, words, { ...last, reach: 'perhaps' });
}
