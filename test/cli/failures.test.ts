import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createRawServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasOpenssl, newPair } from '#support/certificates.ts';
import { temporaryFolder } from '#support/folder.ts';
import { instance } from '../clients/instance.ts';
import { countersign, pipeline, started } from './program.ts';
import { ask, html, json, KEY, listening, refusal, stranger } from './stranger.ts';

const WHOAMI = {
  principal: { id: 'p', kind: 'user', name: 'a@example.com' },
  tenant: { id: 't', name: 'default' },
  rights: { roles: [], actions: [] },
  credential: { kind: 'token', id: 'c', name: 'first', preview: 'tfy_pat_aaaa…bbbb', expiresAt: null },
  surface: 'rest',
  server: { version: '0.1.0' },
};

/** An address where something has listened. */
async function closed(): Promise<string> {
  const server = createServer();
  const origin = await listening(server, 'http');
  server.close();
  await once(server, 'close');
  return origin;
}

const own = (status: number, code: string) =>
  json(status, refusal(status, code, 'Not now. Your key is not the problem.'), { 'retry-after': '60' });

describe('status tells three things apart, in words, in JSON and by its exit code', () => {
  test('fine, a bad key, a server that is stopped', async () => {
    const to = await instance();
    const bad = { ...pipeline(to), TFY_API_KEY: KEY };
    const answers = [
      await countersign(['status', '--json'], { env: pipeline(to) }),
      await countersign(['status', '--json'], { env: bad }),
    ];
    to.process.kill('SIGKILL');
    await to.ended;
    answers.push(await countersign(['status', '--json'], { env: pipeline(to) }));
    answers.push(await countersign(['status', '--json']));
    expect(answers.map(({ code, out }) => [code, JSON.parse(out).state])).toEqual([
      [0, 'fine'],
      [1, 'bad-key'],
      [3, 'unreachable'],
      [1, 'not-set-up'],
    ]);
  });

  test.each([
    { what: 'a gateway’s 502', answer: html(502), state: 'unreachable' },
    { what: 'a gateway’s 503', answer: html(503), state: 'unreachable' },
    { what: 'a gateway’s 504', answer: html(504), state: 'unreachable' },
    { what: 'a page', answer: html(200), state: 'unreachable' },
    { what: 'the server’s 503', answer: own(503, 'unavailable'), state: 'unavailable' },
    { what: 'the server’s 500', answer: own(500, 'internal'), state: 'unavailable' },
    { what: 'the server’s 408', answer: own(408, 'request_timeout'), state: 'unavailable' },
    { what: 'the server’s 429', answer: own(429, 'rate_limited'), state: 'busy' },
  ])('$what is none of the key’s: $state', async ({ answer, state }) => {
    const { origin } = await stranger(answer);
    const { code, out } = await ask(origin, 'status', '--json');
    expect([code, JSON.parse(out).state]).toEqual([3, state]);
  });

  test('of an outage the text says whose it is', async () => {
    for (const [answer, said] of [
      [html(503), 'cannot be reached: nothing is known of the key'],
      [own(503, 'unavailable'), 'not available: the server answers'],
    ] as const) {
      const { out } = await ask((await stranger(answer)).origin, 'status');
      expect(out).toContain(said);
      expect(out).toContain('not the problem');
    }
  });

  test('a host that is none is not understood, and said as not set up', async () => {
    const { code, out } = await ask('foo', 'status', '--json');
    expect([code, JSON.parse(out).state]).toEqual([2, 'not-set-up']);
  });
});

describe('what cannot be asked is said clearly, with exit code 3', () => {
  test.each([
    { what: 'nothing listens', origin: closed, said: 'nothing listens there' },
    {
      what: 'no such host',
      origin: async () => 'https://no-such-host.invalid',
      said: /its name is not known here|network/,
    },
    {
      what: 'a page',
      origin: async () => (await stranger(html(200))).origin,
      said: 'not answer as a Countersign server does',
    },
    {
      what: 'a page that is not found',
      origin: async () => (await stranger(html(404))).origin,
      said: 'answers 404, and not as a Countersign',
    },
    {
      what: 'JSON of something else',
      origin: async () => (await stranger(json(200, { ok: true }))).origin,
      said: 'not answer as a Countersign server does',
    },
    {
      what: 'a redirect',
      origin: async () => (await stranger(json(302, {}, { location: 'https://elsewhere.example/' }))).origin,
      said: 'sends us on to https://elsewhere.example/. If that is the server, name it',
    },
    {
      what: 'http:// where TLS is spoken',
      origin: async () => await listening(createTlsServer(), 'http'),
      said: /Is it https:\/\/ rather than http:\/\/\?\n/,
    },
    {
      what: 'https:// where none is',
      origin: async () => (await stranger(html(200))).origin.replace('http:', 'https:'),
      said: /Is it http:\/\/ rather than https:\/\/\?\n/,
    },
    {
      what: 'something that is no HTTP',
      origin: async () =>
        listening(
          createRawServer((socket) => void socket.end('220 mail ready\r\n')),
          'http',
        ),
      said: 'it does not answer in HTTP',
    },
  ])('$what', async ({ origin, said }) => {
    const { code, out, err } = await ask(await origin());
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(said);
    expect(err).not.toContain(KEY);
  });
});

describe('asking again', () => {
  test('what only looks is asked again when its answer was lost or the server was out for a moment', async () => {
    let times = 0;
    const { origin, asked } = await stranger((request, answered) => {
      times += 1;
      if (times === 1) request.socket.destroy();
      else if (times === 2) json(503, refusal(503, 'unavailable', 'wait'), { 'retry-after': '0' })(request, answered);
      else json(200, WHOAMI)(request, answered);
    });
    expect((await ask(origin)).code).toBe(0);
    expect(asked).toHaveLength(3);
  });

  test('an answer that is longer than any of ours is no Countersign’s, and is not asked for again', async () => {
    const { origin, asked } = await stranger((_, answered) => {
      answered.writeHead(200);
      for (let bytes = 0; bytes <= 16 * 2 ** 20; bytes += 2 ** 20) answered.write(Buffer.alloc(2 ** 20, ' '));
      answered.end('{}');
    });
    const { code, err } = await ask(origin, 'whoami', '--json');
    expect([code, JSON.parse(err).error.code, asked.length]).toEqual([3, 'not_countersign', 1]);
  });

  test('a long wait is said, not waited', async () => {
    const limited = json(429, refusal(429, 'rate_limited', 'Too many.'), { 'retry-after': '42', 'x-request-id': 'r1' });
    const { origin, asked } = await stranger(limited);
    const { code, err } = await ask(origin);
    expect([code, err, asked.length]).toEqual([
      3,
      'countersign: Too many.\n  Try again in 42 s.\n  Request id: r1\n',
      1,
    ]);
  });
});

describe('what a server sends', () => {
  test('of a newer server is understood where it says more, and not where it says less', async () => {
    const more = { ...WHOAMI, added: 1, tenant: { ...WHOAMI.tenant, region: 'eu' } };
    expect(JSON.parse((await ask((await stranger(json(200, more))).origin, 'whoami', '--json')).out)).toEqual(WHOAMI);
    const { server: _, ...less } = WHOAMI;
    expect((await ask((await stranger(json(200, less))).origin)).code).toBe(3);
  });

  test('as an error is JSON on standard error under --json', async () => {
    const answer = json(403, refusal(403, 'forbidden', 'No.'), { 'x-request-id': 'r1' });
    const { code, out, err } = await ask((await stranger(answer)).origin, 'whoami', '--json');
    expect([code, out, JSON.parse(err)]).toEqual([
      1,
      '',
      { error: { code: 'forbidden', message: 'No.', requestId: 'r1' } },
    ]);
    const usage = await ask('http://127.0.0.1:1', 'whoami', '--json', '--no-such');
    expect([usage.code, usage.out, JSON.parse(usage.err).error.code]).toEqual([2, '', 'usage']);
  });
});

test('a reader that leaves before the end is no error', async () => {
  const { origin } = await stranger(json(200, WHOAMI));
  const { process: child, ended } = started(['whoami', '--json'], { env: { TFY_HOST: origin, TFY_API_KEY: KEY } });
  child.stdout.destroy();
  expect(await ended).toMatchObject({ code: 0, err: '' });
});

test('nothing is coloured where there is no terminal', async () => {
  const { origin } = await stranger(json(200, WHOAMI));
  const env = { TFY_HOST: origin, TFY_API_KEY: KEY, FORCE_COLOR: '1' };
  expect((await countersign(['whoami'], { env })).out).not.toContain('\u001b');
});

test.skipIf(!hasOpenssl)(
  'a certificate that is not trusted is said, with the way to trust it (needs openssl)',
  async () => {
    const pair = newPair();
    const server = createTlsServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, json(200, WHOAMI));
    const env = { TFY_HOST: await listening(server, 'https'), TFY_API_KEY: KEY };
    const { code, err } = await countersign(['whoami'], { env });
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(/its certificate is not trusted .* NODE_EXTRA_CA_CERTS=FILE/),
    ]);
    expect((await countersign(['whoami'], { env: { ...env, NODE_EXTRA_CA_CERTS: pair.cert } })).code).toBe(0);
  },
);

test('a create that is broken off before its answer leaves no file behind', async () => {
  const file = join(temporaryFolder(), 'value');
  const { origin, asked } = await stranger(() => {});
  const env = { TFY_HOST: origin, TFY_API_KEY: KEY };
  const { process: child, ended } = started(['tokens', 'create', 'one', '--out', file], { env });
  await expect.poll(() => asked.length, { timeout: 20_000 }).toBe(1);
  expect(existsSync(file)).toBe(true);
  child.kill('SIGINT');
  expect([(await ended).code, existsSync(file)]).toEqual([130, false]);
});
