import * as z from 'zod';
import { ERROR_CODES, type ErrorCode, type Refusal } from '#domain/refusal.ts';

/** A new code without a status is a type error here, not a 500 in production. */
export const STATUS = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media_type: 415,
  misdirected: 421,
  unprocessable: 422,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
} as const satisfies Record<ErrorCode, number>;

/**
 * The one shape of every answer that is not 2xx. `message` is always a single string that says all a person needs:
 * the public command line shows nothing else. `details` names the fields at fault.
 */
export const errorBody = z.object({
  statusCode: z.int(),
  message: z.string(),
  code: z.enum(ERROR_CODES),
  details: z.array(z.object({ field: z.string(), problem: z.string() })).optional(),
});
export type ErrorBody = z.infer<typeof errorBody>;

export const errorBodyOf = ({ code, message, problems }: Refusal): ErrorBody => ({
  ...{ statusCode: STATUS[code], message, code },
  ...(problems.length > 0 ? { details: [...problems] } : {}),
});
