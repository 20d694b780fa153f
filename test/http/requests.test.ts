import { beforeEach, describe, expect, test } from 'vitest';
import { parsedInput } from '#api/input.ts';
import { ENTRANCES } from '#contract/entrances.ts';
import { errorBody, STATUS } from '#contract/errors.ts';
import { OPERATION_IDS, OPERATIONS, type OperationId } from '#contract/operations.ts';
import type { Caller } from '#domain/caller.ts';
import { ERROR_CODES } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseQuery } from '#http/query.ts';
import { type Answer, JSON_TYPE, openWorld, type Sent, type World } from '#support/world.ts';
import { ENTRANCE_IDS, entryFor, type Kind, MATRIX, requestFor } from '../authz/matrix.ts';
import { teamOf } from '../authz/things.ts';
import { PATS, PROVOKED, post } from './provoked.ts';
import { exchanged } from './raw-socket.ts';
import { MANIFEST_FIELDS, NO_KEYS, required, row } from './rows.ts';

const WORKSPACES = '/api/svc/v1/workspaces';

let world: World;
let token: Sensitive;
let admin: Caller;
beforeEach(async () => {
  world = await openWorld();
  ({ token, caller: admin } = await world.person('admin', 'tenant-admin'));
});
const send = (sent: Sent): Promise<Answer> => world.send({ token, ...sent });

test('every answer has an id of its own, is kept by no cache and never guessed at', async () => {
  const asked: readonly (Sent & { what: string })[] = [
    ...OPERATION_IDS.map((id) => ({ what: id, ...requestFor(id) })),
    ...OPERATION_IDS.map((id) => ({ what: `${id}, by nobody`, ...requestFor(id), token: undefined })),
    ...ENTRANCE_IDS.map((id) => ({ what: id, ...entryFor(id, NO_KEYS) })),
    { what: 'nothing', method: 'GET', path: '/nowhere' },
    { what: 'a bad path', method: 'GET', path: '/api/%zz' },
    { what: 'a bad path parameter', method: 'GET', path: `${PATS}/%ff` },
    { what: 'a bad query', method: 'GET', path: `${PATS}?limit=%zz` },
    { what: 'another type', method: 'POST', path: PATS, headers: { 'content-type': 'text/xml' }, body: '<a/>' },
    { what: 'too large a body', ...post(PATS, { name: 'x'.repeat(70_000) }) },
  ];
  const ids = new Set();
  for (const { what, ...sent } of asked) {
    const { headers } = await send(sent);
    expect({ what, headers }).toMatchObject({ what, headers: ON_EVERY_ANSWER });
    ids.add(headers['x-request-id']);
  }
  expect(ids.size).toBe(asked.length);
});

test('so is what never became a request, or not one that Node would hand on', async () => {
  const asked = [
    { what: 'no HTTP at all', bytes: 'hello\r\n\r\n', status: 400 },
    { what: 'another version', bytes: 'GET /health HTTP/9.9\r\nhost: x\r\n\r\n', status: 400 },
    { what: 'no Host', bytes: 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n', status: 400 },
    { what: 'no Host where none is needed', bytes: 'GET /health HTTP/1.0\r\n\r\n', status: 200 },
    {
      what: 'an expectation that nobody has',
      bytes: 'GET /health HTTP/1.1\r\nhost: x\r\nexpect: cake\r\nconnection: close\r\n\r\n',
      status: 200,
    },
    {
      what: 'headers without end',
      bytes: `GET / HTTP/1.1\r\nhost: x\r\na: ${'a'.repeat(17_000)}\r\n\r\n`,
      status: 431,
    },
    { what: 'a URL without end', bytes: `GET /${'a'.repeat(17_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, status: 431 },
    {
      what: 'two lengths',
      bytes: `POST ${PATS} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}`,
      status: 400,
    },
  ];
  for (const { what, bytes, status } of asked) {
    const answer = await exchanged(world.origin, bytes);
    expect({ what, ...answer }).toMatchObject({ what, status, headers: ON_EVERY_ANSWER });
    if (status >= 400) expect(JSON.parse(answer.text)).toMatchObject({ statusCode: status });
  }
});

const ON_EVERY_ANSWER = {
  'x-request-id': expect.stringMatching(/^[\w-]+-\d+$/),
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

test.each(ERROR_CODES.map((code) => ({ code, status: STATUS[code] })))(
  '$code is a $status in the one shape',
  async ({ code, status }) => {
    const answer = await PROVOKED[code]();
    expect(answer).toMatchObject({
      status,
      headers: { ...ON_EVERY_ANSWER, 'content-type': 'application/json; charset=utf-8' },
    });
    const body = JSON.parse(answer.text);
    expect(body).toEqual(errorBody.strict().parse(body));
    expect(body).toMatchObject({ statusCode: status, code });
    expect(body.message).toMatch(/^.{10,}[.]$/s);
    const waits = code === 'rate_limited' || code === 'unavailable';
    expect(answer.headers['retry-after']).toEqual(waits ? expect.stringMatching(/^[1-9]\d*$/) : undefined);
  },
);

const CALLER_IDS = OPERATION_IDS.filter((id) => row(id).access === 'caller');

test.each(CALLER_IDS)('%s reads no body of a stranger, and challenges them', async (id) => {
  const answer = await world.send({ ...requestFor(id), headers: JSON_TYPE, body: 'not json' });
  expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
});

test.each(CALLER_IDS)('%s takes the scheme word in any case', async (id) => {
  const statuses = [];
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) {
    const headers = { ...JSON_TYPE, authorization: `${scheme} ${token.reveal()}` };
    statuses.push((await world.send({ ...requestFor(id), headers, body: 'not json' })).status);
  }
  expect(new Set(statuses).size).toBe(1);
  expect(statuses).not.toContain(401);
});

test.each(['Basic', 'Token', 'Bearertoken', ''])('the scheme %j is none that is known', async (scheme) => {
  const authorization = `${scheme} ${token.reveal()}`.trim();
  expect((await world.send({ method: 'GET', path: PATS, headers: { authorization } })).status).toBe(401);
});

/** On what is not there. */
const ABSENT: readonly OperationId[] = ['wireGetCluster', 'wireLookUpFqn', 'ownWhy'];
const BY_ID: readonly Kind[] = ['token', 'userId', 'team', 'role', 'binding', 'account', 'accountValue', 'provider'];

/** What an administrator’s good request is answered, on an id that nobody has. */
function answered(id: OperationId): number {
  const { refused, bodiless } = row(id);
  if (refused !== undefined) return STATUS[refused];
  if (MANIFEST_FIELDS[id] !== undefined && bodiless === undefined) return 400;
  return BY_ID.includes(MATRIX[id].of) || ABSENT.includes(id) ? 404 : 200;
}

describe('an empty body is no mistake', () => {
  const missing = (id: OperationId) =>
    required(row(id)).map((name) => `${name} (?:is missing; give an? [a-z]+|must be "[^;]+)`);
  test.each(
    OPERATION_IDS.flatMap((id) => [
      { id, kind: 'with a JSON type', headers: JSON_TYPE, body: '' },
      { id, kind: 'with a JSON type and a charset', headers: { 'content-type': 'application/json; charset=utf-8' } },
      { id, kind: 'without a type', headers: {} },
    ]),
  )('$id $kind', async ({ id, kind: _, ...sent }) => {
    const { method, path } = requestFor(id);
    const headers = { ...MATRIX[id].headers, ...sent.headers };
    const { status, text } = await send({ method, path, ...sent, headers });
    if (missing(id).length === 0) expect(status).toBe(answered(id));
    else
      expect({ status, message: JSON.parse(text).message }).toEqual({
        status: 400,
        message: expect.stringMatching(new RegExp(`^${missing(id).join('; ')}\\.$`)),
      });
  });
});

test('a DELETE has a body like any other', async () => {
  await world.user('bob', 'tenant-member');
  const sent = { method: 'DELETE', path: `${PATS}/revoke/all`, headers: JSON_TYPE };
  expect((await send({ ...sent, body: '{"email":"bob@example.com"}' })).text).toBe('{}');
  expect((await send({ ...sent, body: '{' })).status).toBe(400);
});

test.each([
  { what: 'repeated', query: 'attributes=id&attributes=name', expected: ['id', 'name'] },
  { what: 'joined by commas', query: 'attributes=id%2Cname', expected: ['id', 'name'] },
  { what: 'joined by bare commas', query: 'attributes=id,name', expected: ['id', 'name'] },
  { what: 'mixed', query: 'attributes=id%2Cname&attributes=fqn', expected: ['id', 'name', 'fqn'] },
  { what: 'alone', query: 'attributes=id', expected: ['id'] },
])('an array $what in a query is one list', async ({ query, expected }) => {
  const { input } = OPERATIONS.wireListWorkspaces;
  expect(parsedInput(input, { query: parseQuery(query) }, 'wire')).toMatchObject({ attributes: expected });
  expect((await send({ method: 'GET', path: `${WORKSPACES}?${query}` })).status).toBe(200);
});

test('a plus in a query is a space, and one that is escaped is a plus', () => {
  const parsed = parseQuery('name=a+b%2Bc&&fqn=d=e&attributes');
  expect({ ...parsed }).toEqual({ name: 'a b+c', fqn: 'd=e', attributes: '' });
});

const PAGED = OPERATION_IDS.filter((id) => 'limit' in (row(id).input.query?.shape ?? {}));
const PAGES: readonly { query: string; page: object | 'refused' }[] = [
  { query: '', page: { offset: 0, limit: 100 } },
  { query: 'limit=1', page: { offset: 0, limit: 1 } },
  { query: 'limit=1000&offset=0', page: { offset: 0, limit: 1000 } },
  { query: 'limit=007', page: { offset: 0, limit: 7 } },
  { query: 'offset=5', page: { offset: 5, limit: 100 } },
  { query: 'offset=9007199254740991', page: { offset: Number.MAX_SAFE_INTEGER, limit: 100 } },
  ...['0', '1001', '5000', 'NaN', '', '1e3', '-1', '1.5', '0x10', ' 1', '1 ', '٣', 'null', '99999999999999999999'].map(
    (limit) => ({ query: `limit=${encodeURIComponent(limit)}`, page: 'refused' as const }),
  ),
  { query: 'limit=1&limit=1', page: 'refused' },
  { query: 'limit', page: 'refused' },
  ...['-1', '', '1.5', 'NaN', '9007199254740992', '1e1'].map((offset) => ({
    query: `offset=${offset}`,
    page: 'refused' as const,
  })),
];

/** On a team that is there, where it is on one. */
async function pageOf(id: OperationId, query: string): Promise<Answer> {
  made += 1;
  const team = MATRIX[id].of === 'team' ? (await teamOf(world, admin, `t${made}`)).id : undefined;
  const { path } = requestFor(id, team);
  return send({ method: 'GET', path: `${path}${path.includes('?') ? '&' : '?'}${query}` });
}
let made = 0;

test.each(PAGED)('%s refuses a page it cannot give, and never gives another', async (id) => {
  const given = [];
  for (const { query } of PAGES) {
    const { status, text } = await pageOf(id, query);
    const { pagination, details } = JSON.parse(text);
    const { total: _, ...page } = pagination ?? {};
    const [field] = query.split('=');
    given.push({ query, page: status === 400 && details[0].field === field ? 'refused' : page });
  }
  expect(given).toEqual(PAGES);
});

test.each(PAGED)('%s answers a page past the end, and says how much there is', async (id) => {
  const { status, text } = await pageOf(id, 'offset=1000000');
  const { data, pagination } = JSON.parse(text);
  expect({ status, data, offset: pagination.offset, total: typeof pagination.total }).toEqual({
    ...{ status: 200, data: [], offset: 1_000_000, total: 'number' },
  });
});

describe('a path parameter is decoded once, and never splits a path', () => {
  const named = async (name: string) => {
    const { status, text } = await send({ method: 'GET', path: `${PATS}/${name}` });
    return status === 200 ? JSON.parse(text).data.name : status;
  };
  test.each([
    { path: '%64eploy', expected: 'deploy' },
    { path: 'de%70loy', expected: 'deploy' },
    { path: 'deploy%2D1', expected: 'deploy-1' },
    { path: '%2564eploy', expected: 400 }, // twice decoded it would be a name
    { path: 'dep%2Floy', expected: 400 },
    { path: 'dep%3Aloy', expected: 400 },
    { path: 'dep%20loy', expected: 400 },
    { path: 'dep+loy', expected: 400 },
    { path: 'deploy%00', expected: 400 },
    { path: 'revoke%2Fall', expected: 400 },
    { path: 'dep/loy', expected: 404 },
    { path: '%ff', expected: 400 },
    { path: '%zz', expected: 400 },
    { path: '%', expected: 400 },
    { path: '%E2%82', expected: 400 },
    { path: 'x'.repeat(5_000), expected: 400 },
    { path: '%2F'.repeat(5_000), expected: 400 },
  ])('$path', async ({ path, expected }) => expect(await named(path)).toBe(expected));

  test.each([`${'x'.repeat(5_000)}`, '%2F'.repeat(1_700), 'a%3Ab%20c', '%2E%2E%2Fx', '..%2f..', 'revoke%2Fall'])(
    'an id like %s is absent, as any other',
    async (id) => {
      const absent = await send({ method: 'DELETE', path: `${PATS}/a00000000000000000000000` });
      const answer = await send({ method: 'DELETE', path: `${PATS}/${id}` });
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 404, text: absent.text });
    },
  );
});

describe('what is not validly encoded is refused, never replaced', () => {
  const name = (bytes: string) => Buffer.from(`{"name":"${bytes}"}`, 'latin1');
  test.each<Sent & { what: string; says: string }>([
    { what: 'a body of bytes that are no UTF-8', ...post(PATS, {}), body: name('ab\xff'), says: 'JSON in UTF-8' },
    { what: 'a body cut within a character', ...post(PATS, {}), body: name('ab\xe2\x82'), says: 'JSON in UTF-8' },
    {
      what: 'a body with half a surrogate in UTF-8',
      ...post(PATS, {}),
      body: name('\xed\xa0\x80'),
      says: 'JSON in UTF-8',
    },
    { what: '%ff in a path', method: 'GET', path: `${PATS}/%ff`, says: '% escapes' },
    { what: '%ff in a query', method: 'GET', path: `${PATS}?nameSearchQuery=%ff`, says: '% escapes' },
    { what: '%zz in a query', method: 'GET', path: `${PATS}?nameSearchQuery=%zz`, says: '% escapes' },
    { what: 'a lone % in a query', method: 'GET', path: `${PATS}?nameSearchQuery=100%`, says: '% escapes' },
    {
      what: 'a bad escape in the name of what nobody asks for',
      method: 'GET',
      path: `${PATS}?%ff=1`,
      says: '% escapes',
    },
  ])('$what', async ({ what: _, says, ...sent }) => {
    const { status, text } = await send(sent);
    expect({ status, message: JSON.parse(text).message }).toEqual({
      status: 400,
      message: expect.stringContaining(says),
    });
  });

  test.each(OPERATION_IDS.filter((id) => row(id).access === 'public'))('a bad query of %s, too', async (id) => {
    expect((await send({ ...requestFor(id), path: `${row(id).path}?hostName=%ff` })).status).toBe(400);
  });
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonx',
  'x',
])('a body of type %s is a 415 for every operation that takes one, and for every entrance', async (type) => {
  const takers = [
    ...OPERATION_IDS.filter((id) => row(id).input.body).map((id) => requestFor(id)),
    ...ENTRANCE_IDS.filter((id) => 'body' in ENTRANCES[id]).map((id) => entryFor(id, NO_KEYS)),
  ];
  const browser = await world.browserOf(await world.user('bob', 'tenant-member'));
  for (const { headers, ...taker } of takers) {
    const answer = await send({ ...taker, headers: { ...headers, ...browser, 'content-type': type } });
    expect({ path: taker.path, status: answer.status }).toEqual({ path: taker.path, status: 415 });
  }
});

test('a type without a body says nothing: some clients send one on every request', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
    const headers = { 'content-type': type };
    const absent = { method: 'DELETE', path: '/api/svc/v1/personal-access-tokens/absent', headers };
    expect({ type, status: (await send(absent)).status }).toEqual({ type, status: 404 });
    expect({ type, status: (await send({ ...absent, body: '' })).status }).toEqual({ type, status: 404 });
  }
});

test('a tunnel is refused in the one shape', async () => {
  const { status, headers, text } = await exchanged(
    world.origin,
    'CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n',
  );
  expect({ status, body: JSON.parse(text) }).toMatchObject({
    status: 400,
    body: { statusCode: 400, code: 'invalid_request' },
  });
  expect(headers['x-request-id']).toEqual(expect.any(String));
});

test('a name that is given thousands of times is one list, in order', () => {
  const given = parseQuery(Array.from({ length: 5_000 }, (_, n) => `a=${n}`).join('&'));
  expect(given).toEqual(Object.assign(Object.create(null), { a: Array.from({ length: 5_000 }, (_, n) => String(n)) }));
});
