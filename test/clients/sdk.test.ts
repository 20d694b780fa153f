import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Sensitive } from '#domain/sensitive.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { instance, memberToken } from './instance.ts';
import { linesOf } from './program.ts';
import { recorderOf } from './recorder.ts';
import { ACCOUNTS } from './sdk-accounts.ts';
import { PEOPLE } from './sdk-people.ts';

/** A conflict alone is three seconds of waiting between attempts. */
vi.setConfig({ testTimeout: 90_000 });

const TOKENS = '/api/svc/v1/personal-access-tokens';
const SCRIPT = join(import.meta.dirname, 'sdk.py');
const SDKS = [
  { part: 'tfy', version: '0.6.0' },
  { part: 'sdk-0.4.0', version: '0.4.0' },
] as const;

const EXPIRY = '2030-01-31T00:00:00+00:00';
/** As Python writes a date that it has parsed; the wire's own ends in Z. */
const A_DATE = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/);
const AN_ID = expect.stringMatching(/^[a-z0-9]{24}$/);
const A_PREVIEW = expect.stringMatching(/^tfy_pat_\w{4}…\w{4}$/);

/** The row of a token as the SDK's types hold it. */
const rowOf = (name: string, { expires, used = true }: { expires?: string; used?: boolean } = {}) => ({
  ...{ id: AN_ID, name, type: 'pat', tenantName: 'default', accountId: AN_ID, jwtId: AN_ID, isExpired: false },
  manifest: {
    ...{ type: 'virtual-account', name, permissions: [], user_fqn: 'user:admin@example.com', token_type: 'opaque' },
    ...(expires === undefined ? {} : { expiration_date: '2030-01-31T00:00:00.000Z' }),
  },
  createdBySubject: {
    ...{ subjectId: AN_ID, subjectType: 'user' },
    ...{ subjectSlug: 'admin@example.com', subjectDisplayName: 'admin@example.com' },
  },
  ...{ createdAt: A_DATE, updatedAt: A_DATE },
  ...(used ? { lastAccessedAt: A_DATE } : {}),
  jwts: [
    {
      ...{ id: AN_ID, subjectType: 'serviceaccount', subjectId: AN_ID, tokenType: 'opaque' },
      ...{ expiry: expires ?? '2999-12-31T00:00:00+00:00', createdAt: A_DATE, updatedAt: A_DATE },
    },
  ],
  metadata: { preview: A_PREVIEW, ...(used ? { lastUsedSurface: 'rest', lastUsedAddress: '127.0.0.1' } : {}) },
});

const BAD_NAME = {
  statusCode: 400,
  message:
    'A token name has 3 to 36 lower-case letters, digits and dashes, starts with a letter and does not end in a dash.',
  code: 'invalid_request',
  details: [{ field: 'name', problem: 'must match ^[a-z][a-z0-9-]{1,34}[a-z0-9]$' }],
};
const invalid = (field: string, problem: string) => ({
  ...{ statusCode: 400, message: `${field} ${problem}.`, code: 'invalid_request', details: [{ field, problem }] },
});
const TAKEN = 'A token with this name already exists. Use a different name.';
const UNKNOWN = 'Token ID not found. List tokens first to find the correct ID.';
const NOBODY = 'There is no user with this e-mail address.';
const BAD_KEY = 'The API key is missing or not valid. Check your API key.';

const REFUSALS = [
  { error: 'ConflictError', status: 409, body: { statusCode: 409, message: TAKEN, code: 'conflict' } },
  { error: 'BadRequestError', status: 400, body: BAD_NAME },
  {
    error: 'BadRequestError',
    status: 400,
    body: invalid('expirationDate', 'must be an ISO 8601 date or time, as 2026-09-01 or 2026-09-01T10:00:00Z'),
  },
  { error: 'ApiError', status: 400, body: invalid('limit', 'must be a whole number from 1 to 1000') },
  { error: 'NotFoundError', status: 404, body: { statusCode: 404, message: UNKNOWN, code: 'not_found' } },
  { error: 'NotFoundError', status: 404, body: { statusCode: 404, message: NOBODY, code: 'not_found' } },
  { error: 'ApiError', status: 401, body: { statusCode: 401, message: BAD_KEY, code: 'unauthenticated' } },
];

const runner =
  (part: (typeof SDKS)[number]['part']) =>
  (scenario: string, { origin, token }: { origin: string; token: Sensitive }, env = {}) =>
    linesOf(usePart(part).python, [SCRIPT, scenario], {
      env: { BASE_URL: origin, TFY_API_KEY: token.reveal(), ...env },
    });

for (const { part, version } of SDKS) {
  const run = runner(part);
  describe.skipIf(!has(part))(needing(part, `the SDK ${version}`), () => {
    test('a token is created, works, is listed, is found by its name, is deleted, and is gone', async () => {
      expect(await run('lifecycle', await instance())).toEqual([
        { created: true, answers: 200 },
        { rows: [rowOf('ci-pipeline', { expires: EXPIRY }), rowOf('bootstrap')] },
        { found: ['ci-pipeline'], missed: [] },
        { deleted: {}, answers: 401 },
        { left: ['bootstrap'] },
      ]);
    });

    test('pages of two bring every token once, newest first, and end', async () => {
      const all = ['token-5', 'token-4', 'token-3', 'token-2', 'token-1', 'bootstrap'];
      expect(await run('paging', await instance())).toEqual([
        { pages: [all.slice(0, 2), all.slice(2, 4), all.slice(4)] },
        { iterated: all, by_default: all },
        { past_the_end: [] },
      ]);
    });

    test('a refusal is the typed error of its kind, in our words; a conflict is tried three times', async () => {
      const { token, origin } = await instance();
      const recorder = await recorderOf(origin);
      expect(await run('refusals', { token, origin: recorder.origin })).toEqual(REFUSALS);
      const created = `POST ${TOKENS}`;
      expect(recorder.asked()).toEqual([
        ...[created, created, created, created, created, created],
        ...[`GET ${TOKENS}?limit=5000&offset=0`, `DELETE ${TOKENS}/jqfwg345gi25n5ju2yz5iz6m`],
        ...[`DELETE ${TOKENS}/revoke/all`, `GET ${TOKENS}?limit=100&offset=0`],
      ]);
    });

    test('users and teams are listed, changed and removed, and come back as the SDK’s own types', async () => {
      const { token, origin } = await instance();
      expect(await run('people', { token, origin })).toEqual(PEOPLE);
    });

    test('virtual accounts are made, read, regenerated, ended and deleted, and come back as the SDK’s own types', async () => {
      const { token, origin } = await instance();
      expect(await run('accounts', { token, origin })).toEqual(ACCOUNTS);
    });

    test('an administrator revokes all tokens of a user by e-mail, a member does not', async () => {
      const served = await instance();
      const member = await memberToken(served, 'member@example.com');
      const denial = 'Only a tenant admin can revoke the tokens of another user.';
      expect(await run('revoke_all', served, { MEMBER_TOKEN: member.reveal() })).toEqual([
        { before: 200 },
        { error: 'ApiError', status: 403, body: { statusCode: 403, message: denial, code: 'forbidden' } },
        { revoked: {}, after: 401, own: ['bootstrap'] },
      ]);
    });
  });
}

describe.skipIf(!has('sdk-0.4.0'))(needing('sdk-0.4.0', 'only SDKs up to 0.4.0'), () => {
  const run = runner('sdk-0.4.0');

  test('a token is got by name: made once, then given another value', async () => {
    const got = { ...rowOf('default-browser', { used: false }), jwts: [expect.any(Object), expect.any(Object)] };
    expect(await run('get_or_create', await instance())).toEqual([
      { first: true, second: false, same_row: true },
      { answers: [200, 200], different: true },
      { row: got },
      { error: 'BadRequestError', status: 400, body: BAD_NAME },
    ]);
  });
});
