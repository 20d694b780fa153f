/** Every way this product says no. Codes are API: add freely, never rename. */
export const ERROR_CODES = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'request_timeout',
  'conflict',
  'precondition_failed',
  'too_large',
  'unsupported_media_type',
  'misdirected',
  'unprocessable',
  'rate_limited',
  'headers_too_large',
  'internal',
  'unavailable',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** One thing wrong with an input: where it stands, and what to do. Never the value itself. */
export type Problem = { readonly field: string; readonly problem: string };

type Options = {
  readonly detail?: string;
  readonly cause?: unknown;
  readonly problems?: readonly Problem[];
  readonly retryAfterSeconds?: number;
  readonly isExact?: boolean;
};

/**
 * An expected "no". `message` and `problems` are for the caller; `detail` and `cause` are for the log only.
 * Anything thrown that is not a Refusal is a bug.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly problems: readonly Problem[];
  /** How long to leave it alone; undefined where waiting does not help. */
  readonly retryAfterSeconds: number | undefined;
  /** Says more than an operation's own words for its code: they do not replace it. */
  readonly isExact: boolean;
  constructor(code: ErrorCode, message: string, options: Options = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.problems = options.problems ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.isExact = options.isExact ?? false;
  }
}

/** Something that we keep was changed past us, or put elsewhere: it is neither believed nor called absent. `what` is for the log. */
export const notOurs = (what: string, cause?: unknown): Refusal =>
  new Refusal('internal', 'Something went wrong on our side. Quote the request id when you report it.', {
    detail: `${what}: it was not written by this program, or was changed since`,
    cause,
  });
