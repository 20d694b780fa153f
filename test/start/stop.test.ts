import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { type Served, serving, unattended } from '#support/process.ts';
import { adminToken } from '../faults/base.ts';
import { clientOf, Gone, PATS, standingOf } from '../faults/client.ts';
import { defectsIn, rowsIn } from '../faults/database.ts';

/** How long answers may take once we stop, as serve.ts has it; and what the rest of a stop may take. */
const DRAIN_MS_MAX = 10_000;
const REST_MS_MAX = 5_000;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

let data: string;
let served: Served;
beforeEach(async () => {
  data = join(temporaryFolder(), 'data');
  served = await serving(data, unattended(data));
});

const namesIn = () =>
  rowsIn(data, 'select name from personal_access_token').map((row) => (row as { name: string }).name);

const whenStopping = () => expect.poll(() => served.said(), { timeout: 5_000, interval: 5 }).toContain('Stopping');

/**
 * Nobody new gets in. Who came in the moment between that it was said and that it is so is answered, or cut off by the
 * kernel, in whose queue they stood.
 */
const untilRefused = () => {
  const asked = () =>
    served.send({ method: 'GET', path: '/health' }).then(
      ({ status }) => status,
      ({ code }: NodeJS.ErrnoException) => code,
    );
  const NOT_YET: readonly unknown[] = [200, 'ECONNRESET'];
  return vi.waitUntil(
    async () => {
      const outcome = await asked();
      if (!NOT_YET.includes(outcome)) expect(outcome).toBe('ECONNREFUSED');
      return outcome === 'ECONNREFUSED';
    },
    { timeout: 5_000, interval: 5 },
  );
};

/** A create of which only half the body has been sent; `rest` sends the other half. */
async function halfSent(name: string) {
  const { hostname, port } = new URL(served.origin);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  const body = JSON.stringify({ name });
  const head = [
    `POST ${PATS} HTTP/1.1`,
    'host: localhost',
    'content-type: application/json',
    `authorization: Bearer ${adminToken(data)}`,
    `content-length: ${body.length}`,
  ];
  await once(socket, 'connect');
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 5)}`);
  // An answer on another connection, opened later, says that the server has seen this one.
  await served.send({ method: 'GET', path: '/health' });
  return { socket, answered: everythingFrom(socket), rest: () => socket.write(body.slice(5)) };
}

async function everythingFrom(socket: Socket): Promise<string> {
  let said = '';
  socket.on('error', () => {}); // cut off: then there is no answer
  socket.on('data', (chunk) => {
    said += chunk;
  });
  await once(socket, 'close');
  return said;
}

test.each(SIGNALS)('on %s what has begun to arrive is answered, and then nothing of us is left', async (signal) => {
  const { answered, rest } = await halfSent('half');
  served.process.kill(signal);
  await whenStopping();
  await untilRefused();
  rest();
  expect(await answered).toMatch(/^HTTP\/1\.1 200 .*"token":"tfy_pat_/s);
  expect(await served.ended).toMatchObject({ code: 0, signal: null });
  expect(readdirSync(data).sort()).toEqual(['bootstrap-token', 'countersign.db', 'lock.db', 'root.key']);
  const again = await serving(data);
  expect(await standingOf(again, adminToken(data))).toBe(200);
  expect(namesIn().sort()).toEqual(['bootstrap', 'half']);
});

test('what never ends arriving, on whichever way in, is cut off: we end within the bound, and nothing of it is done', {
  timeout: (DRAIN_MS_MAX + REST_MS_MAX) * 2,
}, async () => {
  const { answered } = await halfSent('half');
  const operator = connect(join(data, 'control.sock'));
  onTestFinished(() => void operator.destroy());
  operator.on('error', () => {}).write('POST /setup-link HTTP/1.1\r\nhost: ');
  await once(operator, 'connect');
  const began = performance.now();
  served.process.kill('SIGTERM');
  expect(await served.ended).toMatchObject({ code: 0 });
  expect(performance.now() - began).toBeLessThan(DRAIN_MS_MAX + REST_MS_MAX);
  expect(await answered).toBe('');
  expect(namesIn()).toEqual(['bootstrap']);
});

test('amid creates, each is answered and done or refused and not', async () => {
  const WORKERS = 16;
  const answered: string[] = [];
  const client = clientOf(served, adminToken(data));
  const endless = async (worker: number) => {
    for (let at = 0; ; at++) {
      await client.create(`w${worker}-n${at}`);
      answered.push(`w${worker}-n${at}`);
    }
  };
  const work = Promise.allSettled(Array.from({ length: WORKERS }, (_, worker) => endless(worker)));
  await expect.poll(() => answered.length, { timeout: 10_000 }).toBeGreaterThan(WORKERS * 2);
  served.process.kill('SIGTERM');
  expect(await served.ended).toMatchObject({ code: 0 });
  expect(await work).toEqual(answered.slice(0, WORKERS).map(() => ({ status: 'rejected', reason: expect.any(Gone) })));
  expect(namesIn().sort()).toEqual(['bootstrap', ...answered].sort());
  expect(defectsIn(data)).toEqual([]);
});

test('last uses and repeated denials, which are written behind, are written', async () => {
  const headers = { authorization: `Bearer ${adminToken(data)}` };
  const missing = () => served.send({ method: 'DELETE', path: `${PATS}/${'a'.repeat(24)}`, headers });
  const began = Date.now();
  const statuses = [await missing(), await missing(), await missing()].map(({ status }) => status);
  served.process.kill('SIGTERM');
  expect(await served.ended).toMatchObject({ code: 0 });
  expect(statuses).toEqual([404, 404, 404]);
  const [use] = rowsIn(data, 'select at, surface, address from token_use') as readonly { at: number }[];
  expect(use).toEqual({ at: expect.any(Number), surface: 'rest', address: '127.0.0.1' });
  expect(use?.at).toBeGreaterThanOrEqual(began);
  const repeated = `select json_extract(entry, '$.details.repeated') as repeated from audit_entry
    where decision = 'denied' order by rowid`;
  expect(rowsIn(data, repeated)).toEqual([{ repeated: null }, { repeated: 2 }]);
});

describe('a second signal stops at once', () => {
  test.each(SIGNALS.flatMap((first) => SIGNALS.map((second) => ({ first, second }))))(
    '$first, then $second',
    async ({ first, second }) => {
      const { answered } = await halfSent('half');
      served.process.kill(first);
      await whenStopping();
      const began = performance.now();
      served.process.kill(second);
      expect(await served.ended).toMatchObject({ code: 1, signal: null });
      expect(performance.now() - began).toBeLessThan(DRAIN_MS_MAX / 2);
      expect(await answered).toBe('');
      const again = await serving(data);
      expect(await standingOf(again, adminToken(data))).toBe(200);
    },
  );
});
