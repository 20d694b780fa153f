import { Failure, type LostCode } from '#client/failure.ts';
import { type ErrorCode, Refusal } from '#domain/refusal.ts';

/** What a script can tell apart. `unanswered`: nothing was learned, not of the key either; later it may be otherwise. */
export const EXIT = { done: 0, refused: 1, usage: 2, unanswered: 3 } as const;

const UNANSWERED: ReadonlySet<ErrorCode | LostCode> = new Set([
  ...(['unreachable', 'tls_not_trusted', 'not_countersign', 'no_answer', 'answer_lost'] as const),
  ...(['unavailable', 'internal', 'request_timeout', 'rate_limited'] as const),
]);

/** Our own `invalid_request` is about the words of the command; a server's is about what they ask for. */
export function exitOf(error: Failure | Refusal): number {
  if (error instanceof Failure) return UNANSWERED.has(error.code) ? EXIT.unanswered : EXIT.refused;
  return error.code === 'invalid_request' ? EXIT.usage : EXIT.refused;
}

export const misunderstood = (message: string): Refusal => new Refusal('invalid_request', message);
export const refused = (message: string): Refusal => new Refusal('conflict', message);

/** An error as JSON; what is not known is left out. The codes of ours: `usage` and `refused`. */
export const shapeOf = (error: Failure | Refusal) => ({
  code: error instanceof Failure ? error.code : error.code === 'invalid_request' ? 'usage' : 'refused',
  message: error.message,
  requestId: error instanceof Failure ? error.requestId : undefined,
  retryAfterSeconds: error.retryAfterSeconds,
  details: error.problems.length === 0 ? undefined : error.problems,
});
