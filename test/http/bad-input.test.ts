import { once } from 'node:events';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { ENTRANCES } from '#contract/entrances.ts';
import type { Operation } from '#contract/operation.ts';
import { OPERATION_IDS, OPERATIONS } from '#contract/operations.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { type Answer, JSON_TYPE, openWorld, type Sent, type World } from '#support/world.ts';
import { ENTRANCE_IDS, entryFor, requestFor } from '../authz/matrix.ts';
import { FROM_HERE, PATS, post } from './provoked.ts';
import { answerIn, exchanged, rawSocket, saidOn } from './raw-socket.ts';

let world: World;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  ({ token } = await world.person('admin', 'tenant-admin'));
});
const send = (sent: Sent): Promise<Answer> => world.send({ token, ...sent });

const DEEP = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;

/** What nobody should send, as JSON: where a text is wanted, and where something else is. */
const VALUES: Readonly<Record<string, string>> = {
  'nothing at all': 'undefined',
  null: 'null',
  'a number': '7',
  'a fraction': '1.5e300',
  'a boolean': 'true',
  'a list': '["x"]',
  'an object': '{"a":1}',
  'a deep list': DEEP,
  'an empty text': '""',
  'a blank': '" "',
  'a number as text': '"7"',
  NUL: '"de\\u0000ploy"',
  'a control character': '"de\\u0007ploy"',
  'a line break': '"de\\nploy"',
  'half a surrogate': '"\\ud800"',
  'an emoji': '"😀😀😀"',
  'a mark that turns text around': '"\\u202edeploy"',
  'SQL that ends a text': `"x' or 1=1 --"`,
  'LIKE that finds all': '"%_%"',
  'the name of every object’s mould': '"__proto__"',
  'the name of a constructor': '"constructor"',
  'a text of 10 kB': `"${'x'.repeat(10_000)}"`,
};

/** What stands in the place of a body. */
const BODIES: Readonly<Record<string, string | Buffer>> = {
  'a list': '[]',
  'a text': '"x"',
  'a number': '7',
  null: 'null',
  'no JSON': 'name=deploy',
  'JSON that is cut': '{"name":"dep',
  'two values': '{}{}',
  'a comma too many': '{"name":"deploy",}',
  'a deep list': DEEP,
  'a deep list within': `{"name":"deploy","x":${DEEP}}`,
  'a mould': '{"__proto__":{"name":"deploy","email":"a@b"},"constructor":{"prototype":{}}}',
  'invalid UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
  'NUL bytes': Buffer.alloc(10),
  '100 kB': JSON.stringify({ name: 'x'.repeat(100_000) }),
  '1 MB': JSON.stringify({ name: 'x'.repeat(1_000_000) }),
};

const TABLES = ['personal_access_token', 'token', 'principal', 'role_grant', 'invitation', 'session', 'password'];
const remembered = () => TABLES.map((table) => world.rows(`select * from ${table}`));

/** One request with one thing wrong with it; refused or not, it leaves the program as it should. */
async function outcomeOf(sent: Sent): Promise<number> {
  const before = remembered();
  const { status, text } = await send(sent);
  expect(status, text).toBeLessThan(500);
  if (status < 400) return status;
  expect(remembered(), text).toEqual(before);
  const { message, details = [] } = JSON.parse(text);
  expect(message).toMatch(/^.{10,3500}$/s);
  for (const { problem } of details) expect(problem).toMatch(/^.{3,300}$/s);
  return status;
}

type Takers = readonly {
  readonly id: string;
  /** A good request; what it makes is another thing each time. */
  readonly sent: (time: number) => Sent;
  readonly body?: z.ZodObject;
  readonly query?: z.ZodObject;
}[];

const BOB = 'bob@example.com';
const WINDOW_MS = 15 * 60_000;

/** Everything that takes input, with a good request of its own. */
async function takers(): Promise<Takers> {
  const browser = await world.browserOf(await world.user('bob', 'tenant-member'));
  const keys = { email: BOB, password: 'no such password', code: 'no such code' };
  return [
    ...OPERATION_IDS.map((id) => {
      const on = (time: number) =>
        ({ wireCreatePat: `name-${time}`, wireRegisterUser: `user-${time}@example.com`, wireInviteUser: BOB })[
          id as string
        ];
      return { id, sent: (time: number) => requestFor(id, on(time)), ...(OPERATIONS[id] as Operation).input };
    }),
    ...ENTRANCE_IDS.flatMap((id) => {
      const entrance = ENTRANCES[id];
      if (!('body' in entrance)) return [];
      const { headers, ...entry } = entryFor(id, keys);
      return { id, sent: () => ({ ...entry, headers: { ...headers, ...browser } }), body: entrance.body };
    }),
  ];
}

test('whatever stands in a field is refused in words, or taken, and never breaks anything', async () => {
  const lines: string[] = [];
  let time = 0;
  const noted = async (id: string, field: string, what: string, sent: Sent) => {
    const status = await outcomeOf(sent);
    if (status === 401) world.clock.advance(WINDOW_MS); // nobody has to wait for failed attempts
    lines.push(`${id}  ${field}  ${what}  ${status}`);
  };
  for (const { id, sent, body, query } of await takers()) {
    for (const field of Object.keys(body?.shape ?? {})) {
      for (const [what, value] of Object.entries(VALUES)) {
        const good = sent(time++);
        await noted(id, `body ${field}`, what, { ...good, body: replaced(String(good.body), field, value) });
      }
    }
    for (const field of Object.keys(query?.shape ?? {})) {
      for (const [what, value] of Object.entries(VALUES).filter(([, value]) => value.startsWith('"'))) {
        const good = sent(time++);
        const text = encodeURIComponent(JSON.parse(value).toWellFormed());
        await noted(id, `query ${field}`, what, { ...good, path: `${good.path}?${field}=${text}` });
      }
    }
  }
  await expect(`${summedUp(lines).join('\n')}\n`).toMatchFileSnapshot('bad-input.golden.txt');
  expect((await send({ method: 'GET', path: '/api/v1/whoami' })).status).toBe(200);
});

/** As text, because some of these values are none that `JSON.stringify` would write. */
function replaced(body: string, field: string, value: string): string {
  const { [field]: _, ...others } = JSON.parse(body);
  const one = value === 'undefined' ? [] : [`"${field}":${value}`];
  return `{${[...one, JSON.stringify(others).slice(1, -1)].filter(Boolean).join()}}`;
}

/** One line for each field and status, which names what got it. */
function summedUp(lines: readonly string[]): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const line of lines) {
    const [id, field, what = '', status] = line.split('  ');
    const key = `${id}  ${field}  ${status}`;
    groups.set(key, [...(groups.get(key) ?? []), what]);
  }
  return [...groups].map(([key, whats]) => `${key}  ${whats.join(', ')}`);
}

test('whatever stands in the place of a body is refused in words, and never breaks anything', async () => {
  const expected = { '100 kB': 413, '1 MB': 413 } as Readonly<Record<string, number>>;
  for (const { id, sent, body } of await takers()) {
    if (body === undefined) continue;
    for (const [what, bytes] of Object.entries(BODIES)) {
      const harmless = what === 'a deep list within' && id === 'wireCreatePat'; // a key that the wire ignores
      const status = await outcomeOf({ ...sent(0), body: bytes });
      expect({ id, what, status }).toEqual({ id, what, status: harmless ? 200 : (expected[what] ?? 400) });
    }
  }
  expect((await send({ method: 'GET', path: '/api/v1/whoami' })).status).toBe(200);
});

test('of a key that is given twice, the last counts', async () => {
  expect(await outcomeOf({ ...post(PATS, {}), body: '{"name":"NOT A NAME","name":"deploy"}' })).toBe(200);
  expect(await outcomeOf({ ...post(PATS, {}), body: '{"name":"deploy","name":"NOT A NAME"}' })).toBe(400);
});

test.each([
  { what: 'a body that names no field', body: {}, message: 'name is missing; give a string.' },
  { what: 'a number for a text', body: { name: 7 }, message: 'name must be a string.' },
  {
    what: 'a name that is none',
    body: { name: '9Bad' },
    message:
      'A token name has 3 to 36 lower-case letters, digits and dashes, starts with a letter and does not end in a dash.',
  },
  {
    what: 'a date that is none',
    body: { name: 'deploy', expirationDate: 'soon' },
    message: 'expirationDate must be an ISO 8601 date or time, as 2026-09-01 or 2026-09-01T10:00:00Z.',
  },
  {
    what: 'a date that has passed',
    body: { name: 'deploy', expirationDate: '2026-01-15T10:00:00Z' },
    message: 'The expiration date has passed. Give one in the future.',
  },
  {
    what: 'two mistakes',
    body: { expirationDate: 7 },
    message: 'name is missing; give a string; expirationDate must be a string.',
  },
  {
    what: 'a team',
    body: { name: 'deploy', teamName: 'platform' },
    message: 'There are no teams on this server yet. Leave teamName out.',
  },
  {
    what: 'a JWT',
    body: { name: 'deploy', tokenType: 'jwt' },
    message: 'This server issues opaque tokens only. Leave tokenType out, or say "opaque".',
  },
])('$what is told so in a sentence that says what to do', async ({ body, message }) => {
  const { status, text } = await send(post(PATS, body));
  const { details, ...rest } = JSON.parse(text);
  expect({ status, ...rest }).toEqual({ status: 400, statusCode: 400, code: 'invalid_request', message });
  expect(details[0]).toEqual({ field: expect.any(String), problem: expect.any(String) });
});

test.each([
  'ab',
  'a'.repeat(37),
  'x'.repeat(60_000),
  '-deploy',
  'deploy-',
  'Deploy',
  'de_ploy',
  '9deploy',
  'dé-ploy',
  'deploy\n',
  ' deploy',
])('%j is no name of a token', async (name) => {
  expect(await outcomeOf(post(PATS, { name }))).toBe(400);
});

test.each(['abc', 'a'.repeat(36), 'a-9', 'a--b', 'constructor', 'default-u7k2m9q4w1z8x3c6v5b0n1l2'])(
  '%j is a name of a token',
  async (name) => {
    expect(await outcomeOf(post(PATS, { name }))).toBe(200);
  },
);

describe('a date on the wire', () => {
  test.each([
    ['2026-08-01', '2026-08-01T00:00:00.000Z'],
    ['2026-08-01T12:00', '2026-08-01T12:00:00.000Z'],
    ['2026-08-01T12:00:30', '2026-08-01T12:00:30.000Z'],
    ['2026-08-01T12:00:30Z', '2026-08-01T12:00:30.000Z'],
    ['2026-08-01T12:00:30.5Z', '2026-08-01T12:00:30.500Z'],
    ['2026-08-01T12:00:30.123456', '2026-08-01T12:00:30.123Z'],
    ['2026-08-01T12:00:30.123456+00:00', '2026-08-01T12:00:30.123Z'],
    ['2026-08-01 12:00:30.123456', '2026-08-01T12:00:30.123Z'],
    ['2026-08-01T12:00:30.123456789Z', '2026-08-01T12:00:30.123Z'],
    ['2026-08-01T12:00+02:00', '2026-08-01T10:00:00.000Z'],
    ['2026-08-01T12:00-0530', '2026-08-01T17:30:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['2026-12-31T23:59:59-23:59', '2027-01-01T23:58:59.000Z'],
    ['9999-12-31', '9999-12-31T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is the instant %s', async (expirationDate, instant) => {
    await send(post(PATS, { name: 'deploy', expirationDate }));
    const { data } = JSON.parse((await send({ method: 'GET', path: `${PATS}?nameSearchQuery=deploy` })).text);
    const [{ manifest, jwts }] = data;
    expect([manifest.expiration_date, jwts[0].expiry]).toEqual([instant, instant]);
  });

  test.each([
    '2026-02-30',
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-08-00',
    '2026-08-32',
    '2026-08-01T24:00',
    '2026-08-01T12:60',
    '2026-08-01T12:00:60Z',
    '2026-08-01T12',
    '2026-08-01T12:00+24:00',
    '2026-08-01T12:00+10:60',
    '2026-08-01T12:00+1',
    '9999-12-31T23:59:59-01:00', // the year 10000, which clients cannot read
    '+010000-01-01',
    '2026-8-1',
    '20260801',
    '01.08.2026',
    '08/01/2026',
    'tomorrow',
    '12345678901234567890',
    '1785585600',
    '',
    ' ',
    '📅',
    '٢٠٢٦-٠٨-٠١',
    '2026-08-01\n',
    '2026-08-01T12:00:00Z; drop table token',
    '2026-01-15T09:59:59.999Z', // a moment ago
    '2026-01-15T10:00:00.000Z', // now
    '1999-12-31',
    '0000-01-01',
    '0026-08-01',
  ])('%j is none that a token can have', async (expirationDate) => {
    expect(await outcomeOf(post(PATS, { name: 'deploy', expirationDate }))).toBe(400);
  });

  test.each([7, true, [], {}, ['2026-08-01'], 1785585600000])('%j is no text', async (expirationDate) => {
    expect(await outcomeOf(post(PATS, { name: 'deploy', expirationDate }))).toBe(400);
  });
});

describe('a text to search for', () => {
  const found = async (text: string) => {
    const path = `${PATS}?nameSearchQuery=${encodeURIComponent(text)}`;
    const { status, text: body } = await send({ method: 'GET', path });
    return status === 200 ? JSON.parse(body).data.map(({ name }: { name: string }) => name) : status;
  };
  test.each([
    { text: 'irs', expected: ['first'] },
    { text: 'FIRST', expected: ['first'] },
    { text: '%', expected: [] },
    { text: '_', expected: [] },
    { text: 'f%t', expected: [] },
    { text: '\\', expected: [] },
    { text: "' or 1=1 --", expected: [] },
    { text: '"', expected: [] },
    { text: '*', expected: [] },
    { text: '😀', expected: [] },
    { text: 'x'.repeat(256), expected: [] },
    { text: 'x'.repeat(257), expected: 400 },
    { text: '\0', expected: 400 },
    { text: 'fi\u0007', expected: 400 },
  ])('$text finds $expected', async ({ text, expected }) => expect(await found(text)).toEqual(expected));
});

describe('a request that does not arrive as announced', () => {
  const head = (...lines: readonly string[]) =>
    [`POST ${PATS} HTTP/1.1`, 'host: x', `authorization: Bearer ${token.reveal()}`, 'content-type: application/json']
      .concat(lines)
      .join('\r\n')
      .concat('\r\n\r\n');
  const entries = () => world.rows('select count(*) as entries from audit_entry');

  async function slowWorld(): Promise<void> {
    world = await openWorld({ requestMsMax: 300 });
    ({ token } = await world.person('admin', 'tenant-admin'));
  }

  test.each([
    { what: 'headers that never end', bytes: () => 'GET /health HTTP/1.1\r\nhost: x\r\nx-slow: ' },
    { what: 'a body that never ends', bytes: () => `${head('content-length: 40')}{"name":"dep` },
    { what: 'a chunk that never ends', bytes: () => `${head('transfer-encoding: chunked')}28\r\n{"name":"dep` },
  ])('$what is given up, in the one shape', async ({ bytes }) => {
    await slowWorld();
    const before = [remembered(), entries()];
    const answer = await exchanged(world.origin, bytes());
    expect({ status: answer.status, ...JSON.parse(answer.text) }).toEqual({
      ...{ status: 408, statusCode: 408, code: 'request_timeout' },
      message: 'The request did not arrive in time. Send it again.',
    });
    expect([remembered(), entries()]).toEqual(before);
    expect(world.reported).toEqual([]);
  });

  test('a body that is cut in the middle writes nothing, and is nobody’s fault here', async () => {
    const before = [remembered(), entries()];
    const socket = await rawSocket(world.origin);
    const begun = once(world.server.server, 'request');
    socket.write(`${head('content-length: 40')}{"name":"deploy`);
    const [, response] = await begun;
    socket.destroy();
    if (!response.closed) await once(response, 'close');
    expect((await send({ method: 'GET', path: '/api/v1/whoami' })).status).toBe(200);
    expect([remembered(), entries()]).toEqual(before);
    expect(world.reported).toEqual([]);
  });

  test('a body longer than announced is no second request that anybody answers as the first', async () => {
    const bytes = `${head('content-length: 2', 'connection: close')}{}{"name":"deploy"}`;
    expect((await exchanged(world.origin, bytes)).status).toBe(400); // `{}`: the name is missing
    expect(world.rows(`select name from personal_access_token where name = 'deploy'`)).toEqual([]);
  });

  test('a body announced as larger than any is refused before it is sent', async () => {
    const socket = await rawSocket(world.origin);
    const first = once(socket, 'data');
    socket.write(head('content-length: 1000000000'));
    expect(answerIn(String((await first)[0])).status).toBe(413);
  });

  test.each([
    { what: 'a length and an encoding', lines: ['content-length: 5', 'transfer-encoding: chunked'] },
    { what: 'an encoding twice', lines: ['transfer-encoding: chunked', 'transfer-encoding: chunked'] },
    { what: 'an encoding that is unknown', lines: ['transfer-encoding: xchunked'] },
    { what: 'an encoding after another', lines: ['transfer-encoding: chunked, identity'] },
    { what: 'a length with a sign', lines: ['content-length: +5'] },
    { what: 'a length that is no number', lines: ['content-length: 5, 5'] },
    { what: 'a space before the colon', lines: ['transfer-encoding : chunked'] },
    { what: 'a folded header', lines: ['transfer-encoding:', ' chunked'] },
  ])('$what could hide a second request: the connection ends, and nothing in it is done', async ({ lines }) => {
    const hidden = `DELETE ${PATS}/revoke/all HTTP/1.1\r\nhost: x\r\n\r\n`;
    const socket = await rawSocket(world.origin);
    const said = saidOn(socket);
    socket.write(`${head(...lines)}0\r\n\r\n${hidden}`);
    const text = await said;
    expect(answerIn(text)).toMatchObject({ status: 400, headers: { connection: 'close' } });
    expect(text.match(/^HTTP\/1\.1/gm)).toHaveLength(1);
  });

  test('connections that are opened and left keep nobody else waiting', async () => {
    const idle = await Promise.all(Array.from({ length: 200 }, () => rawSocket(world.origin)));
    expect(await outcomeOf(post(PATS, { name: 'deploy' }))).toBe(200);
    expect(idle.filter((socket) => socket.destroyed)).toEqual([]);
  });
});

test('no JSON whatsoever, sent to create a token, is our fault', async () => {
  const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('deploy', 'first', '__proto__'));
  const body = fc.oneof(
    fc.json({ depthSize: 'medium' }),
    fc
      .record({ name, expirationDate: fc.oneof(fc.jsonValue(), fc.date({ noInvalidDate: true })) })
      .map((value) => JSON.stringify(value)),
    fc
      .dictionary(fc.constantFrom('name', 'expirationDate', 'teamName', 'tokenType', '__proto__'), fc.jsonValue())
      .map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary' }),
  );
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const { status } = await send({ ...post(PATS, {}), body: text });
      expect([200, 400, 409]).toContain(status);
    }),
    { numRuns: 300 },
  );
  expect(world.reported).toEqual([]);
});

test('a sign-in with nothing, or with far too much, is a wrong one', async () => {
  for (const password of ['', ' ', '\0', '😀', 'x'.repeat(60_000)]) {
    const sent = {
      ...post('/auth/sign-in', { email: 'a@example.com', password }),
      headers: { ...JSON_TYPE, ...FROM_HERE },
    };
    expect((await send(sent)).status).toBe(401);
  }
});
