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
 * the moment; what changes something only where the row is `replayable`, under one key for all tries.
 */
export function invokeOver(server: Server): Invoke {
  return async (id, input) => {
    const row: Operation = OPERATIONS[id];
    const request = withKey(server, row, requestOf(server.host, server.key, row, input as Record<string, unknown>));
    const answer = await answered(server, request, isSafe(row) ? TRIES : 1);
    if (answer instanceof Failure) throw row.effect === 'reads' ? answer : perhapsDone(answer);
    return outputOf(row, answer, server.host) as never; // the one cast: the row's own schema has parsed it
  };
}

const isSafe = ({ effect, replayable }: Operation): boolean => effect === 'reads' || replayable === true;

function withKey(server: Server, { replayable }: Operation, request: Request): Request {
  if (replayable !== true) return request;
  return { ...request, headers: { ...request.headers, 'idempotency-key': server.newIdempotencyKey() } };
}

async function answered(server: Server, request: Request, tries: number): Promise<Answer | Failure> {
  const answer = await askedOnce(server, request);
  const waitMs = tries > 1 ? waitFor(answer) : undefined;
  if (waitMs === undefined) return answer;
  await server.wait(waitMs);
  return answered(server, request, tries - 1);
}

/** How long until it is asked again; undefined where that would not help. */
function waitFor(answer: Answer | Failure): number | undefined {
  if (answer instanceof Failure) return answer.code === 'answer_lost' ? BETWEEN_TRIES_MS : undefined;
  if (answer.status !== 503) return undefined;
  const seconds = Number(answer.headers.get('retry-after') ?? 0);
  return seconds <= RETRY_AFTER_SECONDS_MAX ? Math.max(seconds * 1000, BETWEEN_TRIES_MS) : undefined;
}

async function askedOnce({ fetch, host }: Server, { url, method, headers, body }: Request): Promise<Answer | Failure> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const answer = await fetch(url, { method, headers, body: body ?? null, redirect: 'manual', signal });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  } catch (error) {
    return failureOf(error, host);
  }
}

/** What was sent may have arrived, though no answer did. */
function perhapsDone(failure: Failure): Failure {
  if (failure.code !== 'answer_lost' && failure.code !== 'no_answer') return failure;
  return new Failure(failure.code, `${failure.message} It may have been done or not: look before you ask again.`);
}
