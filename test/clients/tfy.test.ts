import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { type Instance, instance, newToken, revoke } from './instance.ts';
import { type Outcome, outcomeOf } from './program.ts';
import { type Recorder, recorderOf } from './recorder.ts';

/** Each command is a Python that first imports for seconds. */
vi.setConfig({ testTimeout: 120_000 });

const API = '/api/svc/v1';
const CREDENTIALS = '.truefoundry/credentials.json';
const LIST = 'from truefoundry import client; print([row.name for row in client.personal_access_tokens.list()])';
const MANIFEST = join(import.meta.dirname, 'manifest.yaml');

/** What a person reads, without the frames and line breaks of a terminal. */
const words = ({ out, err }: Outcome): string => `${err}${out}`.replace(/[╭╮╰╯│─\s]+/g, ' ');

/** What it asks before each command that needs a login. */
const prologue = ({ origin }: Recorder): readonly string[] => [
  `GET ${API}/min-cli-version`,
  `GET ${API}/tenant-id?hostName=${encodeURIComponent(new URL(origin).host)}`,
  `GET ${API}/session`,
];

async function recorded(): Promise<{ served: Instance; recorder: Recorder; home: string }> {
  const served = await instance();
  return { served, recorder: await recorderOf(served.origin), home: temporaryFolder() };
}

const tfy = (args: readonly string[], home: string, env = {}): Promise<Outcome> =>
  outcomeOf(usePart('tfy').tfy, args, { home, env });

/*
 * Not here, since this server does not answer it yet: signing in by device (`tfy login` without a key), `apply`,
 * `delete` (one of them is below, for what it says meanwhile), `get kubeconfig`, and whatever deploys: `deploy`,
 * `deploy-init`, `patch-application`, `trigger`, `terminate`, `ml`, `upload`, `download`. `logout`, `patch` and
 * `migrate-gitops` ask for nothing more than what is here.
 */
describe.skipIf(!has('tfy'))(needing('tfy', 'the public command line 0.17.5'), () => {
  test('login with a token names the token, keeps it, and the SDK behind it works from then on', async () => {
    const { served, recorder, home } = await recorded();
    const token = await newToken(served, 'my-laptop');
    const outcome = await tfy(['login', '--host', recorder.origin, '--api-key', token.reveal()], home);
    expect({ code: outcome.code, words: words(outcome) }).toEqual({
      code: 0,
      words: expect.stringContaining(`Successfully logged in to '${recorder.origin}' as 'my-laptop'`),
    });
    expect(recorder.asked()).toEqual([`GET ${API}/session`, `GET ${API}/session`]);
    expect(JSON.parse(readFileSync(join(home, CREDENTIALS), 'utf8'))).toEqual({
      ...{ access_token: token.reveal(), refresh_token: null, host: recorder.origin },
    });
    const listed = await outcomeOf(usePart('tfy').python, ['-c', LIST], { home });
    expect(listed).toMatchObject({ code: 0, out: expect.stringContaining("['my-laptop', 'bootstrap']") });
  });

  test('login with a revoked token says that it is not valid, in our words too, and keeps nothing', async () => {
    const { served, recorder, home } = await recorded();
    const token = await newToken(served, 'my-laptop');
    await revoke(served, token);
    const outcome = await tfy(['login', '--host', recorder.origin, '--api-key', token.reveal()], home);
    expect({ code: outcome.code, words: words(outcome) }).toEqual({
      code: 1,
      words: expect.stringContaining(
        'Invalid or expired API token. The API key is missing or not valid. Check your API key.',
      ),
    });
    expect(existsSync(join(home, CREDENTIALS))).toBe(false);
  });

  test('with host and key in the environment login is skipped, and a client in Python code asks and works', async () => {
    const { served, recorder, home } = await recorded();
    const env = { TFY_HOST: recorder.origin, TFY_API_KEY: served.token.reveal() };
    const skipped = await tfy(['login'], home, env);
    expect({ code: skipped.code, words: words(skipped), asked: recorder.asked() }).toEqual({
      code: 0,
      words: expect.stringContaining('Skipping login because environment variables TFY_HOST and TFY_API_KEY are set'),
      asked: [],
    });
    const listed = await outcomeOf(usePart('tfy').python, ['-c', LIST], { home, env });
    expect(listed).toMatchObject({ code: 0, out: expect.stringContaining("['bootstrap']") });
    const list = `GET ${API}/personal-access-tokens?limit=100&offset=`;
    expect(recorder.asked()).toEqual([...prologue(recorder), `${list}0`, `${list}1`]);
  });

  test('a command that this server has no answer for gets past its login, and says that there is nothing', async () => {
    const { served, recorder, home } = await recorded();
    const env = { TFY_HOST: recorder.origin, TFY_API_KEY: served.token.reveal() };
    const outcome = await tfy(['apply', '-f', MANIFEST], home, env);
    expect({ code: outcome.code, words: words(outcome) }).toEqual({
      code: 1,
      words: expect.stringContaining('There is nothing at this path: this server does not offer what was asked for.'),
    });
    expect(recorder.asked()).toEqual([...prologue(recorder), `POST ${API}/dependency-tree`, `PUT ${API}/apply`]);
  });

  test('a server that is stopped is said to be out of reach, and no key is called bad', async () => {
    const { served, home } = await recorded();
    served.process.kill('SIGTERM');
    await served.ended;
    const outcome = await tfy(['login', '--host', served.origin, '--api-key', served.token.reveal()], home);
    expect({ code: outcome.code, words: words(outcome) }).toEqual({
      code: 1,
      words: expect.stringContaining(`Couldn't connect to TrueFoundry at ${served.origin}${API}/session.`),
    });
    expect(words(outcome)).not.toContain('Invalid or expired');
    expect(existsSync(join(home, CREDENTIALS))).toBe(false);
  });
});
