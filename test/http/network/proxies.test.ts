import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { errorBody } from '#contract/errors.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Proxies } from '#http/client-address.ts';
import { flushed } from '#support/flushed.ts';
import { openWorld, type World } from '#support/world.ts';
import { PATS } from '../provoked.ts';

/** Addresses of this machine that stand for two machines: Linux has all of 127/8. */
const PROXY = '127.0.0.2';
const STRANGER = '127.0.0.3';
const isLinux = process.platform === 'linux';
const behind = (header: Proxies['header'] = 'x-forwarded-for') =>
  openWorld({ proxies: { trusted: [`${PROXY}/32`], header } });

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A request from one of our addresses; of a header that is a list, each is a line of its own. */
function ask(
  { origin }: World,
  from: string,
  token: Sensitive,
  headers: Headers,
  path = '/api/v1/whoami',
): Promise<number> {
  const authorization = `Bearer ${token.reveal()}`;
  const { hostname, port } = new URL(origin);
  const options = { hostname, port, path, localAddress: from, agent: false } as const;
  return new Promise((resolve, reject) => {
    const asked = request(
      { ...options, headers: { authorization, ...headers } as Record<string, string> },
      (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    asked.on('error', reject).end();
  });
}

/** Whence the token was used, as its owner is shown it. */
async function lastUsedFrom(world: World, token: Sensitive): Promise<string> {
  await flushed(world.deps, true);
  const { data } = JSON.parse((await world.send({ method: 'GET', path: PATS, token })).text);
  return data[0].metadata.lastUsedAddress;
}

describe.skipIf(!isLinux)('where a request comes from (needs Linux: all of 127/8 is this machine)', () => {
  test.each<{ what: string; from: string; headers: Headers; address: string; header?: Proxies['header'] }>([
    {
      what: 'a client behind the proxy',
      from: PROXY,
      headers: { 'x-forwarded-for': '192.0.2.7' },
      address: '192.0.2.7',
    },
    {
      what: 'a client behind it that writes a header itself',
      from: PROXY,
      headers: { 'x-forwarded-for': '203.0.113.9, 192.0.2.7' },
      address: '192.0.2.7',
    },
    {
      what: 'one whose header the proxy adds as another line',
      from: PROXY,
      headers: { 'x-forwarded-for': ['203.0.113.9', '192.0.2.7'] },
      address: '192.0.2.7',
    },
    {
      what: 'one that sends the other header',
      from: PROXY,
      headers: { forwarded: 'for=203.0.113.9', 'x-forwarded-for': '192.0.2.7' },
      address: '192.0.2.7',
    },
    {
      what: 'one behind a proxy that speaks the other',
      from: PROXY,
      headers: { forwarded: 'for="[2001:db8::7]:80"', 'x-forwarded-for': '203.0.113.9' },
      address: '2001:db8::7',
      header: 'forwarded',
    },
    {
      what: 'a stranger that plays the proxy',
      from: STRANGER,
      headers: { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=192.0.2.7', 'x-real-ip': '192.0.2.7' },
      address: STRANGER,
    },
    { what: 'the proxy itself', from: PROXY, headers: {}, address: PROXY },
    {
      what: 'a client that the proxy does not name',
      from: PROXY,
      headers: { 'x-forwarded-for': 'unknown' },
      address: PROXY,
    },
  ])('$what is at $address', async ({ from, headers, address, header }) => {
    const world = await behind(header);
    const { token } = await world.person('ann', 'tenant-member');
    expect(await ask(world, from, token, headers)).toBe(200);
    expect(await lastUsedFrom(world, token)).toBe(address);
  });

  test('what is done from there stands so beside its audit entry', async () => {
    const world = await behind();
    const { token } = await world.person('ann', 'tenant-member');
    expect(await ask(world, PROXY, token, { 'x-forwarded-for': '192.0.2.7' }, `${PATS}/second`)).toBe(200);
    expect(await ask(world, STRANGER, token, { 'x-forwarded-for': '192.0.2.7' }, `${PATS}/third`)).toBe(200);
    const addresses = await world.rows(`select address from audit_entry order by ${world.asWritten}`);
    expect(addresses.slice(-2)).toEqual([{ address: '192.0.2.7' }, { address: STRANGER }]);
  });
});

describe('where only the proxies may connect', () => {
  const CREDENTIAL = { authorization: 'Bearer x' };
  const ask = async (remoteAddress: string, url = '/health', headers: Record<string, string> = CREDENTIAL) => {
    const proxies = { trusted: ['10.0.0.0/8'], header: 'x-forwarded-for' } as const;
    const { server } = await openWorld({ proxies, proxiesOnly: true });
    return server.inject({
      url,
      remoteAddress,
      headers: { 'x-forwarded-for': '127.0.0.1', ...headers },
    });
  };

  test.each(['10.0.0.7', '::ffff:10.0.0.7', '127.0.0.1', '127.8.8.8', '::1'])('%s may', async (peer) => {
    expect((await ask(peer)).statusCode).toBe(200);
  });

  test.each([
    { peer: '192.0.2.7', url: '/health' },
    { peer: '::ffff:192.0.2.7', url: PATS },
    { peer: '2001:db8::7', url: '/nowhere' },
    { peer: '11.0.0.1', url: '/%zz' },
  ])('$peer may not, and is told of what it has done: $url', async ({ peer, url }) => {
    const { statusCode, headers, body } = await ask(peer, url);
    expect(statusCode).toBe(403);
    expect(errorBody.strict().parse(JSON.parse(body))).toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/in plain HTTP around the proxy .* replace any key that was sent here/),
    });
    expect(headers['x-request-id']).toEqual(expect.any(String));
  });

  test('whoever asks whether we live may, from anywhere: there is nothing in it to lose', async () => {
    const { statusCode, body } = await ask('192.0.2.7', '/health', {});
    expect({ statusCode, body }).toEqual({ statusCode: 200, body: 'OK!' });
  });

  test.each([
    { url: '/health', headers: { cookie: 'x=y' } },
    { url: '/health?token=x', headers: {} },
    { url: '/', headers: {} },
    { url: '/api/openapi.json', headers: {} },
  ])('but not with anything else: $url with $headers', async ({ url, headers }) => {
    expect((await ask('192.0.2.7', url, headers)).statusCode).toBe(403);
  });
});

test('what a client says of host and scheme is in no answer', async () => {
  const world = await behind();
  const headers = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'gopher',
    forwarded: 'host=evil.example;proto=gopher',
  };
  const { token } = await world.person('ann', 'tenant-admin');
  for (const path of ['/api/svc/v1/tenant-id?hostName=x', '/', '/api/v1/whoami', '/api/svc/v1/session']) {
    const { status, text, headers: answered } = await world.send({ method: 'GET', path, token, headers });
    expect({ path, status, said: /evil|gopher/.test(text + JSON.stringify(answered)) }).toEqual({
      ...{ path, said: false },
      status: expect.toSatisfy((one: number) => one < 500),
    });
  }
});
