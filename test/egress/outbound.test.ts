import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Opening } from '#domain/destination.ts';
import { newPair } from '#support/certificates.ts';
import { listening, type OutboundOptions as Options, outboundHere as open, outbound } from './listening.ts';

const SET = { keys: [] };
const answering: RequestListener = (_, answer) => answer.end(JSON.stringify(SET));

const refused = { ok: false, reason: 'refused_destination' };

test('what stands at an address that the operator has opened comes back as it is', async () => {
  const { port } = await listening(createServer(answering));
  expect(await open().getJson(`http://127.0.0.1:${port}/keys`)).toEqual({ ok: true, value: SET });
});

describe('a destination that nobody opened is not even connected to', () => {
  const spelled = ['127.0.0.1', '127.1', '0x7f.1', '2130706433', '017700000001', '127.0.0.1.', '[::ffff:127.0.0.1]'];
  test.each([...spelled, '[::ffff:7f00:1]', '0.0.0.0', '0', '[::]', 'localhost', 'LOCALHOST'])('%s', async (host) => {
    const { port, connections } = await listening(createServer(answering), '0.0.0.0');
    for (const scheme of ['http', 'https'])
      expect(await outbound().getJson(`${scheme}://${host}:${port}/`)).toEqual(refused);
    expect(connections()).toBe(0);
  });

  test('whatever stands before the host in the address', async () => {
    const { port, connections } = await listening(createServer(answering));
    for (const url of [`http://idp.example@127.0.0.1:${port}`, `http://a:b@127.0.0.1:${port}`, 'file:///etc/passwd'])
      expect(await open().getJson(url)).toEqual(refused);
    for (const url of ['', 'keys', 'data:application/json,{}', 'ftp://idp.example/', '//127.0.0.1', 'https://'])
      expect(await open().getJson(url)).toEqual(refused);
    expect(connections()).toBe(0);
  });

  test('at another port than the one that was opened', async () => {
    const { port, connections } = await listening(createServer(answering));
    const openings = [{ network: '127.0.0.1/32', port: port === 1 ? 2 : 1 }];
    expect(await outbound({ openings }).getJson(`http://127.0.0.1:${port}`)).toEqual(refused);
    expect(connections()).toBe(0);
  });

  test.each(['10.0.0.1', '169.254.169.254', 'fd00:ec2::254', '::ffff:8.8.8.8', '64:ff9b::7f00:1', 'garbage', ''])(
    'by a name that leads to %j',
    async (address) => {
      const resolve = async () => [address];
      expect(await outbound({ resolve }).getJson('https://idp.example/keys')).toEqual(refused);
    },
  );

  test('by a name that leads nowhere', async () => {
    expect(await outbound({ resolve: async () => [] }).getJson('https://idp.example/keys')).toEqual(refused);
  });
});

describe('a name that is bound to another address meanwhile (DNS rebinding)', () => {
  /** Two machines that this one has for itself: the first may be reached, the second may not. */
  const OPENED: Opening = { network: '127.0.0.2/32', port: undefined };
  async function twoMachines() {
    const meant = await listening(createServer(answering), '127.0.0.2');
    const hidden = await listening(createServer(answering), '127.0.0.1', meant.port);
    return { meant, hidden, url: `http://idp.example:${meant.port}/keys` };
  }

  test('leads nowhere once it is: what was checked is dialled, and each connection is checked', async () => {
    const { meant, hidden, url } = await twoMachines();
    const answers = ['127.0.0.2', '127.0.0.1', '127.0.0.1'];
    const resolve = vi.fn(async () => [answers.shift() ?? '127.0.0.1']);
    const { getJson } = outbound({ openings: [OPENED], resolve });
    expect(await getJson(url)).toEqual({ ok: true, value: SET });
    expect(resolve).toHaveBeenCalledTimes(1); // a second look-up for the same connection is what the attack lives on
    expect(await getJson(url)).toEqual(refused);
    expect([meant.connections(), hidden.connections()]).toEqual([1, 0]);
  });

  test.each([
    ['the right one first', ['127.0.0.2', '127.0.0.1']],
    ['the wrong one first', ['127.0.0.1', '127.0.0.2']],
  ])('leads nowhere where it has both at once, %s', async (_, addresses) => {
    const { meant, hidden, url } = await twoMachines();
    expect(await outbound({ openings: [OPENED], resolve: async () => addresses }).getJson(url)).toEqual(refused);
    expect([meant.connections(), hidden.connections()]).toEqual([0, 0]);
  });

  test('is checked again for each of many requests in turn: no connection is kept for the next', async () => {
    const { meant, url } = await twoMachines();
    const { getJson } = outbound({ openings: [OPENED], resolve: async () => ['127.0.0.2'] });
    for (let count = 1; count <= 5; count++) {
      await getJson(url);
      await setImmediate(); // one that is kept would be free by then
      expect(meant.connections()).toBe(count);
    }
  });

  test('is checked again for each of many requests at once: none is served by a connection of another', async () => {
    const { meant, hidden, url } = await twoMachines();
    let count = 0;
    const resolve = async () => [count++ % 2 === 0 ? '127.0.0.2' : '127.0.0.1'];
    const { getJson } = outbound({ openings: [OPENED], resolve });
    const answers = await Promise.all(Array.from({ length: 20 }, () => getJson(url)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(10);
    expect([meant.connections(), hidden.connections()]).toEqual([10, 0]);
  });
});

describe('an answer that is not what was asked for', () => {
  const at = async (listener: RequestListener, options: Partial<Options> = {}) => {
    const { port } = await listening(createServer(listener));
    return open(options).getJson(`http://127.0.0.1:${port}/`);
  };

  test('a redirect is not followed, wherever it leads', async () => {
    const inside = await listening(createServer(answering));
    for (const status of [301, 302, 303, 307, 308]) {
      const answer = await at((_, response) =>
        response.writeHead(status, { location: `http://127.0.0.1:${inside.port}/` }).end(JSON.stringify(SET)),
      );
      expect(answer).toEqual({ ok: false, reason: 'bad_status' });
    }
    expect(inside.connections()).toBe(0);
  });

  test.each([201, 204, 206, 304, 400, 401, 403, 404, 500, 503])('status %i is none', async (status) => {
    const answer = await at((_, response) => response.writeHead(status).end(status < 300 ? '' : 'hunter2'));
    expect(answer).toEqual({ ok: false, reason: 'bad_status' });
  });

  test.each(['', 'hunter2', '{"keys": [', '<html>hunter2</html>', '\ufeff\ufeff{}'])(
    'nothing of what is no JSON is told: %j',
    async (text) => {
      expect(await at((_, response) => response.end(text))).toEqual({ ok: false, reason: 'bad_answer' });
    },
  );

  test('one that goes on and on is cut off', async () => {
    const endless: RequestListener = (_, response) => {
      const more = () => {
        while (response.writable && response.write('1'.repeat(10_000)));
      };
      response.on('drain', more).on('error', () => {});
      more();
    };
    expect(await at(endless, { bytesMax: 100_000 })).toEqual({ ok: false, reason: 'too_large' });
  });

  test('headers without end are cut off', async () => {
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, 'x'.repeat(1_000)]));
    const answer = await at((_, response) => response.writeHead(200, headers).end('{}'));
    expect(answer).toEqual({ ok: false, reason: 'too_large' });
  });

  test('compressed, it is not unpacked: a small bomb stays small', async () => {
    const answer = await at((request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from('1f8b0800', 'hex'));
    });
    expect(answer).toEqual({ ok: false, reason: 'bad_answer' });
  });

  test.each<[what: string, (socket: Socket) => void, reason: string]>([
    ['nothing, for ever', () => {}, 'timeout'],
    ['a head, and nothing for ever', (socket) => void socket.write('HTTP/1.1 200 OK\r\n'), 'timeout'],
    ['a part, and nothing for ever', (socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n{'), 'timeout'],
    ['the end of the connection', (socket) => socket.end(), 'unreachable'],
    ['no HTTP', (socket) => socket.end('SSH-2.0-hunter2\r\n\r\n'), 'bad_answer'],
  ])('%s', async (_, act, reason) => {
    const tcp = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => act(socket));
    });
    const { port } = await listening(tcp);
    const answer = await open({ totalMsMax: 300 }).getJson(`http://127.0.0.1:${port}/`);
    expect(answer).toEqual({ ok: false, reason });
  });

  test('a byte now and then does not make the time longer', async () => {
    const dripping: RequestListener = (_, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    };
    expect(await at(dripping, { totalMsMax: 300 })).toEqual({ ok: false, reason: 'timeout' });
  });

  test('one that was given up is not waited for: its connection is closed', async () => {
    const closed = Promise.withResolvers<void>();
    const tcp = createTcpServer((socket) =>
      socket
        .on('error', () => {})
        .on('close', () => closed.resolve())
        .resume(),
    );
    const { port } = await listening(tcp);
    expect(await open({ totalMsMax: 200 }).getJson(`http://127.0.0.1:${port}/`)).toMatchObject({ reason: 'timeout' });
    await closed.promise;
  });

  test('looking up, connecting and waiting have one time together', async () => {
    const { port } = await listening(createTcpServer((socket) => socket.on('error', () => {}).resume()));
    const resolve = () => new Promise<string[]>((done) => setTimeout(() => done(['127.0.0.1']), 400));
    const begun = performance.now();
    const answer = await open({ resolve, totalMsMax: 500 }).getJson(`https://idp.example:${port}/`);
    expect(answer).toEqual({ ok: false, reason: 'timeout' });
    expect(performance.now() - begun).toBeLessThan(850);
  });

  test('a name that nobody answers for does not make the time longer', async () => {
    const options = { resolve: () => new Promise<never>(() => {}), totalMsMax: 200 };
    expect(await open(options).getJson('https://idp.example/')).toEqual({ ok: false, reason: 'timeout' });
  });

  test.each(['ENOTFOUND', 'EAI_AGAIN'])('a name that cannot be looked up (%s) is unreachable', async (code) => {
    const resolve = () => Promise.reject(Object.assign(new Error('hunter2'), { code }));
    expect(await open({ resolve }).getJson('https://idp.example/')).toEqual({ ok: false, reason: 'unreachable' });
  });

  test('a port where nobody listens is unreachable', async () => {
    const server = createServer(answering);
    const { port } = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const answer = await open().getJson(`http://127.0.0.1:${port}/`);
    expect(answer).toEqual({ ok: false, reason: 'unreachable' });
  });

  test('a fault of ours is none of the network’s', async () => {
    const resolve = () => Promise.reject(Object.assign(new TypeError('ours'), { code: 'ERR_INVALID_ARG_TYPE' }));
    await expect(open({ resolve }).getJson('https://idp.example/')).rejects.toThrow('ours');
  });
});

describe('over TLS', () => {
  const named = { resolve: async () => ['127.0.0.1'] };
  async function secured(hosts: string, isTrusted = true) {
    const { cert, key } = newPair({ hosts });
    const [certificate, privateKey] = [cert, key].map((file) => readFileSync(file, 'utf8')) as [string, string];
    if (isTrusted) trust(certificate);
    return listening(createTlsServer({ cert: certificate, key: privateKey }, answering));
  }
  function trust(certificate: string): void {
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, certificate]);
    onTestFinished(() => setDefaultCACertificates(before));
  }

  test('whoever proves the name is asked, by name and by number', async () => {
    const { port } = await secured('DNS:idp.example,IP:127.0.0.1');
    const { getJson } = open(named);
    for (const host of ['idp.example', '127.0.0.1'])
      expect(await getJson(`https://${host}:${port}/`)).toEqual({ ok: true, value: SET });
  });

  test.each([
    ['for another name', 'DNS:other.example', true],
    ['that nobody vouches for', 'DNS:idp.example', false],
  ])('a certificate %s ends it, whatever the environment says', async (_, hosts, isTrusted) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { port } = await secured(hosts, isTrusted);
    expect(await open(named).getJson(`https://idp.example:${port}/`)).toEqual({ ok: false, reason: 'tls' });
  });

  test('plain HTTP there ends it', async () => {
    const { port } = await listening(createServer(answering));
    expect(await open(named).getJson(`https://idp.example:${port}/`)).toEqual({ ok: false, reason: 'tls' });
  });
});

test('no proxy of the environment is asked', async () => {
  const proxy = await listening(createServer(answering));
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'])
    vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
  vi.stubEnv('NODE_USE_ENV_PROXY', '1');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { port } = await listening(createServer(answering));
  expect(await open().getJson(`http://127.0.0.1:${port}/`)).toEqual({ ok: true, value: SET });
  expect(await outbound().getJson(`http://127.0.0.1:${port}/`)).toEqual(refused);
  expect(proxy.connections()).toBe(0);
});
