import { ERROR_CODES, type ErrorCode } from '#domain/refusal.ts';
import { STATUS } from './errors.ts';
import { IF_MATCH } from './if-match.ts';
import type { Operation } from './operation.ts';

type Refused = {
  readonly when: string;
  /** Which rows can answer so. */
  readonly by: (row: Operation) => boolean;
  readonly headers?: Readonly<Record<string, string>>;
};

const byAny = () => true;
const byCaller = ({ access }: Operation) => access === 'caller';
const RETRY_AFTER = { 'Retry-After': 'Seconds to wait.' };

/** A code that is missing here does not compile. */
const REFUSED: Readonly<Record<ErrorCode, Refused>> = {
  invalid_request: {
    when: 'Something in the request is missing, of the wrong kind or not allowed together.',
    by: byAny,
  },
  unauthenticated: {
    when: 'There is no credential, or it is not good.',
    by: byCaller,
    headers: { 'WWW-Authenticate': 'The challenge (RFC 6750).' },
  },
  forbidden: {
    when: 'The credential is good and its principal may not do this.',
    by: (row) => row.access === 'caller' && row.existence === 'tell' && row.action !== 'self',
  },
  not_found: {
    when: 'There is nothing of that id or name that this caller may know of.',
    by: (row) => row.access === 'caller' && row.absence !== undefined,
  },
  method_not_allowed: { when: 'The path is there, and not by this method.', by: () => false }, // a row has its method
  request_timeout: { when: 'The request did not arrive in time.', by: byAny },
  conflict: { when: 'A name is taken, or it is there already.', by: ({ effect }) => effect !== 'reads' },
  precondition_failed: {
    when: 'It was changed since the version that `If-Match` names.',
    by: ({ input }) => input.header !== undefined && IF_MATCH in input.header.shape,
  },
  too_large: { when: 'The body is over its limit.', by: byAny },
  unsupported_media_type: { when: 'A body that is not `application/json`.', by: byAny },
  misdirected: { when: 'No tenant has the address that was asked at.', by: ({ addressed }) => addressed === true },
  unprocessable: {
    when: 'Well formed, and not something that this server can do.',
    by: (row) => byCaller(row) && Object.keys(row.input).length > 0,
  },
  rate_limited: { when: 'Too many requests.', by: byAny, headers: RETRY_AFTER },
  headers_too_large: { when: 'URL and headers together are over 16 KiB.', by: byAny },
  internal: { when: 'A fault of ours; the log has it under the request id.', by: byAny },
  unavailable: { when: 'An outage, no matter of the credential.', by: byAny, headers: RETRY_AFTER },
};

/** Every code that a row can answer with. */
export const answersOf = (row: Operation): readonly ErrorCode[] => ERROR_CODES.filter((code) => REFUSED[code].by(row));

/** One for each code, all of the one shape. */
export const RESPONSES = Object.fromEntries(
  ERROR_CODES.map((code) => {
    const { when, headers = {} } = REFUSED[code];
    const told = Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: { type: 'string' } },
    ]);
    const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
    return [code, { description: `${STATUS[code]} ${code}: ${when}`, content, headers: Object.fromEntries(told) }];
  }),
);
