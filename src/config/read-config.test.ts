import { describe, expect, test } from 'vitest';
import { type Config, LOG_LEVELS, readConfig, SETTINGS } from './read-config.ts';

const DEFAULTS: Record<keyof Config, unknown> = {
  listen: { host: '127.0.0.1', port: 7080 },
  data: 'data',
  rootKeyFile: undefined,
  tenant: 'default',
  adminEmail: undefined,
  adminPasswordFile: undefined,
  bootstrapTokenFile: undefined,
  logLevel: 'info',
  testStopAt: undefined,
  testClockMs: 0,
};

test('nothing needs to be set', () => {
  expect(readConfig({})).toEqual({ ok: true, config: DEFAULTS });
});

test('a variable that is empty is not set, whichever it is', () => {
  const empty = Object.values(SETTINGS).map(({ env }) => [env, '']);
  expect(readConfig(Object.fromEntries(empty))).toEqual({ ok: true, config: DEFAULTS });
});

test.each([
  { flag: 'data', problem: /^--data must not be empty/ },
  { flag: 'listen', problem: /^--listen must be host:port/ },
  { flag: 'tenant', problem: /^--tenant is not usable/ },
  { flag: 'log-level', problem: /^--log-level must be one of/ },
])('a flag that is empty is one all the same, and --$flag must not be', ({ flag, problem }) => {
  expect(readConfig({}, { [flag]: '' })).toEqual({ ok: false, problems: [expect.stringMatching(problem)] });
});

/** Each setting with a value that is not its default, and what that becomes. */
const GIVEN: Readonly<Record<keyof Config, readonly [text: string, value: unknown]>> = {
  listen: ['[::1]:0', { host: '::1', port: 0 }],
  data: ['/srv/countersign', '/srv/countersign'],
  rootKeyFile: ['/run/root.key', '/run/root.key'],
  tenant: ['acme', 'acme'],
  adminEmail: ['ann@example.com', 'ann@example.com'],
  adminPasswordFile: ['/run/password', '/run/password'],
  bootstrapTokenFile: ['/run/token', '/run/token'],
  logLevel: ['silent', 'silent'],
  testStopAt: ['keys.made', 'keys.made'],
  testClockMs: ['-3600000', -3_600_000],
};
const SET = Object.entries(GIVEN).map(([key, [text, value]]) => ({ key: key as keyof Config, text, value }));
/** Those that are no problem by themselves. */
const beside = (key: keyof Config): Record<string, string> => {
  if (key === 'adminEmail') return { COUNTERSIGN_ADMIN_PASSWORD_FILE: GIVEN.adminPasswordFile[0] };
  if (key === 'adminPasswordFile') return { COUNTERSIGN_ADMIN_EMAIL: GIVEN.adminEmail[0] };
  return {};
};

test.each(SET)('$key is read from the environment', ({ key, text, value }) => {
  const read = readConfig({ [SETTINGS[key].env]: text, ...beside(key) });
  expect(read).toMatchObject({ ok: true, config: { [key]: value } });
});

const FLAGS = { listen: 'listen', data: 'data', rootKeyFile: 'root-key-file', tenant: 'tenant' } as const;
const MORE_FLAGS = { bootstrapTokenFile: 'bootstrap-token-file', logLevel: 'log-level' } as const;

test('these settings have a flag; nothing that a list of processes must not show has one', () => {
  const flags = Object.entries(SETTINGS).flatMap(([key, { flag }]) => (flag === undefined ? [] : [[key, flag]]));
  expect(Object.fromEntries(flags)).toEqual({ ...FLAGS, ...MORE_FLAGS });
});

test.each(Object.entries({ ...FLAGS, ...MORE_FLAGS }))(
  '%s is read from --%s, which goes before the variable',
  (key, flag) => {
    const [text, value] = GIVEN[key as keyof Config];
    const { env } = SETTINGS[key as keyof Config];
    expect(readConfig({ [env]: 'what is no use' }, { [flag]: text })).toEqual({
      ok: true,
      config: { ...DEFAULTS, [key]: value },
    });
  },
);

test('a flag that is wrong is named as the flag', () => {
  expect(readConfig({ COUNTERSIGN_LISTEN: '127.0.0.1:80' }, { listen: 'nowhere' })).toEqual({
    ok: false,
    problems: [expect.stringMatching(/^--listen must be host:port/)],
  });
});

describe('an address to listen on', () => {
  test.each(['127.0.0.1:0', '127.0.0.1:65535', '127.255.255.254:1', '127.1.2.3:80', 'localhost:7080', '[::1]:7080'])(
    '%s is loopback, and taken',
    (listen) => {
      const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(listen) ?? [];
      expect(readConfig({ COUNTERSIGN_LISTEN: listen })).toMatchObject({
        ok: true,
        config: { listen: { host, port: Number(port) } },
      });
    },
  );

  test.each([
    '0.0.0.0:80',
    '[::]:80',
    '10.0.0.1:80',
    '128.0.0.1:80',
    '127.0.0.1.evil.com:80',
    'evil.127.0.0.1:80',
    '127.999.1.1:80', // no address, so it would be looked up as a name
    '127.0.0.256:80',
    '127.0.0.01:80',
    '127.1:80',
    '2130706433:80',
    '0x7f.0.0.1:80',
    'localhost.evil.com:80',
    'localhost.:80',
    'LOCALHOST:80',
    'example.com:443',
    '[::ffff:127.0.0.1]:80',
    '[::1:1]:80',
    '[fe80::1]:80',
  ])('%s is not loopback, and refused', (listen) => {
    expect(readConfig({ COUNTERSIGN_LISTEN: listen })).toEqual({
      ok: false,
      problems: [expect.stringMatching(/^COUNTERSIGN_LISTEN must be a loopback address: others need TLS/)],
    });
  });

  test.each([
    '127.0.0.1',
    '127.0.0.1:',
    ':80',
    '80',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:8o',
    '::1:7080',
    '[::1]',
    '[localhost]:80',
    'http://127.0.0.1:80',
    '127.0.0.1:80/',
    '127.0.0.1:80\n',
    ' 127.0.0.1:80',
  ])('%j is no address, and refused', (listen) => {
    expect(readConfig({ COUNTERSIGN_LISTEN: listen })).toEqual({
      ok: false,
      problems: [expect.stringMatching(/^COUNTERSIGN_LISTEN must be host:port, as 127\.0\.0\.1:7080 or \[::1\]:7080/)],
    });
  });
});

test.each(LOG_LEVELS)('the log level %s is one', (logLevel) => {
  expect(readConfig({ COUNTERSIGN_LOG_LEVEL: logLevel })).toMatchObject({ ok: true, config: { logLevel } });
});

test.each(['1h', '1.5', '+1', ' 1', '1e3', '9'.repeat(16)])('a clock ahead by %j is refused', (ms) => {
  expect(readConfig({ COUNTERSIGN_TEST_CLOCK: ms })).toEqual({
    ok: false,
    problems: [expect.stringMatching(/^COUNTERSIGN_TEST_CLOCK must be a number of ms/)],
  });
});

describe('a variable', () => {
  test.each(['COUNTERSIGN_LISTNE', 'COUNTERSIGN_', 'COUNTERSIGN_listen', 'COUNTERSIGN_TESTS'])(
    '%s is no setting, and refused: a typing error must not become a default',
    (name) => {
      expect(readConfig({ [name]: 'x' })).toEqual({ ok: false, problems: [`${name} is not a setting`] });
    },
  );

  test.each(['COUNTERSIGN_TEST_RAN', 'COUNTERSIGN_TEST_REQUIRE', 'COUNTERSIGNED', 'HOME', 'TFY_HOST'])(
    '%s is not ours to refuse',
    (name) => {
      expect(readConfig({ [name]: 'x' })).toEqual({ ok: true, config: DEFAULTS });
    },
  );
});

test.each([
  { given: 'COUNTERSIGN_ADMIN_EMAIL', text: 'ann@example.com', missing: 'COUNTERSIGN_ADMIN_PASSWORD_FILE' },
  { given: 'COUNTERSIGN_ADMIN_PASSWORD_FILE', text: '/run/password', missing: 'COUNTERSIGN_ADMIN_EMAIL' },
])('$given alone is refused', ({ given, text, missing }) => {
  expect(readConfig({ [given]: text })).toEqual({ ok: false, problems: [`${given} needs ${missing} beside it`] });
});

test('everything that is wrong is said at once, each with what it is for, and no value is repeated', () => {
  const env = {
    COUNTERSIGN_PASSWORD: 'hunter2-hunter2',
    COUNTERSIGN_LISTEN: 'hunter2',
    COUNTERSIGN_TENANT: 'hunter2 hunter2',
    COUNTERSIGN_ADMIN_EMAIL: 'hunter2',
    COUNTERSIGN_LOG_LEVEL: 'hunter2',
    COUNTERSIGN_TEST_CLOCK: 'hunter2',
  };
  const read = readConfig(env, { data: '' });
  expect(read).toEqual({
    ok: false,
    problems: [
      'COUNTERSIGN_PASSWORD is not a setting',
      expect.stringMatching(/^COUNTERSIGN_LISTEN must be host:port.* \(host:port to serve on/),
      expect.stringMatching(/^--data must not be empty \(folder of the database/),
      expect.stringMatching(/^COUNTERSIGN_TENANT is not usable: .* \(name of the tenant/),
      expect.stringMatching(/^COUNTERSIGN_ADMIN_EMAIL is not usable: .* \(e-mail address/),
      expect.stringMatching(/^COUNTERSIGN_LOG_LEVEL must be one of debug, info, warn, error, silent \(least severe/),
      expect.stringMatching(/^COUNTERSIGN_TEST_CLOCK must be a number of ms \(for fault tests/),
    ],
  });
  expect(JSON.stringify(read)).not.toContain('hunter2');
});
