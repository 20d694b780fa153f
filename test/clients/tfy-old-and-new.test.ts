import { describe, expect, test, vi } from 'vitest';
import { has, needing } from '#support/parts.ts';
import { newToken, revoke } from './instance.ts';
import { API, keptIn, keyIn, listedBy, prologue, recorded, tfyOf, told, VERSIONS } from './tfy.ts';

/** Each command is a Python that first imports for seconds. */
vi.setConfig({ testTimeout: 300_000 });

const DAY_MS = 24 * 60 * 60 * 1000;
const JWT = { tokenType: 'jwt' } as const;
const SECOND_PAGE = 2;
const BAD_KEY = 'The API key is missing or not valid. Check your API key.';
const pages = (...offsets: readonly number[]) =>
  offsets.map((offset) => `GET ${API}/personal-access-tokens?limit=100&offset=${offset}`);

for (const { part, version, ofExpired } of VERSIONS) {
  describe.skipIf(!has(part))(needing(part, `the public command line ${version}`), () => {
    const tfy = tfyOf(part);

    test('login with a JWT names its owner and keeps it, and from then on it works out of the credentials file', async () => {
      const { served, recorder, home } = await recorded();
      const jwt = await newToken(served, 'my-laptop', JWT);
      const login = await tfy(['login', '--host', recorder.origin, '--api-key', jwt.reveal()], home);
      expect({ ...told(login), asked: recorder.asked() }).toEqual({
        code: 0,
        words: expect.stringContaining(`Successfully logged in to '${recorder.origin}' as 'admin@example.com'`),
        asked: [],
      });
      expect(keptIn(home)).toEqual({ access_token: jwt.reveal(), refresh_token: null, host: recorder.origin });
      const listed = await listedBy(part, home);
      expect(listed).toMatchObject({ code: 0, out: expect.stringContaining("['my-laptop', 'bootstrap']") });
      expect(recorder.asked()).toEqual([...prologue(recorder, 'jwt'), ...pages(0, SECOND_PAGE)]);
    });

    test('with host and a JWT in the environment it works; once that is revoked, it is said to be a bad key', async () => {
      const { served, recorder, home } = await recorded();
      const jwt = await newToken(served, 'my-laptop', JWT);
      const listed = await listedBy(part, home, keyIn(recorder, jwt));
      expect(listed).toMatchObject({ code: 0, out: expect.stringContaining("['my-laptop', 'bootstrap']") });
      expect(recorder.asked()).toEqual([...prologue(recorder, 'jwt'), ...pages(0, SECOND_PAGE)]);
      await revoke(served, jwt);
      expect(told(await listedBy(part, home, keyIn(recorder, jwt)))).toEqual({
        code: 1,
        words: expect.stringContaining(BAD_KEY),
      });
      expect(recorder.asked()).toEqual([...prologue(recorder, 'jwt'), ...pages(0)]);
    });

    test('a JWT that has expired is no key any more: it says to log in again, and asks for nothing with it', async () => {
      const past = { env: { COUNTERSIGN_TEST_CLOCK: String(-2 * DAY_MS) } };
      const { served, recorder, home } = await recorded(past);
      const expirationDate = new Date(Date.now() - DAY_MS).toISOString();
      const jwt = await newToken(served, 'short-lived', { ...JWT, expirationDate });
      expect(told(await listedBy(part, home, keyIn(recorder, jwt)))).toEqual({
        code: 1,
        words: expect.stringContaining(ofExpired),
      });
      expect(recorder.asked()).toEqual(prologue(recorder, 'jwt'));
    });

    test('login without a key is refused with the way to log in, and nothing is kept', async () => {
      const { served, recorder, home } = await recorded();
      expect(told(await tfy(['login', '--host', recorder.origin], home))).toEqual({
        code: 1,
        words: expect.stringContaining(
          `There is no device login on this server yet. Make a personal access token at ${served.origin}, and set ` +
            `TFY_HOST to ${served.origin} and TFY_API_KEY to the token (tfy 0.16 and older take only one of type jwt)`,
        ),
      });
      const [session, ...before] = [...prologue(recorder)].reverse();
      expect(session).toBe(`GET ${API}/session`);
      expect(recorder.asked()).toEqual([...before.reverse(), `POST ${API}/oauth2/device-authorize`]);
      expect(keptIn(home)).toBeUndefined();
    });
  });
}

describe.skipIf(!has('tfy-0.16.1'))(needing('tfy-0.16.1', 'only command lines before 0.17'), () => {
  test('an opaque key is refused by the command line itself, which asks nobody and keeps nothing', async () => {
    const { served, recorder, home } = await recorded();
    const login = ['login', '--host', recorder.origin, '--api-key', served.token.reveal()];
    expect(told(await tfyOf('tfy-0.16.1')(login, home))).toEqual({
      code: 1,
      words: expect.stringContaining('Not enough segments'),
    });
    expect(recorder.asked()).toEqual([]);
    expect(keptIn(home)).toBeUndefined();
  });
});
