import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createRawServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasOpenssl, newPair } from '#support/certificates.ts';
import { temporaryFolder } from '#support/folder.ts';
import { instance } from '../clients/instance.ts';
import { countersign, pipeline, started } from './program.ts';

const KEY = `tfy_pat_${'k'.repeat(49)}`;
const WHOAMI = {
  principal: { id: 'p', kind: 'user', name: 'a@example.com' },
  tenant: { id: 't', name: 'default' },
  rights: { roles: [], actions: [] },
  credential: { kind: 'token', id: 'c', name: 'first', preview: 'tfy_pat_aaaa…bbbb', expiresAt: null },
  surface: 'rest',
  server: { version: '0.1.0' },
};

type Listening = { listen(port: number, host: string): unknown; address(): unknown; close(): unknown };

async function listening(server: Listening, scheme: string): Promise<string> {
  await once(server.listen(0, '127.0.0.1') as never, 'listening');
  onTestFinished(() => void server.close());
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server of somebody else's, which answers so; and how often it was asked. */
async function stranger(answer: (asked: IncomingMessage, answered: ServerResponse) => void) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  return { origin: await listening(server, 'http'), asked };
}

/** An address where something has listened. */
async function closed(): Promise<string> {
  const server = createServer();
  const origin = await listening(server, 'http');
  server.close();
  await once(server, 'close');
  return origin;
}

const ask = (origin: string, ...words: readonly string[]) =>
  countersign(words.length === 0 ? ['whoami'] : words, { env: { TFY_HOST: origin, TFY_API_KEY: KEY } });

const json =
  (status: number, body: unknown, headers = {}) =>
  (_: IncomingMessage, answered: ServerResponse) =>
    void answered.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const html = (status: number) => (_: IncomingMessage, answered: ServerResponse) =>
  void answered.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Hello</h1>');
const refusal = (statusCode: number, code: string, message: string) => ({ statusCode, code, message });

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

  test('an outage is none of the key’s, whoever says it', async () => {
    const ours = refusal(503, 'unavailable', 'The service is not available right now. Your key is not the problem.');
    for (const answer of [json(503, ours, { 'retry-after': '60' }), html(502), html(503), html(504)]) {
      const { code, out } = await ask((await stranger(answer)).origin, 'status');
      expect([code, out]).toEqual([3, expect.stringContaining('cannot be reached: nothing is known of the key')]);
      expect(out).toContain('not the problem');
    }
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
      said: 'Is it https:// rather than http://?',
    },
    {
      what: 'https:// where none is',
      origin: async () => (await stranger(html(200))).origin.replace('http:', 'https:'),
      said: 'Is it http:// rather than https://?',
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

  test('a create is asked again under the same key, so that it happens once; a rename is not asked again', async () => {
    const { origin, asked } = await stranger((request) => request.socket.destroy());
    const created = await ask(origin, 'tokens', 'create', 'one', '--out', `/tmp/countersign-never-${process.pid}`);
    expect([created.code, created.err]).toEqual([3, expect.stringContaining('may have been done or not: look before')]);
    const keys = asked.map(({ headers }) => headers['idempotency-key']);
    expect([keys.length, new Set(keys).size, typeof keys[0]]).toEqual([3, 1, 'string']);
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
  const HOSTILE = 'a\u001b]0;owned\u0007\u009b2J\u202Eb\u{E0041}\n';

  test('does not act on the terminal, neither as text nor as JSON', async () => {
    const { origin } = await stranger(json(200, { ...WHOAMI, principal: { ...WHOAMI.principal, name: HOSTILE } }));
    const text = await ask(origin);
    expect(text.out).toContain('a\\u{1b}]0;owned\\u{7}\\u{9b}2J\\u{202e}b\\u{e0041}\\u{a} (user)\n');
    const { out } = await ask(origin, 'whoami', '--json');
    expect(JSON.parse(out).principal.name).toBe(HOSTILE);
    expect(text.out + out).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  });

  test('does not act on the terminal as a refusal or a redirect either', async () => {
    for (const answer of [
      json(403, refusal(403, 'forbidden', HOSTILE)),
      json(302, {}, { location: 'https://x/%1b\u009b2J' }),
    ]) {
      expect((await ask((await stranger(answer)).origin)).err).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    }
  });

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
