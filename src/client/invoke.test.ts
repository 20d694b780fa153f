import { describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { ANSWER_TOO_LONG, type Failure } from './failure.ts';
import { type Fetch, invokeOver } from './invoke.ts';

const KEY = 'tfy_pat_of-nobody';
const TIMED_OUT = Object.assign(new Error('aborted'), { name: 'TimeoutError' });
const REFUSED = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
const NO_HTTP = Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID_CONSTANT' });
const TOO_LONG = Object.assign(new Error('too long'), { code: ANSWER_TOO_LONG });
const LOST = Object.assign(new Error('hang up'), { code: 'ECONNRESET' });

type Asked = { readonly url: string } & Parameters<Fetch>[1];

/** A network where each thing happens in its turn, the last of them for ever; what was asked; how long was waited. */
function network(
  ...happenings: readonly (Error | { status: number; body?: unknown; headers?: Record<string, string> })[]
) {
  const asked: Asked[] = [];
  const waits: number[] = [];
  const fetch: Fetch = async (url, init) => {
    const happens = happenings[Math.min(asked.length, happenings.length - 1)];
    asked.push({ url, ...init });
    if (happens === undefined || happens instanceof Error) throw happens;
    const { status, headers = {}, body = {} } = happens;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return { status, headers: { get: (name) => headers[name] ?? null }, text: async () => text };
  };
  let keys = 0;
  const invoke = invokeOver({
    host: 'https://example.com',
    key: new Sensitive(KEY),
    fetch,
    newIdempotencyKey: () => `key-${++keys}`,
    wait: async (ms) => void waits.push(ms),
  });
  return { invoke, asked, waits };
}

describe('a request', () => {
  test('holds each value in the place that its row gives it, and the key in a header alone', async () => {
    const { invoke, asked } = network(REFUSED);
    await expect(invoke('ownRevokeToken', { id: 'a/b?c', reason: 'leaked' })).rejects.toThrow();
    await expect(invoke('ownListTokens', { name: 'a&b', limit: 10 })).rejects.toThrow();
    expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', 'https://example.com/api/v1/tokens/a%2Fb%3Fc/revoke', '{"reason":"leaked"}'],
      ['GET', 'https://example.com/api/v1/tokens?limit=10&name=a%26b', null],
    ]);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${KEY}`, `Bearer ${KEY}`]);
    expect(JSON.stringify(asked.map(({ headers: _, ...rest }) => rest))).not.toContain(KEY);
  });

  test('holds a header where its row names one, and nowhere else', async () => {
    const { invoke, asked } = network(REFUSED);
    await expect(invoke('ownPutAccount', { id: 'a', 'If-Match': '"3"', name: 'ci-gateway' })).rejects.toThrow();
    expect(asked.map(({ url, body, headers }) => [url, body, headers['If-Match']])).toEqual([
      ['https://example.com/api/v1/virtual-accounts/a', '{"name":"ci-gateway"}', '"3"'],
    ]);
  });

  test.each(['', '.', '..'])('for the id "%s", which a URL takes for a step, is never sent', async (id) => {
    const { invoke, asked } = network({ status: 200 });
    await expect(invoke('ownRevokeToken', { id })).rejects.toMatchObject({ code: 'not_found' });
    expect(asked).toEqual([]);
  });

  test('follows no redirect', async () => {
    const { invoke, asked } = network({ status: 307, headers: { location: 'https://elsewhere.example/' } });
    await expect(invoke('ownWhoami', {})).rejects.toMatchObject({ code: 'not_countersign' });
    expect(asked.map(({ redirect }) => redirect)).toEqual(['manual']);
  });
});

const CREATE = ['ownCreateToken', { name: 'one' }] as const;
const RENAME = ['ownRenameToken', { id: 'a', name: 'one' }] as const;
const LOOK = ['ownWhoami', {}] as const;
const PAGE = (status: number) => ({ status, body: '<h1>Gateway</h1>' });
/** The server's own words. */
const OWN = { status: 503, body: { statusCode: 503, code: 'unavailable', message: 'Not now.' } };
const OUT = (wait?: string) => ({ status: 503, headers: wait === undefined ? {} : { 'retry-after': wait } });

test.each([
  { what: 'a look whose answer was lost', does: LOOK, happens: LOST, times: 3, code: 'answer_lost' },
  { what: 'a create whose answer was lost', does: CREATE, happens: LOST, times: 3, code: 'answer_lost' },
  { what: 'a rename whose answer was lost', does: RENAME, happens: LOST, times: 1, code: 'answer_lost' },
  { what: 'a look at a server that is out', does: LOOK, happens: OUT('1'), times: 3, code: 'unavailable' },
  { what: 'a create at a server that is out', does: CREATE, happens: OUT(), times: 3, code: 'unavailable' },
  { what: 'a rename at a server that is out', does: RENAME, happens: OUT('1'), times: 1, code: 'unavailable' },
  { what: 'a look at a server that is out for long', does: LOOK, happens: OUT('60'), times: 1, code: 'unavailable' },
  {
    what: 'a look at a server whose wait is no number',
    does: LOOK,
    happens: OUT('soon'),
    times: 1,
    code: 'unavailable',
  },
  { what: 'a create that a gateway gave up on', does: CREATE, happens: PAGE(504), times: 3, code: 'unavailable' },
  { what: 'a create behind a bad gateway', does: CREATE, happens: PAGE(502), times: 3, code: 'unavailable' },
  { what: 'a create behind an unknown error', does: CREATE, happens: PAGE(520), times: 3, code: 'not_countersign' },
  { what: 'a create answered by a page', does: CREATE, happens: PAGE(200), times: 3, code: 'not_countersign' },
  { what: 'a create answered by noise', does: CREATE, happens: NO_HTTP, times: 3, code: 'not_countersign' },
  { what: 'a look answered by a page', does: LOOK, happens: PAGE(200), times: 3, code: 'not_countersign' },
  { what: 'a look at a page that is not there', does: LOOK, happens: PAGE(404), times: 1, code: 'not_countersign' },
  { what: 'a look whose answer has no end', does: LOOK, happens: TOO_LONG, times: 1, code: 'not_countersign' },
  { what: 'a rename that a gateway gave up on', does: RENAME, happens: PAGE(504), times: 1, code: 'unavailable' },
  { what: 'a rename answered by a page', does: RENAME, happens: PAGE(200), times: 1, code: 'not_countersign' },
  { what: 'a look that takes too long', does: LOOK, happens: TIMED_OUT, times: 1, code: 'no_answer' },
  { what: 'a look where nothing listens', does: LOOK, happens: REFUSED, times: 1, code: 'unreachable' },
])('$what is asked $times times, and ends as $code', async ({ does: [id, input], happens, times, code }) => {
  const { invoke, asked, waits } = network(happens);
  await expect(invoke(id, input as never)).rejects.toMatchObject({ code });
  expect([asked.length, waits.length]).toEqual([times, times - 1]);
});

test('a create has one key for all its tries, and another the next time', async () => {
  const { invoke, asked } = network(LOST);
  for (const _ of [1, 2]) await expect(invoke('ownCreateToken', { name: 'one' })).rejects.toThrow();
  const keys = asked.map(({ headers }) => headers['idempotency-key']);
  expect(keys).toEqual(['key-1', 'key-1', 'key-1', 'key-2', 'key-2', 'key-2']);
});

test.each([
  { what: 'a rename whose answer was lost', does: RENAME, happens: [LOST], perhaps: true },
  { what: 'a rename that takes too long', does: RENAME, happens: [TIMED_OUT], perhaps: true },
  { what: 'a rename that a gateway gave up on', does: RENAME, happens: [PAGE(504)], perhaps: true },
  { what: 'a rename behind a bad gateway', does: RENAME, happens: [PAGE(502)], perhaps: true },
  { what: 'a rename behind an unknown error', does: RENAME, happens: [PAGE(520)], perhaps: true },
  { what: 'a rename answered by a page', does: RENAME, happens: [PAGE(200)], perhaps: true },
  { what: 'a rename answered by noise', does: RENAME, happens: [NO_HTTP], perhaps: true },
  { what: 'a rename that the server itself refuses', does: RENAME, happens: [OWN], perhaps: false },
  { what: 'a rename sent to a page that is not there', does: RENAME, happens: [PAGE(404)], perhaps: false },
  { what: 'a rename where nothing listens', does: RENAME, happens: [REFUSED], perhaps: false },
  { what: 'a create lost once and then refused', does: CREATE, happens: [LOST, OWN], perhaps: true },
  { what: 'a create lost once where then nothing listens', does: CREATE, happens: [PAGE(504), REFUSED], perhaps: true },
  { what: 'a create that the server itself refuses', does: CREATE, happens: [OWN], perhaps: false },
  { what: 'a look whose answer was lost', does: LOOK, happens: [LOST], perhaps: false },
  { what: 'a look that a gateway gave up on', does: LOOK, happens: [PAGE(504)], perhaps: false },
])('$what says that it may have been done: $perhaps', async ({ does: [id, input], happens, perhaps }) => {
  const failure: Failure = await network(...happens)
    .invoke(id, input as never)
    .catch((error) => error);
  expect(failure.message.includes('may have been done')).toBe(perhaps);
  if (perhaps) expect(failure.reach).toBe('perhaps');
});

test('a message has one mark at its end', async () => {
  for (const happens of [LOST, NO_HTTP, REFUSED, TIMED_OUT, TOO_LONG, new Error('EPROTO')]) {
    const failure: Failure = await network(happens)
      .invoke('ownWhoami', {})
      .catch((error) => error);
    expect(failure.message).toMatch(/[^.?][.?]$/);
  }
});

test('what is thrown quotes nothing of what was sent, whatever the runtime says', async () => {
  const { invoke } = network(new TypeError(`"Bearer ${KEY}" is an invalid header value.`));
  const failure = await invoke('ownWhoami', {}).catch((error) => error);
  expect(JSON.stringify([failure.message, failure.stack, failure.cause ?? null])).not.toContain(KEY);
});
