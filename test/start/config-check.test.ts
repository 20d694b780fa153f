import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { SETTINGS } from '#config/read-config.ts';
import { hasOpenssl, newPair } from '#support/certificates.ts';
import { temporaryFolder } from '#support/folder.ts';

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
  const rows = Object.fromEntries(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => [line.split(/\s+/)[0], line.split(/ {2,}/).slice(1)]),
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
        settings: expect.any(Array),
      },
    });
    expect(settingsIn(stdout).COUNTERSIGN_TENANT).toEqual({ value: null, usable: false, from: 'environment' });
    expect(stdout).not.toContain('hunter2');
  });

  test.skipIf(!hasOpenssl)('with files is said too, all at once (needs openssl)', () => {
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
      status: 2,
      problems: [
        expect.stringContaining(`The data folder ${data} can be read or changed by other users`),
        expect.stringContaining(`The root key ${key} has 5 bytes, and should have 32.`),
        expect.stringContaining(`The TLS certificate ${pair.cert} expired at`),
        expect.stringContaining(`The password file ${join(data, 'nowhere')} is not there`),
      ],
    });
    chmodSync(data, 0o700);
    writeFileSync(key, Buffer.alloc(32), { mode: 0o600 });
    chmodSync(key, 0o644);
    expect(check([]).problems).toEqual([expect.stringContaining(`The root key ${key} can be read or changed`)]);
    expect(readdirSync(data)).toEqual(['root.key']);
  });
});

test.each([[], ['chekc'], ['--data', 'x']])('config %s is not understood: 2, and how it is used', (...args) => {
  const asked = [resolve('src/main/bin.ts'), 'config', ...args];
  const { status, stderr } = spawnSync(process.execPath, asked, { env: {}, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('Usage: countersign config check') });
});
