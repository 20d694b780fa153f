import { expect, test } from 'vitest';
import { type Config, readConfig } from '#config/read-config.ts';
import { hostOf, termsOf, warningsOf } from './network.ts';

function configOf(flags: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}): Config {
  const read = readConfig(env, flags);
  if (!read.ok) throw new Error(read.problems.join('\n'));
  return read.config;
}

const TLS = { 'tls-cert': 'cert.pem', 'tls-key': 'key.pem' };
const PROXY = { 'public-url': 'https://tokens.example.com', 'trusted-proxies': '10.0.0.0/8' };
const OPEN = { listen: '10.0.0.1:7080' };
const INSECURE = { 'insecure-http': 'true' };

test.each([
  { what: 'on loopback', flags: {}, only: false },
  { what: 'on loopback, behind a proxy of this machine', flags: PROXY, only: false },
  { what: 'beyond, behind a proxy', flags: { ...OPEN, ...PROXY }, only: true },
  { what: 'beyond, with TLS', flags: { ...OPEN, ...TLS }, only: false },
  { what: 'beyond, with TLS behind a proxy', flags: { ...OPEN, ...PROXY, ...TLS }, only: false },
  { what: 'beyond, insecure', flags: { ...OPEN, ...INSECURE }, only: false },
  { what: 'beyond, insecure and behind a proxy', flags: { ...OPEN, ...PROXY, ...INSECURE }, only: false },
])('$what: only proxies may connect: $only', ({ flags, only }) => {
  expect(termsOf(configOf(flags), undefined).proxiesOnly).toBe(only);
});

test('limits hold as they are set, and without a setting too', () => {
  expect(termsOf(configOf({}), undefined)).toEqual({
    tls: undefined,
    proxies: { trusted: [], header: 'x-forwarded-for' },
    proxiesOnly: false,
    requests: { perAddressMax: 20_000, perTokenMax: 10_000, perPrincipalMax: 30_000, perTenantMax: 100_000 },
    connections: { max: 10_000, perAddressMax: 1_000 },
  });
  const env = {
    COUNTERSIGN_REQUESTS_PER_ADDRESS: '1',
    COUNTERSIGN_REQUESTS_PER_TOKEN: '2',
    COUNTERSIGN_REQUESTS_PER_PRINCIPAL: '6',
    COUNTERSIGN_REQUESTS_PER_TENANT: '3',
    COUNTERSIGN_CONNECTIONS_MAX: '4',
    COUNTERSIGN_CONNECTIONS_PER_ADDRESS: '5',
    COUNTERSIGN_PROXY_HEADER: 'forwarded',
  };
  expect(termsOf(configOf(PROXY, env), undefined)).toMatchObject({
    proxies: { trusted: ['10.0.0.0/8'], header: 'forwarded' },
    requests: { perAddressMax: 1, perTokenMax: 2, perPrincipalMax: 6, perTenantMax: 3 },
    connections: { max: 4, perAddressMax: 5 },
  });
});

/** By a start that got the port it was told to. */
function warned(flags: Readonly<Record<string, string>>): readonly string[] {
  const config = configOf(flags);
  return warningsOf(config, config.listen);
}

test('plain HTTP beyond loopback is said loudly, with the port that was got and what does not work by it', () => {
  expect(warningsOf(configOf({ ...INSECURE, listen: '10.0.0.1:0' }), { host: '10.0.0.1', port: 7081 })).toEqual([
    expect.stringMatching(/^Plain HTTP on http:\/\/10\.0\.0\.1:7081\. .* reads and changes all of it/),
    expect.stringMatching(/^Nobody can sign in from another machine/),
  ]);
});

test.each([
  { what: 'loopback', flags: INSECURE },
  { what: 'TLS', flags: { ...OPEN, ...TLS, ...INSECURE } },
  { what: 'a proxy', flags: { ...OPEN, ...PROXY } },
  { what: 'all addresses and a public URL', flags: { ...PROXY, listen: '[::]:7080' } },
])('there is nothing to warn of with $what', ({ flags }) => {
  expect(warned(flags)).toEqual([]);
});

test.each([
  ['postgres://app:planted@db.example.com/c', 'db.example.com'],
  ['postgres://app:planted@10.0.0.5:6432/c?sslmode=disable', '10.0.0.5'],
  ['postgres://app:planted@localhost.example.com/c', 'localhost.example.com'],
  ['postgres://app:planted@127.0.0.1/c?host=db.example.com', 'db.example.com'],
])('a connection to a database elsewhere that nothing encrypts is said, with its host and no more: %s', (url, host) => {
  const config = configOf({}, { COUNTERSIGN_DATABASE_URL: url });
  expect(warningsOf(config, config.listen)).toEqual([
    `The connection to the database at ${host} is not encrypted: set sslmode=verify-full in COUNTERSIGN_DATABASE_URL.`,
  ]);
});

test.each([
  'postgres://app@db.example.com/c?sslmode=verify-full',
  'postgres://app@db.example.com/c?ssl=true',
  'postgres://app@db.example.com/c?sslmode=verify-full&sslrootcert=/no/such/file',
  'postgres://app@127.0.0.1:5433/c',
  'postgres://app@[::1]/c',
  'postgres://app@localhost/c',
  'postgres://app@localhost/c?host=/run/postgresql',
])('of one that is encrypted, or on this machine, nothing is said: %s', (url) => {
  const config = configOf({}, { COUNTERSIGN_DATABASE_URL: url });
  expect(warningsOf(config, config.listen)).toEqual([]);
});

test('that links lead to this machine alone is said', () => {
  const lines = [expect.stringContaining('set COUNTERSIGN_PUBLIC_URL to the address that people use')];
  expect(warned({ ...TLS, listen: '0.0.0.0:443' })).toEqual(lines);
  expect(warned({ ...INSECURE, listen: '[::]:80' })).toHaveLength(3);
});

test.each([
  { flags: { 'public-url': 'https://tokens.example.com:8443' }, host: 'tokens.example.com' },
  { flags: { 'public-url': 'https://[2001:db8::7]' }, host: '2001:db8::7' },
  { flags: {}, host: '127.0.0.1' },
  { flags: { ...TLS, listen: '0.0.0.0:443' }, host: undefined },
])('a certificate should name $host with $flags', ({ flags, host }) => {
  expect(hostOf(configOf(flags))).toBe(host);
});
