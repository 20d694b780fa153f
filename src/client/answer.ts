import { type ErrorBody, errorBody } from '#contract/errors.ts';
import type { Operation } from '#contract/operation.ts';
import { Failure } from './failure.ts';

export type Answer = {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly text: string;
};

/** What the row says comes back, or the Failure that the answer tells of. */
export function outputOf(row: Operation, answer: Answer, host: string): unknown {
  if (answer.status < 200 || answer.status > 299) throw refusalIn(answer, host);
  const json = jsonIn(answer.text);
  const parsed = json === undefined ? undefined : parsedBy(row.output, json);
  if (parsed?.success) return parsed.data;
  const words = `${host} does not answer as a Countersign server does. See the address.`;
  throw new Failure('not_countersign', words, { reach: 'perhaps', isPassing: true });
}

/** A newer server may say more than this program knows of: what it does not know is left out, what is missing is not. */
function parsedBy(output: Operation['output'], json: unknown) {
  const parsed = output.safeParse(json);
  if (parsed.success || !parsed.error.issues.every(({ code }) => code === 'unrecognized_keys')) return parsed;
  for (const issue of parsed.error.issues) if (issue.code === 'unrecognized_keys') leaveOut(json, issue);
  return output.safeParse(json);
}

function leaveOut(
  json: unknown,
  { path, keys }: { readonly path: readonly PropertyKey[]; readonly keys: readonly string[] },
): void {
  let at = json as Record<PropertyKey, unknown>;
  for (const step of path) at = at[step] as typeof at;
  for (const key of keys) delete at[key];
}

/** What stands before a server answers with these where the server is down, or was too slow for it. */
const OUTAGES = new Set([502, 503, 504]);
const SERVER_ERROR = 500;

function refusalIn({ status, headers, text }: Answer, host: string): Failure {
  const said = errorBody.safeParse(jsonIn(text));
  const options = { requestId: headers.get('x-request-id') ?? undefined, retryAfterSeconds: secondsIn(headers) };
  if (said.success) return toldBy(said.data, options, saysWhen(headers));
  const outage = OUTAGES.has(status);
  const words = outage
    ? `${host} is not available (${status}). Your key is not the problem.`
    : strangerWords(status, headers, host);
  const how = status >= SERVER_ERROR ? ({ reach: 'perhaps', isPassing: saysWhen(headers) } as const) : {};
  return new Failure(outage ? 'unavailable' : 'not_countersign', words, { ...options, ...how });
}

/** The server's own words: it knows whether it has done anything. */
function toldBy({ code, message, details = [] }: ErrorBody, options: Partial<Failure>, saysWhen: boolean): Failure {
  const isPassing = code === 'unavailable' && saysWhen;
  return new Failure(code, message, { ...options, problems: details, reach: 'answered', isPassing });
}

/** Redirects are told, never followed: the key is for the host that was named. */
function strangerWords(status: number, headers: Answer['headers'], host: string): string {
  const to = headers.get('location');
  if (status < 400 && to !== null) return `${host} sends us on to ${to}. If that is the server, name it as the host.`;
  return `${host} answers ${status}, and not as a Countersign server does. See the address.`;
}

/** Of a wait that is a date, not seconds, nobody knows how long it is. */
const saysWhen = (headers: Answer['headers']): boolean =>
  headers.get('retry-after') === null || secondsIn(headers) !== undefined;

function secondsIn(headers: Answer['headers']): number | undefined {
  const given = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(given) ? Number(given) : undefined;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
