import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { bootstrapToken, serving, spawned, unattended } from '#support/process.ts';

let data: string;
beforeEach(() => {
  data = join(temporaryFolder(), 'data');
});

const PUBLIC = 'https://tokens.example.com';

describe('beyond loopback', () => {
  const refusedFor = async (args: readonly string[], env = {}) => {
    const { code, said } = await spawned(['serve', '--data', data, '--listen', '192.0.2.1:443', ...args], env).ended;
    expect(code).toBe(2);
    return said;
  };

  test('it does not start in plain HTTP, and says the three ways that there are', async () => {
    const said = await refusedFor([]);
    for (const way of [
      'COUNTERSIGN_TLS_CERT and COUNTERSIGN_TLS_KEY',
      'COUNTERSIGN_TRUSTED_PROXIES',
      '--insecure-http',
    ])
      expect(said).toContain(way);
  });

  test.each([
    { args: ['--public-url', PUBLIC], says: 'Do one of three' },
    { args: ['--trusted-proxies', '10.0.0.7'], says: 'Do one of three' },
    { args: ['--public-url', 'http://tokens.example.com', '--trusted-proxies', '10.0.0.7'], says: 'https://; plain' },
    { args: ['--public-url', PUBLIC, '--trusted-proxies', '0.0.0.0/0'], says: 'must not be everybody' },
    { args: ['--tls-cert', 'cert.pem'], says: '--tls-cert needs COUNTERSIGN_TLS_KEY beside it' },
    { args: ['--insecure-http=yes'], says: "'--insecure-http' does not take an argument" },
  ])('nor with $args', async ({ args, says }) => {
    expect(await refusedFor(args)).toContain(says);
  });

  test('nor with what is for tests', async () => {
    const said = await refusedFor(['--insecure-http'], { COUNTERSIGN_TEST_CLOCK: '1', COUNTERSIGN_TEST_STOP_AT: 'x' });
    expect(said.match(/COUNTERSIGN_TEST_\w+ is for tests, and refused beyond loopback/g)).toHaveLength(2);
  });
});

test('behind a proxy of this machine, links are of the public URL, and clients are where the proxy says', async () => {
  const { env, args } = unattended(data);
  const proxy = ['--public-url', PUBLIC, '--trusted-proxies', '127.0.0.1'];
  const served = await serving(data, { env, args: [...args, ...proxy] });
  expect(served.origin).toMatch(/^http:\/\/127\.0\.0\.1:/);
  const token = bootstrapToken(data);
  const headers = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-for': '203.0.113.9, 192.0.2.7',
  };
  const ask = async (path: string, sent: object = {}) =>
    JSON.parse((await served.send({ method: 'GET', path, token, headers, ...sent })).text);
  expect(await ask('/api/svc/v1/tenant-id')).toMatchObject({ statusCode: 421 });
  const named = `/api/svc/v1/tenant-id?hostName=${new URL(PUBLIC).host}`;
  expect(await ask(named)).toMatchObject({ auth_server_url: PUBLIC });
  const through = { headers: { ...headers, host: 'inside', 'x-forwarded-host': new URL(PUBLIC).host } };
  expect(await ask('/api/svc/v1/tenant-id', through)).toMatchObject({ auth_server_url: PUBLIC });
  const json = { ...headers, 'content-type': 'application/json' };
  const post = { method: 'POST', headers: json };
  await ask('/api/svc/v1/users/register', { ...post, body: '{"email":"bob@example.com"}' });
  const invited = await ask('/api/svc/v1/users/invite', {
    ...post,
    body: '{"email":"bob@example.com","acceptInviteClientUrl":"https://evil.example"}',
  });
  expect(JSON.stringify(invited)).toContain(`${PUBLIC}/invitation#`);
  expect(JSON.stringify(invited)).not.toContain('evil');
});

test('the limits of the settings are in force', async () => {
  const env = { COUNTERSIGN_REQUESTS_PER_ADDRESS: '3', COUNTERSIGN_CONNECTIONS_PER_ADDRESS: '5' };
  const served = await serving(data, { env });
  const ask = () => served.send({ method: 'GET', path: '/health' });
  for (let n = 0; n < 3; n++) expect((await ask()).status).toBe(200);
  expect(await ask()).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/^[1-9]\d?$/) } });
});
