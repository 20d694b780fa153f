import { beforeEach, describe, expect, test } from 'vitest';
import type { Sensitive } from '#domain/sensitive.ts';
import { type Answer, openWorld, type Sent, type World } from '#support/world.ts';
import { outcomeOf } from './outcome.ts';
import { PATS, post } from './provoked.ts';

let world: World;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  ({ token } = await world.person('admin', 'tenant-admin'));
});
const send = (sent: Sent): Promise<Answer> => world.send({ token, ...sent });

test('of a key that is given twice, the last counts', async () => {
  expect(await outcomeOf(world, token, { ...post(PATS, {}), body: '{"name":"NOT A NAME","name":"deploy"}' })).toBe(200);
  expect(await outcomeOf(world, token, { ...post(PATS, {}), body: '{"name":"deploy","name":"NOT A NAME"}' })).toBe(400);
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
    message: 'admin@example.com is in no team platform. Name a team of theirs, or leave it out.',
  },
  {
    what: 'a form that is none',
    body: { name: 'deploy', tokenType: 'saml' },
    message: 'tokenType must be "opaque" or "jwt".',
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
  expect(await outcomeOf(world, token, post(PATS, { name }))).toBe(400);
});

test.each(['abc', 'a'.repeat(36), 'a-9', 'a--b', 'constructor', 'default-u7k2m9q4w1z8x3c6v5b0n1l2'])(
  '%j is a name of a token',
  async (name) => {
    expect(await outcomeOf(world, token, post(PATS, { name }))).toBe(200);
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
    expect(await outcomeOf(world, token, post(PATS, { name: 'deploy', expirationDate }))).toBe(400);
  });

  test.each([7, true, [], {}, ['2026-08-01'], 1785585600000])('%j is no text', async (expirationDate) => {
    expect(await outcomeOf(world, token, post(PATS, { name: 'deploy', expirationDate }))).toBe(400);
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
