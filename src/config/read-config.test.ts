import { describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
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
  tlsCertFile: undefined,
  tlsKeyFile: undefined,
  publicUrl: undefined,
  trustedProxies: [],
  proxyHeader: 'x-forwarded-for',
  insecureHttp: false,
  requestsPerAddressMax: 20_000,
  requestsPerTokenMax: 10_000,
  requestsPerPrincipalMax: 30_000,
  requestsPerTenantMax: 100_000,
  connectionsMax: 10_000,
  connectionsPerAddressMax: 1_000,
  egressAllow: [],
  databaseUrl: undefined,
  databaseConnectionsMax: 10,
  databasePooled: false,
  staleMsMax: 5_000,
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

const within = (network: string, port?: number) => ({ network, port });
const at = (host: string, port?: number) => ({ host, port });

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
  tlsCertFile: ['/run/cert.pem', '/run/cert.pem'],
  tlsKeyFile: ['/run/key.pem', '/run/key.pem'],
  publicUrl: ['https://tokens.example.com', 'https://tokens.example.com'],
  trustedProxies: ['10.0.0.7, fd00::/8', ['10.0.0.7/32', 'fd00::/8']],
  proxyHeader: ['forwarded', 'forwarded'],
  insecureHttp: ['1', true],
  requestsPerAddressMax: ['0', 0],
  requestsPerTokenMax: ['5', 5],
  requestsPerPrincipalMax: ['17', 17],
  requestsPerTenantMax: ['1000000000', 1_000_000_000],
  connectionsMax: ['100', 100],
  connectionsPerAddressMax: ['7', 7],
  egressAllow: ['10.0.0.0/8, vault.internal:8200', [within('10.0.0.0/8'), at('vault.internal', 8_200)]],
  databaseUrl: ['postgres://a:b@db.example/countersign', new Sensitive('postgres://a:b@db.example/countersign')],
  databaseConnectionsMax: ['40', 40],
  databasePooled: ['true', true],
  staleMsMax: ['60000', 60_000],
  testStopAt: ['keys.made', 'keys.made'],
  testClockMs: ['-3600000', -3_600_000],
};
const SET = Object.entries(GIVEN).map(([key, [text, value]]) => ({ key: key as keyof Config, text, value }));
/** Of a pair, the other one: neither is taken alone. */
const PAIRS: Partial<Record<keyof Config, keyof Config>> = {
  adminEmail: 'adminPasswordFile',
  adminPasswordFile: 'adminEmail',
  tlsCertFile: 'tlsKeyFile',
  tlsKeyFile: 'tlsCertFile',
};
const beside = (key: keyof Config): Record<string, string> => {
  const other = PAIRS[key];
  return other === undefined ? {} : { [SETTINGS[other].env]: GIVEN[other][0] };
};

test.each(SET)('$key is read from the environment', ({ key, text, value }) => {
  const read = readConfig({ [SETTINGS[key].env]: text, ...beside(key) });
  expect(read).toMatchObject({ ok: true, config: { [key]: value } });
});

const FLAGS = {
  listen: 'listen',
  data: 'data',
  rootKeyFile: 'root-key-file',
  tenant: 'tenant',
  bootstrapTokenFile: 'bootstrap-token-file',
  logLevel: 'log-level',
  tlsCertFile: 'tls-cert',
  tlsKeyFile: 'tls-key',
  publicUrl: 'public-url',
  trustedProxies: 'trusted-proxies',
  insecureHttp: 'insecure-http',
} as const;

test('these settings have a flag; nothing that a list of processes must not show has one', () => {
  const flags = Object.entries(SETTINGS).flatMap(([key, { flag }]) => (flag === undefined ? [] : [[key, flag]]));
  expect(Object.fromEntries(flags)).toEqual(FLAGS);
});

test.each(Object.entries(FLAGS))('%s is read from --%s, which goes before the variable', (key, flag) => {
  const [text, value] = GIVEN[key as keyof Config];
  const { env } = SETTINGS[key as keyof Config];
  const other = PAIRS[key as keyof Config];
  const pair = other === undefined ? {} : { [other]: GIVEN[other][1] };
  expect(readConfig({ [env]: 'what is no use', ...beside(key as keyof Config) }, { [flag]: text })).toEqual({
    ok: true,
    config: { ...DEFAULTS, [key]: value, ...pair },
  });
});

test('a flag that is wrong is named as the flag', () => {
  expect(readConfig({ COUNTERSIGN_LISTEN: '127.0.0.1:80' }, { listen: 'nowhere' })).toEqual({
    ok: false,
    problems: [expect.stringMatching(/^--listen must be host:port/)],
  });
});

describe('an address to listen on', () => {
  const parts = (listen: string) => /^\[?(.*?)\]?:(\d+)$/.exec(listen)?.slice(1) ?? [];
  const LOOPBACK = ['127.0.0.1:0', '127.0.0.1:65535', '127.255.255.254:1', '127.1.2.3:80', '[::1]:7080'];
  const BEYOND = [
    '0.0.0.0:80',
    '[::]:80',
    '10.0.0.1:80',
    '128.0.0.1:80',
    '[::1:1]:80',
    '[fe80::1]:80',
    '[::ffff:10.0.0.1]:80',
  ];

  test.each(LOOPBACK)('%s is loopback, and taken', (listen) => {
    const [host, port] = parts(listen);
    expect(readConfig({ COUNTERSIGN_LISTEN: listen })).toMatchObject({
      ok: true,
      config: { listen: { host, port: Number(port) } },
    });
  });

  test('localhost is one address: else another program could take the other that it may stand for', () => {
    const read = readConfig({ COUNTERSIGN_LISTEN: 'localhost:7080' });
    expect(read).toMatchObject({ ok: true, config: { listen: { host: '127.0.0.1', port: 7080 } } });
  });

  test.each(BEYOND)('%s is not loopback, and refused with the three ways to have it', (listen) => {
    const read = readConfig({ COUNTERSIGN_LISTEN: listen });
    expect(read).toEqual({ ok: false, problems: [expect.stringMatching(/^COUNTERSIGN_LISTEN must be a loopback/)] });
    for (const way of ['serve TLS (COUNTERSIGN_TLS_CERT', 'COUNTERSIGN_TRUSTED_PROXIES', '(--insecure-http)'])
      expect(JSON.stringify(read)).toContain(way);
  });

  const TLS = { COUNTERSIGN_TLS_CERT: 'cert.pem', COUNTERSIGN_TLS_KEY: 'key.pem' };
  const PUBLIC = { COUNTERSIGN_PUBLIC_URL: 'https://tokens.example.com' };
  const PROXIES = { COUNTERSIGN_TRUSTED_PROXIES: '10.0.0.7' };
  test.each([
    { what: 'TLS', env: TLS, taken: true },
    { what: 'a public URL and trusted proxies', env: { ...PUBLIC, ...PROXIES }, taken: true },
    { what: 'leave to be insecure', env: { COUNTERSIGN_INSECURE_HTTP: '1' }, taken: true },
    { what: 'a public URL alone', env: PUBLIC, taken: false },
    { what: 'trusted proxies alone', env: PROXIES, taken: false },
    {
      what: 'a public URL of this machine, and trusted proxies',
      env: { ...PROXIES, COUNTERSIGN_PUBLIC_URL: 'http://localhost:7080' },
      taken: false,
    },
    { what: 'no leave to be insecure', env: { COUNTERSIGN_INSECURE_HTTP: 'false' }, taken: false },
  ])('beyond loopback is taken with $what: $taken', ({ env, taken }) => {
    for (const listen of BEYOND) expect(readConfig({ ...env, COUNTERSIGN_LISTEN: listen }).ok).toBe(taken);
  });

  test.each([{ COUNTERSIGN_PUBLIC_URL: 'nowhere' }, { COUNTERSIGN_TRUSTED_PROXIES: 'nobody' }])(
    'is not found fault with while %j may have been meant to make it safe',
    (env) => {
      const read = readConfig({ COUNTERSIGN_LISTEN: '0.0.0.0:80', ...env });
      expect(read).toMatchObject({ ok: false, problems: [expect.stringContaining(Object.keys(env).join())] });
    },
  );

  test('beyond loopback refuses what is for tests', () => {
    const env = { ...TLS, COUNTERSIGN_TEST_STOP_AT: 'keys.made', COUNTERSIGN_TEST_CLOCK: '-1' };
    const problems = ['COUNTERSIGN_TEST_STOP_AT', 'COUNTERSIGN_TEST_CLOCK'].map(
      (name) => `${name} is for tests, and refused beyond loopback addresses`,
    );
    expect(readConfig({ ...env, COUNTERSIGN_LISTEN: '10.0.0.1:443' })).toEqual({ ok: false, problems });
    expect(readConfig(env)).toMatchObject({ ok: true });
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
    '127.999.1.1:80', // no address, so it would be looked up as a name
    '127.0.0.256:80',
    '127.0.0.01:80',
    '127.1:80',
    '2130706433:80',
    '0x7f.0.0.1:80',
    'example.com:443',
    '127.0.0.1.evil.com:80',
    'localhost.evil.com:80',
    'localhost.:80',
    'LOCALHOST:80',
    '[fe80::1%eth0]:80',
  ])('%j is none by number, and refused', (listen) => {
    expect(readConfig({ COUNTERSIGN_LISTEN: listen, COUNTERSIGN_INSECURE_HTTP: '1' })).toEqual({
      ok: false,
      problems: [expect.stringMatching(/^COUNTERSIGN_LISTEN must be host:port with the host by number, as 127/)],
    });
  });
});

/** What one setting makes of a text. */
const read = (key: keyof Config, text: string): unknown => {
  const parsed = SETTINGS[key].parse(text);
  return 'value' in parsed ? parsed.value : 'refused';
};

test.each([
  { text: 'https://tokens.example.com', origin: 'https://tokens.example.com' },
  { text: 'https://tokens.example.com/', origin: 'https://tokens.example.com' },
  { text: 'HTTPS://Tokens.Example.COM:443', origin: 'https://tokens.example.com' },
  { text: 'https://tokens.example.com:8443', origin: 'https://tokens.example.com:8443' },
  { text: 'https://[2001:db8::1]:8443', origin: 'https://[2001:db8::1]:8443' },
  { text: 'http://localhost:7080', origin: 'http://localhost:7080' },
  { text: 'http://127.0.0.1:7080', origin: 'http://127.0.0.1:7080' },
  { text: 'http://[::1]:7080', origin: 'http://[::1]:7080' },
  ...[
    'http://tokens.example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://10.0.0.1',
    'https://tokens.example.com/path',
    'https://tokens.example.com?',
    'https://tokens.example.com?a=b',
    'https://tokens.example.com#',
    'https://ann@tokens.example.com',
    'https://ann:secret@tokens.example.com',
    'https://',
    'https:tokens.example.com\n',
    'https:\\\\tokens.example.com',
    'ftp://tokens.example.com',
    'javascript:alert(1)',
    'tokens.example.com',
    'https://tokens.example.com ,https://x',
    '…',
  ].map((text) => ({ text, origin: 'refused' })),
])('the public URL $text is $origin', ({ text, origin }) => {
  expect(read('publicUrl', text)).toBe(origin);
});

test.each([
  { text: '10.0.0.7', trusted: ['10.0.0.7/32'] },
  { text: '10.0.0.0/8,192.168.0.0/16', trusted: ['10.0.0.0/8', '192.168.0.0/16'] },
  { text: ' 10.0.0.7 , ,fd00::/8, ', trusted: ['10.0.0.7/32', 'fd00::/8'] },
  { text: '2001:DB8:0:0::1', trusted: ['2001:db8::1/128'] },
  { text: '::1', trusted: ['::1/128'] },
  ...[
    '10.0.0.7/8', // the one or the network?
    'fd00::1/8',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '0.0.0.0/0', // everybody
    '::/0',
    '10/8',
    '10.1',
    '010.0.0.1',
    '0x0a.0.0.1',
    'proxy.example.com',
    'loopback',
    '::ffff:10.0.0.1',
    '::ffff:10.0.0.0/104',
    'fe80::1%eth0',
    '[::1]',
    '10.0.0.7:80',
    '10.0.0.7;10.0.0.8',
  ].map((text) => ({ text, trusted: 'refused' })),
])('trusted proxies $text are $trusted', ({ text, trusted }) => {
  expect(read('trustedProxies', text)).toEqual(trusted);
});

test.each([
  { text: '', open: [] },
  { text: '127.0.0.1', open: [within('127.0.0.1/32')] },
  { text: '10.0.0.0/8,fd00::/8', open: [within('10.0.0.0/8'), within('fd00::/8')] },
  { text: ' 10.0.0.7:8200 , ,[FD00::7]:443, ', open: [within('10.0.0.7/32', 8_200), within('fd00::7/128', 443)] },
  { text: 'fd00::7:443', open: [within('fd00::7:443/128')] }, // the last part; a port stands behind brackets
  { text: 'Vault.Internal,vault:8200', open: [at('vault.internal'), at('vault', 8_200)] },
  { text: 'fade,cafe:80,face.b00c', open: [at('fade'), at('cafe', 80), at('face.b00c')] },
  ...[
    '0.0.0.0/0', // everywhere
    '::/0',
    '10.0.0.7/8', // the one or the network?
    '10.0.0.0/8:443', // no address of one machine
    '[fd00::7]',
    '[fd00::/8]:443',
    '::ffff:10.0.0.1',
    'fe80::1%eth0',
    '10.1',
    '10.1:80',
    '010.0.0.1',
    '2130706433',
    '0x7f000001',
    'vault.0x1',
    'vault:0',
    'vault:080',
    'vault:65536',
    'vault:',
    ':80',
    '*',
    '*.internal', // whoever gets a name there gets in
    '.internal',
    'vault.internal.',
    'https://vault.internal',
    'vault.internal/keys',
    'ann@vault.internal',
    'a b',
    'tresor.münchen',
    '-vault',
  ].map((text) => ({ text, open: 'refused' })),
])('the way out to $text opens $open', ({ text, open }) => {
  expect(read('egressAllow', text)).toEqual(open);
});

test.each([
  ...['1', 'true'].map((text) => ({ text, value: true })),
  ...['0', 'false'].map((text) => ({ text, value: false })),
  ...['yes', 'TRUE', '', 'constructor', ' 1'].map((text) => ({ text, value: 'refused' })),
])('insecure HTTP of $text is $value', ({ text, value }) => {
  expect(read('insecureHttp', text)).toBe(value);
});

test.each(['-1', '1.5', '1e3', ' 1', '', '٣', '1000000001', '0x10', 'none'])('%j is no number of requests', (text) => {
  expect(read('requestsPerAddressMax', text)).toBe('refused');
});

test('links that begin with http:// are refused where TLS is served', () => {
  const env = { COUNTERSIGN_TLS_CERT: 'c', COUNTERSIGN_TLS_KEY: 'k', COUNTERSIGN_PUBLIC_URL: 'http://localhost:7080' };
  expect(readConfig(env)).toEqual({
    ok: false,
    problems: ['COUNTERSIGN_PUBLIC_URL must begin with https:// where TLS is served'],
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
  { given: 'COUNTERSIGN_TLS_CERT', text: '/run/cert.pem', missing: 'COUNTERSIGN_TLS_KEY' },
  { given: 'COUNTERSIGN_TLS_KEY', text: '/run/key.pem', missing: 'COUNTERSIGN_TLS_CERT' },
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
    COUNTERSIGN_PUBLIC_URL: 'https://hunter2:hunter2@example.com',
    COUNTERSIGN_TRUSTED_PROXIES: 'hunter2',
    COUNTERSIGN_PROXY_HEADER: 'hunter2',
    COUNTERSIGN_INSECURE_HTTP: 'hunter2',
    COUNTERSIGN_CONNECTIONS_MAX: 'hunter2',
    COUNTERSIGN_EGRESS_ALLOW: 'hunter2:hunter2',
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
      expect.stringMatching(/^COUNTERSIGN_PUBLIC_URL must be an address without .* \(what links begin with/),
      expect.stringMatching(/^COUNTERSIGN_TRUSTED_PROXIES must be addresses and networks, .* \(addresses and/),
      expect.stringMatching(/^COUNTERSIGN_PROXY_HEADER must be one of x-forwarded-for, forwarded \(the one/),
      expect.stringMatching(/^COUNTERSIGN_INSECURE_HTTP must be true or false \(plain HTTP/),
      expect.stringMatching(/^COUNTERSIGN_CONNECTIONS_MAX must be a whole number from 0 .* \(connections/),
      expect.stringMatching(/^COUNTERSIGN_EGRESS_ALLOW must be networks, .* \(networks and hosts/),
      expect.stringMatching(/^COUNTERSIGN_TEST_CLOCK must be a number of ms \(for fault tests/),
    ],
  });
  expect(JSON.stringify(read)).not.toContain('hunter2');
});
