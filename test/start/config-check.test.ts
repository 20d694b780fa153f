import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { SETTINGS } from '#config/read-config.ts';
import { hasOpenssl, newPair } from '#support/certificates.ts';
import { temporaryFolder } from '#support/folder.ts';
import { serving, spawned } from '#support/process.ts';

let data: string;
beforeEach(() => {
  data = join(temporaryFolder(), 'data');
});

type Env = Readonly<Record<string, string>>;

/** The command as a process, with this environment alone. */
function check(args: readonly string[], env: Env = {}) {
  const command = [resolve('src/main/bin.ts'), 'config', 'check', '--data', data, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { env, encoding: 'utf8' });
  return {
    status,
    stdout,
    problems: stderr
      .trimEnd()
      .split('\n')
      .filter((line) => line !== ''),
  };
}

/** What `--json` says of each setting, by its name. */
function settingsIn(stdout: string): Readonly<Record<string, { value: unknown; usable: boolean; from: string }>> {
  const { settings } = JSON.parse(stdout) as {
    settings: { name: string; value: unknown; usable: boolean; from: string }[];
  };
  return Object.fromEntries(settings.map(({ name, ...said }) => [name, said]));
}

test('every setting is shown with its value and where that comes from, in a table and as JSON', () => {
  const env = { COUNTERSIGN_TENANT: 'acme', COUNTERSIGN_LISTEN: '127.0.0.1:1', COUNTERSIGN_LOG_LEVEL: '' };
  const { status, stdout, problems } = check(['--listen', '[::1]:7', '--insecure-http'], env);
  expect({ status, problems }).toEqual({ status: 0, problems: [] });
  const [table = '', notes] = stdout.split('\n\n');
  expect(notes?.trimEnd().split('\n')).toEqual([
    'Not checked: whether the address is one of this machine, and free',
    'Not checked: whether a server runs on the data folder already',
  ]);
  const rows = Object.fromEntries(
    table.split('\n').map((line) => [line.split(/\s+/)[0], line.split(/ {2,}/).slice(1)]),
  );
  expect(Object.keys(rows)).toEqual(Object.values(SETTINGS).map(({ env: name }) => name));
  const shown = {
    COUNTERSIGN_LISTEN: ['[::1]:7', '--listen'],
    COUNTERSIGN_DATA: [data, '--data'],
    COUNTERSIGN_ROOT_KEY_FILE: [join(data, 'root.key'), 'default'],
    COUNTERSIGN_TENANT: ['acme', 'environment'],
    COUNTERSIGN_LOG_LEVEL: ['info', 'default'],
    COUNTERSIGN_INSECURE_HTTP: ['true', '--insecure-http'],
    COUNTERSIGN_PUBLIC_URL: ['(not set)', 'default'],
  };
  expect(rows).toMatchObject(shown);
  const json = check(['--listen', '[::1]:7', '--insecure-http', '--json'], env);
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, problems: [] });
  const said = Object.fromEntries(
    Object.entries(shown).map(([name, [value, from]]) => [
      name,
      { value: value === '(not set)' ? null : value, usable: true, from },
    ]),
  );
  expect(settingsIn(json.stdout)).toMatchObject(said);
});

test('nothing is made, and no file’s content is shown', () => {
  const password = join(temporaryFolder(), 'password');
  writeFileSync(password, 'correct horse battery staple', { mode: 0o600 });
  const env = { COUNTERSIGN_ADMIN_EMAIL: 'admin@example.com', COUNTERSIGN_ADMIN_PASSWORD_FILE: password };
  for (const args of [[], ['--json']]) {
    const { status, stdout } = check(args, env);
    expect(status).toBe(0);
    expect(stdout).toContain(password);
    expect(stdout).not.toContain('horse');
  }
  expect(existsSync(data)).toBe(false);
});

describe('what is wrong', () => {
  const WRONG = {
    COUNTERSIGN_LISTNE: 'hunter2',
    COUNTERSIGN_LISTEN: '0.0.0.0:443',
    COUNTERSIGN_TENANT: 'hunter2 hunter2',
    COUNTERSIGN_TLS_KEY: '/run/key.pem',
  };

  test('is said at once, as a start would say it, with 2; what may be a password in the wrong place is not shown', () => {
    const { status, stdout, problems } = check([], { ...WRONG, COUNTERSIGN_TLS_KEY: '' });
    expect({ status, problems }).toEqual({
      status: 2,
      problems: [
        'countersign: COUNTERSIGN_LISTNE is not a setting',
        expect.stringMatching(/^countersign: COUNTERSIGN_TENANT is not usable/),
        expect.stringMatching(/^countersign: COUNTERSIGN_LISTEN must be a loopback address/),
      ],
    });
    expect(stdout).toMatch(/COUNTERSIGN_TENANT +\(not usable\) +environment/);
    expect(stdout + problems).not.toContain('hunter2');
  });

  test('is in the JSON, which is whole even where a flag is not known', () => {
    const { status, stdout, problems } = check(['--json', '--lisen', 'x'], WRONG);
    expect({ status, problems, said: JSON.parse(stdout) }).toEqual({
      ...{ status: 2, problems: [] },
      said: {
        ok: false,
        problems: [
          expect.stringContaining("Unknown option '--lisen'"),
          'COUNTERSIGN_LISTNE is not a setting',
          expect.stringContaining('COUNTERSIGN_TENANT is not usable'),
          'COUNTERSIGN_TLS_KEY needs COUNTERSIGN_TLS_CERT beside it',
          expect.stringContaining('COUNTERSIGN_LISTEN must be a loopback address'),
        ],
        warnings: [],
        notChecked: ['the files and folders, as long as the settings are wrong'],
        settings: expect.any(Array),
      },
    });
    expect(settingsIn(stdout).COUNTERSIGN_TENANT).toEqual({ value: null, usable: false, from: 'environment' });
    expect(stdout).not.toContain('hunter2');
  });

  test.skipIf(!hasOpenssl)('with files is said too, all at once, with 1 (needs openssl)', () => {
    const key = join(data, 'root.key');
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(key, 'short', { mode: 0o600 });
    chmodSync(data, 0o777);
    const pair = newPair({ days: 0 });
    const env = {
      COUNTERSIGN_ADMIN_EMAIL: 'admin@example.com',
      COUNTERSIGN_ADMIN_PASSWORD_FILE: join(data, 'nowhere'),
    };
    const { status, problems } = check(['--tls-cert', pair.cert, '--tls-key', pair.key], env);
    expect({ status, problems }).toEqual({
      status: 1,
      problems: [
        expect.stringContaining(`The data folder ${data} can be read or changed by other users`),
        expect.stringContaining(`The root key ${key} has 5 bytes, and should have 32.`),
        expect.stringContaining(`The password file ${join(data, 'nowhere')} is not there`),
        expect.stringContaining(`The TLS certificate ${pair.cert} expired at`),
      ],
    });
    chmodSync(data, 0o700);
    writeFileSync(key, Buffer.alloc(32), { mode: 0o600 });
    chmodSync(key, 0o644);
    expect(check([]).problems).toEqual([expect.stringContaining(`The root key ${key} can be read or changed`)]);
    expect(readdirSync(data)).toEqual(['root.key']);
  });
});

/** What a start refuses because of what lies there, before it makes anything. */
describe('what a start would refuse', () => {
  const outside = () => join(data, '..');
  const ADMIN = { COUNTERSIGN_ADMIN_EMAIL: 'admin@example.com' };
  const withPassword = (text: string) => {
    writeFileSync(join(outside(), 'password'), text, { mode: 0o600 });
    return { env: { ...ADMIN, COUNTERSIGN_ADMIN_PASSWORD_FILE: join(outside(), 'password') } };
  };
  type Wrong = { readonly args?: readonly string[]; readonly env?: Env };

  test.each<{ what: string; make: () => Wrong; says: string }>([
    {
      what: 'files of somebody else',
      make: () => {
        mkdirSync(data, { mode: 0o700 });
        writeFileSync(join(data, 'theirs'), '');
        return {};
      },
      says: 'holds other files (theirs) and no database of Countersign',
    },
    {
      what: 'a path too long for a socket',
      make: () => ({ args: ['--data', join(data, 'd'.repeat(100))] }),
      says: 'is too long for a socket',
    },
    {
      what: 'a data folder inside a file',
      make: () => {
        writeFileSync(join(outside(), 'file'), '');
        return { args: ['--data', join(outside(), 'file', 'data')] };
      },
      says: 'is not a folder, or lies in something that is none',
    },
    { what: 'a password that is too short', make: () => withPassword('short'), says: 'A password has 12 to 256' },
    {
      what: 'a bootstrap file in the way',
      make: () => {
        writeFileSync(join(outside(), 'token'), '');
        return { ...withPassword('correct horse battery'), args: ['--bootstrap-token-file', join(outside(), 'token')] };
      },
      says: 'token is in the way: it does not hold the first token',
    },
    {
      what: 'a bootstrap file without a folder',
      make: () => ({
        ...withPassword('correct horse battery'),
        args: ['--bootstrap-token-file', join(outside(), 'nowhere', 'token')],
      }),
      says: 'nowhere is not there. Make that, or choose another.',
    },
    {
      what: 'a bootstrap file for nobody',
      make: () => ({ args: ['--bootstrap-token-file', join(outside(), 'token')] }),
      says: 'A first token needs an administrator whose it is',
    },
    {
      what: 'a root key without a folder',
      make: () => ({ args: ['--root-key-file', join(outside(), 'nowhere', 'key')] }),
      says: 'nowhere is not there. Make that, or choose another.',
    },
    {
      what: 'a root key of another size',
      make: () => {
        writeFileSync(join(outside(), 'key'), 'short', { mode: 0o600 });
        return { args: ['--root-key-file', join(outside(), 'key')] };
      },
      says: 'has 5 bytes, and should have 32',
    },
  ])('is told of $what, in the same words and with the same 1, and neither makes anything', async ({ make, says }) => {
    const { args = [], env = {} } = make();
    const before = readdirSync(outside(), { recursive: true });
    const told = check(args, env);
    expect({ status: told.status, problems: told.problems }).toEqual({
      status: 1,
      problems: [expect.stringContaining(says)],
    });
    const command = ['serve', '--listen', '127.0.0.1:0', '--data', data, ...args];
    const started = await spawned(command, env).ended;
    expect(started).toMatchObject({ code: 1, said: `${told.problems[0]}\n` });
    expect(readdirSync(outside(), { recursive: true })).toEqual(before);
  });

  test('is not told of what only the database knows, and that is said', async () => {
    const first = await serving(data);
    first.process.kill('SIGKILL');
    await first.ended;
    rmSync(join(data, 'root.key'));
    const { status, stdout, problems } = check([], {
      ...ADMIN,
      COUNTERSIGN_ADMIN_PASSWORD_FILE: join(outside(), 'gone'),
    });
    expect({ status, problems }).toEqual({
      status: 0,
      problems: [
        expect.stringMatching(/^countersign: WARNING: The root key .*root\.key is missing, and there is a database/),
      ],
    });
    expect(stdout).toContain('Not checked: whether the database is of this tenant');
    expect(stdout).toContain('Not checked: the files of an unattended first start');
  });
});

test.skipIf(!hasOpenssl)('what a start warns of is told, and is no reason to fail (needs openssl)', () => {
  const { cert, key } = newPair({ days: 5 });
  const args = ['--tls-cert', cert, '--tls-key', key, '--public-url', 'https://tokens.example.com'];
  expect(check(args)).toMatchObject({
    status: 0,
    problems: [expect.stringContaining(`WARNING: The TLS certificate ${cert} does not name tokens.example.com`)],
  });
  const { stdout } = check(['--json', ...args]);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    warnings: [expect.stringContaining('does not name tokens.example.com')],
    notChecked: [expect.stringContaining('whether the address'), expect.stringContaining('whether a server')],
  });
});

test.each([[], ['chekc'], ['--data', 'x']])('config %s is not understood: 2, and how it is used', (...args) => {
  const asked = [resolve('src/main/bin.ts'), 'config', ...args];
  const { status, stderr } = spawnSync(process.execPath, asked, { env: {}, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('Usage: countersign config check') });
});
