import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { instance, memberToken, newToken, revoke } from './instance.ts';
import { type Outcome, outcomeOf } from './program.ts';
import { recorderOf } from './recorder.ts';

const SCRIPT = join(import.meta.dirname, 'tfy-api.sh');
const TOKENS = '/api/svc/v1/personal-access-tokens';
const REFUSED = 22;

type Server = { readonly origin: string; readonly token: Sensitive };

const called = ({ origin, token }: Server, ...args: readonly string[]): Promise<Outcome> =>
  outcomeOf('bash', [SCRIPT, ...args], { env: { TFY_BASE_URL: origin, TFY_API_KEY: token.reveal() } });

/** What the script printed, as what it is; with its exit code. */
async function answer(server: Server, ...args: readonly string[]) {
  const { code, out } = await called(server, ...args);
  return { code, body: JSON.parse(out) };
}

const refusal = (statusCode: number, code: string, message: string) => ({
  code: REFUSED,
  body: { statusCode, message, code },
});

/** The columns that the skill shows. */
const shown = ({ body }: { body: { data: readonly Record<string, unknown>[] } }) =>
  body.data.map(({ name, id, createdAt, manifest }) => ({ name, id, createdAt, manifest }));

test('the script that calls is one that bash accepts', async () => {
  expect(await outcomeOf('bash', ['-n', SCRIPT])).toEqual({ code: 0, out: '', err: '' });
});

test('the skill’s way: preflight, list, create, list, delete; the deleted token is worth nothing', async () => {
  const server = await instance();
  expect(await answer(server, 'GET', '/api/svc/v1/workspaces?limit=1')).toEqual({
    code: 0,
    body: { data: [], pagination: { total: 0, offset: 0, limit: 1 } },
  });
  expect((await answer(server, 'GET', TOKENS)).body.data).toMatchObject([{ name: 'bootstrap' }]);
  const created = await answer(server, 'POST', TOKENS, '{"name":"ci-pipeline"}');
  expect(created).toEqual({ code: 0, body: { token: expect.stringMatching(/^tfy_pat_/) } });
  const listed = await answer(server, 'GET', TOKENS);
  const { token } = created.body;
  expect(JSON.stringify(listed)).not.toContain(token);
  expect(shown(listed)).toEqual(
    ['ci-pipeline', 'bootstrap'].map((name) => ({
      ...{ name, id: expect.stringMatching(/^[a-z0-9]{24}$/), createdAt: expect.stringMatching(/^20.*Z$/) },
      manifest: expect.not.objectContaining({ expiration_date: expect.anything() }), // shown as Never
    })),
  );
  const made = { ...server, token: new Sensitive(token) };
  expect(await answer(made, 'GET', '/api/svc/v1/workspaces?limit=1')).toMatchObject({ code: 0 });
  expect(await answer(server, 'DELETE', `${TOKENS}/${shown(listed)[0]?.id}`)).toEqual({ code: 0, body: {} });
  expect((await answer(server, 'GET', TOKENS)).body.data).toMatchObject([{ name: 'bootstrap' }]);
  expect(await answer(made, 'GET', '/api/svc/v1/workspaces?limit=1')).toMatchObject({ code: REFUSED });
});

/** Its text for somebody who may not manage tokens at all is missing here: every role of this server may. */
test('what the skill knows to explain is refused in the skill’s words', async () => {
  const server = await instance();
  const revoked = await newToken(server, 'revoked');
  await revoke(server, revoked);
  const member = { ...server, token: await memberToken(server, 'member@example.com') };
  expect({
    taken: await answer(server, 'POST', TOKENS, '{"name":"bootstrap"}'),
    unknown: await answer(server, 'DELETE', `${TOKENS}/TOKEN_ID`),
    ofAnother: await answer(member, 'DELETE', `${TOKENS}/${shown(await answer(server, 'GET', TOKENS))[0]?.id}`),
    deletedStillInUse: await answer({ ...server, token: revoked }, 'GET', TOKENS),
    forbidden: await answer(member, 'DELETE', `${TOKENS}/revoke/all`, '{"email":"admin@example.com"}'),
    noValueLater: await answer(server, 'GET', `${TOKENS}/bootstrap/token`),
  }).toEqual({
    taken: refusal(409, 'conflict', 'A token with this name already exists. Use a different name.'),
    unknown: refusal(404, 'not_found', 'Token ID not found. List tokens first to find the correct ID.'),
    ofAnother: refusal(404, 'not_found', 'Token ID not found. List tokens first to find the correct ID.'),
    deletedStillInUse: refusal(401, 'unauthenticated', 'The API key is missing or not valid. Check your API key.'),
    forbidden: refusal(403, 'forbidden', 'Only a tenant admin can revoke the tokens of another user.'),
    noValueLater: refusal(
      403,
      'forbidden',
      'Token values are only shown at creation time. If lost, delete the old token and create a new one, then update ' +
        'all services that used the old token.',
    ),
  });
});

test('a call that is not made properly is explained and never sent', async () => {
  const server = await instance();
  const recorder = await recorderOf(server.origin);
  const to = { ...server, origin: recorder.origin };
  const broken = { ...to, token: new Sensitive('tfy_pat_x"\nurl = "http://127.0.0.1:1/') };
  const misuses = [called(to, 'GET'), called(to, 'FETCH', TOKENS), called(to, 'GET', TOKENS.slice(1))];
  expect(await Promise.all([...misuses, called(broken, 'GET', TOKENS)])).toEqual(
    [
      'give METHOD, PATH and perhaps a JSON body',
      'no such method: FETCH',
      'not a path of the API: api/svc/v1/personal-access-tokens',
      'TFY_API_KEY holds characters that no key has',
    ].map((words) => ({ code: 2, out: '', err: `tfy-api: ${words}\n` })),
  );
  expect(recorder.asked()).toEqual([]);
});

test.skipIf(!existsSync('/proc/self/cmdline'))(
  'while a call is under way, no command line on the machine holds the key, and curl’s not the body',
  async () => {
    const server = await instance();
    const lines: string[] = [];
    const recorder = await recorderOf(server.origin, { meanwhile: () => lines.push(...commandLines()) });
    const outcome = await called({ ...server, origin: recorder.origin }, 'POST', TOKENS, '{"name":"unseen-body"}');
    expect(outcome).toMatchObject({ code: 0 });
    const curls = lines.filter((line) => line.startsWith('curl ') && line.includes(recorder.origin));
    expect(curls).toHaveLength(1);
    expect(curls[0]).not.toContain('unseen-body');
    expect(lines.filter((line) => line.includes(server.token.reveal()))).toEqual([]);
  },
);

function commandLines(): readonly string[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return ''; // it has ended meanwhile
    }
  });
}
