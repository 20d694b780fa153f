import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Refusal } from '#domain/refusal.ts';
import { openWorld, type World } from '#support/world.ts';
import { PATS } from '../provoked.ts';
import { answerIn, exchanged, rawSocket, saidOn } from '../raw-socket.ts';

const HEALTH = 'GET /health HTTP/1.1\r\nhost: x\r\n\r\n';
const isLinux = process.platform === 'linux';

/** What comes first on a connection: a piece of an answer, or its end. */
const firstOn = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.once('data', (chunk) => resolve(String(chunk).split('\r\n')[0] ?? ''));
    socket.once('close', () => resolve('closed'));
  });

/** A connection that has been answered, and stays open. */
async function kept(world: World, from?: string): Promise<{ readonly socket: Socket; readonly first: string }> {
  const { hostname, port } = new URL(world.origin);
  const socket = connect({ host: hostname, port: Number(port), ...(from ? { localAddress: from } : {}) });
  socket.on('error', () => {}); // the server may have hung up by the time that we write
  onTestFinished(() => void socket.destroy());
  const first = firstOn(socket);
  socket.write(HEALTH);
  return { socket, first: await first };
}

async function gone({ socket }: { readonly socket: Socket }, world: World): Promise<void> {
  const before = await open(world);
  socket.destroy();
  while ((await open(world)) >= before) await turn(); // the kernel tells the other side
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function allGone(world: World): Promise<void> {
  while ((await open(world)) > 0) await turn();
}

const open = ({ server }: World): Promise<number> =>
  new Promise((resolve, reject) => {
    server.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });

describe('connections', () => {
  test('are so many at once: one more is closed, those that are there go on, and one that goes makes room', async () => {
    const world = await openWorld({ connections: { max: 3, perAddressMax: 0 } });
    const inside = [await kept(world), await kept(world), await kept(world)];
    expect(inside.map(({ first }) => first)).toEqual(Array(3).fill('HTTP/1.1 200 OK'));
    for (let n = 0; n < 5; n++) expect((await kept(world)).first).toBe('closed');
    for (const { socket } of inside) {
      const first = firstOn(socket);
      socket.write(HEALTH);
      expect(await first).toBe('HTTP/1.1 200 OK');
    }
    await gone(inside[0] as (typeof inside)[0], world);
    expect((await kept(world)).first).toBe('HTTP/1.1 200 OK');
    expect((await kept(world)).first).toBe('closed');
  });

  test('are so many of one address: others still come in', async () => {
    const world = await openWorld({ connections: { max: 0, perAddressMax: 2 } });
    const inside = [await kept(world), await kept(world)];
    for (let n = 0; n < 5; n++) expect((await kept(world)).first).toBe('closed');
    expect(await open(world)).toBe(2);
    await gone(inside[0] as (typeof inside)[0], world);
    expect((await kept(world)).first).toBe('HTTP/1.1 200 OK');
    expect((await kept(world)).first).toBe('closed');
  });

  test.skipIf(!isLinux)(
    'of a trusted proxy are many clients’ (needs Linux: all of 127/8 is this machine)',
    async () => {
      const proxies = { trusted: ['127.0.0.2/32'], header: 'x-forwarded-for' } as const;
      const world = await openWorld({ proxies, connections: { max: 0, perAddressMax: 2 } });
      for (let n = 0; n < 5; n++) expect((await kept(world, '127.0.0.2')).first).toBe('HTTP/1.1 200 OK');
      const others = [await kept(world), await kept(world, '127.0.0.3'), await kept(world)];
      expect(others.map(({ first }) => first)).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK', 'closed']);
    },
  );

  test('that were closed are told to the operator once a minute', async () => {
    const world = await openWorld({ connections: { max: 1, perAddressMax: 1 } });
    const { first } = await kept(world);
    expect(first).toBe('HTTP/1.1 200 OK');
    for (let n = 0; n < 5; n++) await kept(world);
    expect(world.reported).toEqual([expect.any(Refusal)]);
    world.clock.advance(60_000);
    await kept(world);
    expect(world.reported).toHaveLength(2);
  });

  test('come and go in a storm, and the server is as it was', async () => {
    const world = await openWorld({ connections: { max: 20, perAddressMax: 10 } });
    const storm = await Promise.all(Array.from({ length: 200 }, () => kept(world)));
    const inside = storm.filter(({ first }) => first !== 'closed');
    expect(inside).toHaveLength(10);
    for (const { socket } of inside) socket.destroy();
    await allGone(world);
    expect((await world.send({ method: 'GET', path: '/health' })).status).toBe(200);
  });
});

describe('a client that is slow is let go, and nobody waits for it', () => {
  const LATE_MS = 200;
  const REQUEST = `POST ${PATS} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`;
  test.each([
    { what: 'says nothing at all', bytes: '', status: 408 },
    { what: 'stops within its first line', bytes: 'GET /hea', status: 408 },
    { what: 'stops within its headers', bytes: 'GET /health HTTP/1.1\r\nhost: x\r\nx-a: ', status: 408 },
    { what: 'stops within a body of known length', bytes: `${REQUEST}content-length: 20\r\n\r\n{"name`, status: 401 },
    { what: 'stops within a chunk', bytes: `${REQUEST}transfer-encoding: chunked\r\n\r\n14\r\n{"name`, status: 401 },
  ])('that $what', async ({ bytes, status }) => {
    const world = await openWorld({ requestMsMax: LATE_MS });
    const socket = await rawSocket(world.origin);
    const said = saidOn(socket);
    socket.write(bytes);
    expect((await world.send({ method: 'GET', path: '/health' })).status).toBe(200);
    expect(answerIn(await said).status).toBe(status);
  });

  test('that sends a byte of its headers now and then: what counts is when they are whole', async () => {
    const world = await openWorld({ requestMsMax: LATE_MS });
    const socket = await rawSocket(world.origin);
    const said = saidOn(socket);
    socket.write('GET /health HTTP/1.1\r\nhost: x\r\nx-a: ');
    const drip = setInterval(() => socket.write('a'), LATE_MS / 10);
    onTestFinished(() => clearInterval(drip));
    expect(answerIn(await said).status).toBe(408);
  });

  test('that has a key and sends a byte of its body now and then', async () => {
    const world = await openWorld({ requestMsMax: LATE_MS });
    const { token } = await world.person('ann', 'tenant-member');
    const socket = await rawSocket(world.origin);
    const said = saidOn(socket);
    socket.write(`${REQUEST}authorization: Bearer ${token.reveal()}\r\ncontent-length: 1000\r\n\r\n{"name":"`);
    const drip = setInterval(() => socket.write('a'), LATE_MS / 10);
    onTestFinished(() => clearInterval(drip));
    expect(answerIn(await said).status).toBe(408);
    expect(await world.rows(`select name from personal_access_token`)).toEqual([{ name: 'first' }]);
  });

  test('that asks again and again, and reads nothing of what it is answered', async () => {
    const world = await openWorld({ idleMsMax: LATE_MS });
    const socket = await rawSocket(world.origin);
    socket.pause();
    const pages = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(5_000);
    socket.write(pages); // more in answers than any buffer on the way takes
    await allGone(world);
    expect((await world.send({ method: 'GET', path: '/health' })).status).toBe(200);
  });

  test('that hangs up its half after asking, and is answered on the other', async () => {
    const world = await openWorld();
    const socket = await rawSocket(world.origin);
    const said = saidOn(socket);
    socket.end(HEALTH);
    expect(answerIn(await said)).toMatchObject({ status: 200, text: 'OK!' });
  });

  test('that hangs up its half within its body', async () => {
    const world = await openWorld();
    const { token } = await world.person('ann', 'tenant-member');
    const socket = await rawSocket(world.origin);
    const said = saidOn(socket);
    socket.end(`${REQUEST}authorization: Bearer ${token.reveal()}\r\ncontent-length: 20\r\n\r\n{"name`);
    await said;
    expect(await world.rows(`select name from personal_access_token`)).toEqual([{ name: 'first' }]);
    expect(await open(world)).toBe(0);
  });
});

describe('headers', () => {
  const withHeaders = (lines: readonly string[], path = '/health') =>
    `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
  const many = (count: number) => Array.from({ length: count }, (_, n) => `x-${n}: a`);

  test('are 200 at most: none is left out unsaid, perhaps the one that a proxy has added', async () => {
    const world = await openWorld();
    expect((await exchanged(world.origin, withHeaders(many(198)))).status).toBe(200);
    for (const [count, path] of [
      [199, '/health'],
      [1_100, '/health'],
      [2_050, '/%zz'],
    ] as const) {
      const lines = Array.from({ length: count }, () => 'a:');
      const { status, text } = await exchanged(world.origin, withHeaders(lines, path));
      expect({ count, status, code: JSON.parse(text).code }).toEqual({ count, status: 431, code: 'headers_too_large' });
    }
  });

  test('and the URL have 16 KiB together', async () => {
    const world = await openWorld();
    const sized = (bytes: number) => exchanged(world.origin, withHeaders([`x-a: ${'a'.repeat(bytes)}`]));
    expect((await sized(16_000)).status).toBe(200);
    expect((await sized(16_400)).status).toBe(431);
  });
});
