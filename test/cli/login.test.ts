import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { instance, newToken, revoke } from '../clients/instance.ts';
import { isRoot } from '../start/spawn.ts';
import { countersign, type Env, pipeline } from './program.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const BAD_KEY = `tfy_pat_${'0'.repeat(49)}`;

const to = await instance();

/** A person without anything, and where their profile will be. */
function person() {
  const config = temporaryFolder();
  return {
    env: { XDG_CONFIG_HOME: config },
    folder: join(config, 'countersign'),
    profile: join(config, 'countersign', 'profile.json'),
  };
}

const login = (env: Env) => countersign(['login', '--host', to.origin], { env, input: `${to.token.reveal()}\n` });

describe('login', () => {
  test('keeps host and token where only their owner can read them, and every command finds them there', async () => {
    const { env, folder, profile } = person();
    expect(await login(env)).toMatchObject({
      code: 0,
      out: expect.stringContaining('as admin@example.com'),
      err: '',
    });
    expect([modeOf(folder), modeOf(profile)]).toEqual(['700', '600']);
    expect(JSON.parse(readFileSync(profile, 'utf8'))).toEqual({ host: to.origin, key: to.token.reveal() });
    const whoami = await countersign(['whoami'], { env });
    expect(whoami).toMatchObject({ code: 0, out: expect.stringContaining('Identity: admin@example.com (user)') });
    const out = await countersign(['logout'], { env });
    expect([out.code, existsSync(profile)]).toEqual([0, false]);
    expect((await countersign(['whoami'], { env })).err).toContain('Not logged in.');
  });

  test('a token that the server does not take is not kept, and an older profile stays as it was', async () => {
    const { env, profile } = person();
    const refused = await countersign(['login', '--host', to.origin], { env, input: BAD_KEY });
    expect([refused.code, refused.out, existsSync(profile)]).toEqual([1, '', false]);
    await login(env);
    const before = readFileSync(profile, 'utf8');
    expect((await countersign(['login', '--host', to.origin], { env, input: BAD_KEY })).code).toBe(1);
    expect(readFileSync(profile, 'utf8')).toBe(before);
  });

  test('replaces a profile that others could read, and closes its folder', async () => {
    const { env, folder, profile } = person();
    mkdirSync(folder, { mode: 0o755 });
    writeFileSync(profile, '{}', { mode: 0o644 });
    expect((await login(env)).code).toBe(0);
    expect([modeOf(folder), modeOf(profile)]).toEqual(['700', '600']);
  });

  test.each([
    { what: 'as a word', words: [BAD_KEY] },
    { what: 'as an option', words: ['--token', BAD_KEY] },
    { what: 'as an option with =', words: [`--api-key=${BAD_KEY}`] },
    { what: 'within an address', words: ['--host', `https://${BAD_KEY}@example.com`] },
    { what: 'as a JWT', words: ['eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln'] },
    { what: 'of another shape behind --token', words: ['--token', 'hunter2hunter2'] },
  ])('a credential given $what is refused before anything is asked, and not said again', async ({ words }) => {
    for (const args of [
      ['login', '--host', 'http://127.0.0.1:1', ...words],
      ['whoami', ...words],
      ['tokens', 'list', ...words],
    ]) {
      const { code, out, err } = await countersign(args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(/never from (?:here|the command line)/);
      expect(err).not.toMatch(/0{8}|hunter2|eyJ/);
    }
  });

  test('a file whose name only begins as a credential does is taken for a file', async () => {
    const answer = await countersign(['tokens', 'check', '--file', './tfy_pat_production']);
    expect(answer).toMatchObject({ code: 1, err: expect.stringContaining('is not there') });
  });

  test('a credential instead of a command, or as a word too many, is not said again', async () => {
    for (const args of [[BAD_KEY], ['tokens', BAD_KEY], ['whoami', 'hunter2hunter2']]) {
      const { code, out, err } = await countersign(args);
      expect({ args, code, out, echoed: /0{8}|hunter2/.test(err) }).toEqual({ args, code: 2, out: '', echoed: false });
    }
  });

  test.each([
    { host: 'http://countersign.example.com', said: 'is plain HTTP to another machine', code: 1 },
    { host: 'http://127.0.0.1.example.com', said: 'is plain HTTP to another machine', code: 1 },
    { host: 'countersign.example.com', said: 'must begin with https:// or http://', code: 2 },
    { host: 'ftp://example.com', said: 'must begin with https:// or http://', code: 2 },
    { host: 'https://a:b@example.com', said: 'must not hold a name or a password', code: 2 },
    { host: 'https://example.com/console', said: 'must name a host and nothing behind it', code: 2 },
  ])('$host: $said', async ({ host, said, code }) => {
    const answer = await countersign(['login', '--host', host], { input: BAD_KEY });
    expect(answer).toMatchObject({ code, out: '', err: expect.stringContaining(said) });
  });

  test('the address that public clients are given works, with /api/svc behind it or a slash', async () => {
    for (const TFY_BASE_URL of [`${to.origin}/api/svc`, `${to.origin}/`]) {
      expect((await countersign(['whoami'], { env: { TFY_BASE_URL, TFY_API_KEY: to.token.reveal() } })).code).toBe(0);
    }
  });

  test.each([
    { what: 'nothing', input: '', said: 'There is no key in' },
    { what: 'two words', input: 'hunter2hunter2 hunter3', said: 'must be one word' },
    { what: 'a control character', input: 'hunter2\u0007hunter3', said: 'must be one word' },
    { what: 'letters that no header holds', input: 'hunter2é', said: 'must be one word' },
  ])('$what on standard input is no key, and is not said again', async ({ input, said }) => {
    const { code, err } = await countersign(['login', '--host', 'http://127.0.0.1:1'], { input });
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    expect(err).not.toContain('hunter');
  });
});

describe.skipIf(!isRoot)('for a user without a home (needs root, to become one)', () => {
  const user = { uid: 54_321, gid: 54_321 };
  const env = { HOME: '' };

  test('what needs a profile says what to set; what needs none works', async () => {
    for (const args of [['whoami'], ['logout'], ['login', '--host', 'http://127.0.0.1:1'], ['status']]) {
      const { code, out, err } = await countersign(args, { env, user, input: BAD_KEY });
      expect({ args, code, said: out + err }).toEqual({
        ...{ args, code: 1 },
        said: expect.stringContaining('set HOME or XDG_CONFIG_HOME, or TFY_HOST and TFY_API_KEY'),
      });
    }
    const asked = { ...env, TFY_HOST: 'http://127.0.0.1:1', TFY_API_KEY: BAD_KEY };
    expect((await countersign(['whoami'], { env: asked, user })).err).toContain('nothing listens there');
    expect((await countersign(['tokens', 'check'], { env, user, input: BAD_KEY })).err).toBe('');
  });
});

describe('an option', () => {
  test('that is empty is not one left out', async () => {
    for (const [option, ...command] of [
      ['--out', 'tokens', 'create', 'one'],
      ['--reason', 'tokens', 'revoke', 'one', '--yes'],
      ['--file', 'tokens', 'check'],
      ['--host', 'login'],
    ] as const) {
      const { code, out, err } = await countersign([...command, option, '']);
      expect([code, out, err]).toEqual([2, '', expect.stringContaining(`${option} must not be empty`)]);
    }
  });
});

describe('a profile', () => {
  test.each([
    {
      what: 'others could read',
      spoil: ({ profile }: ReturnType<typeof person>) => chmodSync(profile, 0o604),
      said: 'can be read or changed',
    },
    {
      what: 'the group could read',
      spoil: ({ profile }: ReturnType<typeof person>) => chmodSync(profile, 0o640),
      said: 'can be read or changed',
    },
    {
      what: 'lies where others could replace it',
      spoil: ({ folder }: ReturnType<typeof person>) => chmodSync(folder, 0o722),
      said: 'can be read or changed',
    },
    {
      what: 'was cut short',
      spoil: ({ profile }: ReturnType<typeof person>) => writeFileSync(profile, '{"host":'),
      said: 'is damaged. Log in again',
    },
  ])('that $what is refused, and its key is not used', async ({ spoil, said }) => {
    const someone = person();
    await login(someone.env);
    spoil(someone);
    expect(await countersign(['whoami'], { env: someone.env })).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(said),
    });
  });

  test('gives its key to no other host, whatever the environment names', async () => {
    const { env } = person();
    await login(env);
    const other = await countersign(['whoami'], { env: { ...env, TFY_HOST: 'http://127.0.0.1:1' } });
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('it is not sent elsewhere') });
    expect((await countersign(['whoami'], { env: { ...env, TFY_HOST: to.origin } })).code).toBe(0);
  });
});

describe('the environment', () => {
  test('goes before the profile; set to nothing it counts as unset', async () => {
    const { env } = person();
    await login(env);
    const second = await newToken(to, 'second');
    const by = async (more: Env) => (await countersign(['whoami'], { env: { ...env, ...more } })).out;
    expect(await by({})).toContain('Token:    bootstrap');
    expect(await by({ TFY_API_KEY: second.reveal() })).toContain('Token:    second');
    expect(await by({ TFY_API_KEY: '', TFY_HOST: '', TFY_BASE_URL: '' })).toContain('Token:    bootstrap');
    await revoke(to, second);
    const dead = await countersign(['whoami'], { env: { ...env, TFY_API_KEY: second.reveal() } });
    expect(dead).toMatchObject({ code: 1, err: expect.stringContaining('does not accept the key in TFY_API_KEY') });
  });

  test('that names two hosts is refused, and both are named', async () => {
    const env = { TFY_HOST: 'https://one.example', TFY_BASE_URL: 'https://two.example', TFY_API_KEY: 'k' };
    const { code, err } = await countersign(['whoami'], { env });
    expect([code, err]).toEqual([2, expect.stringMatching(/https:\/\/one\.example .* https:\/\/two\.example/)]);
  });

  test('that names one host twice is understood', async () => {
    const env = { ...pipeline(to), TFY_BASE_URL: `${to.origin}/api/svc` };
    expect((await countersign(['whoami'], { env })).code).toBe(0);
  });
});
