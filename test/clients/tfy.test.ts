import { describe, expect, test, vi } from 'vitest';
import { has, needing } from '#support/parts.ts';
import { newToken, revoke } from './instance.ts';
import { API, keptIn, keyIn, listedBy, MANIFEST, prologue, recorded, tfyOf, told, words } from './tfy.ts';

/** Each command is a Python that first imports for seconds. */
vi.setConfig({ testTimeout: 120_000 });

const tfy = tfyOf('tfy');

/*
 * Not here, since this server does not answer it yet: signing in by device (how it is refused: tfy-old-and-new.test.ts), `apply`,
 * `delete` (one of them is below, for what it says meanwhile), `get kubeconfig`, and whatever deploys: `deploy`,
 * `deploy-init`, `patch-application`, `trigger`, `terminate`, `ml`, `upload`, `download`. `logout`, `patch` and
 * `migrate-gitops` ask for nothing more than what is here.
 */
describe.skipIf(!has('tfy'))(needing('tfy', 'the public command line 0.17.5'), () => {
  test('login with a token names the token, keeps it, and the SDK behind it works from then on', async () => {
    const { served, recorder, home } = await recorded();
    const token = await newToken(served, 'my-laptop');
    const outcome = await tfy(['login', '--host', recorder.origin, '--api-key', token.reveal()], home);
    expect(told(outcome)).toEqual({
      code: 0,
      words: expect.stringContaining(`Successfully logged in to '${recorder.origin}' as 'my-laptop'`),
    });
    expect(recorder.asked()).toEqual([`GET ${API}/session`, `GET ${API}/session`]);
    expect(keptIn(home)).toEqual({ access_token: token.reveal(), refresh_token: null, host: recorder.origin });
    expect(await listedBy('tfy', home)).toMatchObject({
      code: 0,
      out: expect.stringContaining("['my-laptop', 'bootstrap']"),
    });
  });

  test('login with a revoked token says that it is not valid, in our words too, and keeps nothing', async () => {
    const { served, recorder, home } = await recorded();
    const token = await newToken(served, 'my-laptop');
    await revoke(served, token);
    const outcome = await tfy(['login', '--host', recorder.origin, '--api-key', token.reveal()], home);
    expect(told(outcome)).toEqual({
      code: 1,
      words: expect.stringContaining(
        'Invalid or expired API token. The API key is missing or not valid. Check your API key.',
      ),
    });
    expect(keptIn(home)).toBeUndefined();
  });

  test('with host and key in the environment login is skipped, and a client in Python code asks and works', async () => {
    const { served, recorder, home } = await recorded();
    const env = keyIn(recorder, served.token);
    const skipped = await tfy(['login'], home, env);
    expect({ ...told(skipped), asked: recorder.asked() }).toEqual({
      code: 0,
      words: expect.stringContaining('Skipping login because environment variables TFY_HOST and TFY_API_KEY are set'),
      asked: [],
    });
    expect(await listedBy('tfy', home, env)).toMatchObject({ code: 0, out: expect.stringContaining("['bootstrap']") });
    const list = `GET ${API}/personal-access-tokens?limit=100&offset=`;
    expect(recorder.asked()).toEqual([...prologue(recorder), `${list}0`, `${list}1`]);
  });

  test('a command that this server has no answer for gets past its login, and says that there is nothing', async () => {
    const { served, recorder, home } = await recorded();
    const env = keyIn(recorder, served.token);
    const outcome = await tfy(['apply', '-f', MANIFEST], home, env);
    expect(told(outcome)).toEqual({
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
    expect(told(outcome)).toEqual({
      code: 1,
      words: expect.stringContaining(`Couldn't connect to TrueFoundry at ${served.origin}${API}/session.`),
    });
    expect(words(outcome)).not.toContain('Invalid or expired');
    expect(keptIn(home)).toBeUndefined();
  });
});
