import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect as connectPlainly } from 'node:net';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { readConfig } from '#config/read-config.ts';
import { serve as serveHere } from '#main/serve.ts';
import { TLS_LOOK_MS } from '#main/tls.ts';
import { askSecurely, hasOpenssl, newPair, type Pair, read } from '#support/certificates.ts';
import { temporaryFolder } from '#support/folder.ts';
import { serve, serving } from '#support/process.ts';
import { saidOn } from '../http/raw-socket.ts';

let data: string;
beforeEach(() => {
  data = join(temporaryFolder(), 'data');
});

const flags = ({ cert, key }: Pair): readonly string[] => ['--tls-cert', cert, '--tls-key', key];

/** A handshake with these, and how it ended: the protocol, or the code of what went wrong. */
function handshake(origin: string, options: ConnectionOptions): Promise<string> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(new URL(origin).port),
    rejectUnauthorized: false,
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve) => {
    socket.once('secureConnect', () => resolve(socket.getProtocol() ?? ''));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}

/** These bytes as they are, and what comes back until the server hangs up. */
function plainly(origin: string, bytes: string | Buffer): Promise<string> {
  const socket = connectPlainly({ host: '127.0.0.1', port: Number(new URL(origin).port) });
  socket.on('error', () => {}); // hung up on, as it should be
  onTestFinished(() => void socket.destroy());
  socket.write(bytes);
  return saidOn(socket);
}

describe.skipIf(!hasOpenssl)('TLS (needs openssl)', () => {
  test('is served, of the versions that are good; links begin with it', async () => {
    const pair = newPair();
    const { origin, said } = await serving(data, { args: flags(pair) });
    expect(origin).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(said()).not.toContain('WARNING');
    const { status, text } = await askSecurely(origin, read(pair.cert), '/api/svc/v1/tenant-id');
    expect({ status, ...JSON.parse(text) }).toMatchObject({ status: 200, auth_server_url: origin });
    expect(await handshake(origin, {})).toBe('TLSv1.3');
    expect(await handshake(origin, { maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    expect(await handshake(origin, old)).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });

  test('is all that its port speaks: whoever speaks anything else is hung up on, and others go on', async () => {
    const pair = newPair();
    const served = await serving(data, { args: flags(pair) });
    const bytes = [
      'GET /health HTTP/1.1\r\nhost: x\r\n\r\n',
      'POST /auth/sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n',
      'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n',
      '\r\n\r\n',
      Buffer.alloc(20_000, 0xff),
      Buffer.from('160301ffff01', 'hex'), // a handshake that is none
    ];
    for (const one of bytes) expect(await plainly(served.origin, one)).not.toContain('HTTP');
    expect((await askSecurely(served.origin, read(pair.cert), '/health')).text).toBe('OK!');
    expect(served.said()).not.toMatch(/"level":[56]0|\n\s+at /);
  });

  test('has the same bounds: one connection too many is closed, and one that goes makes room', async () => {
    const pair = newPair();
    const served = await serving(data, { args: flags(pair), env: { COUNTERSIGN_CONNECTIONS_PER_ADDRESS: '2' } });
    const open = () =>
      connect({ host: '127.0.0.1', port: Number(new URL(served.origin).port), rejectUnauthorized: false });
    const inside = [open(), open()];
    for (const socket of inside) {
      onTestFinished(() => void socket.destroy());
      await once(socket, 'secureConnect');
    }
    for (let n = 0; n < 5; n++) expect(await handshake(served.origin, {})).toBe('ECONNRESET');
    inside[0]?.destroy();
    while ((await handshake(served.origin, {})) !== 'TLSv1.3'); // the kernel tells the other side
    expect(served.said()).toContain('Connections were closed: more were open than the settings allow.');
  });

  test('has its links begin with the public URL, where there is one', async () => {
    const args = [...flags(newPair()), '--public-url', 'https://tokens.example.com/'];
    const { origin, said } = await serving(data, { args });
    expect(origin).toMatch(/^https:\/\/127\.0\.0\.1:/);
    while (!said().includes('/set-up#')) await new Promise((turn) => setImmediate(turn));
    expect(said()).toContain('https://tokens.example.com/set-up#');
  });

  test.each([
    {
      what: 'expired',
      harm: ({ cert, key }: Pair) => replace({ cert, key }, newPair({ days: 0 })),
      says: 'expired at',
    },
    { what: 'of another key', harm: ({ key }: Pair) => copyFileSync(newPair().key, key), says: 'is not that of the' },
    { what: 'garbage', harm: ({ cert }: Pair) => writeFileSync(cert, 'x'), says: 'is not one in PEM' },
    { what: 'missing', harm: ({ cert }: Pair) => rmSync(cert), says: 'is not there' },
    { what: 'of a key that others can read', harm: ({ key }: Pair) => chmodSync(key, 0o604), says: 'chmod go-rwx' },
  ])('is not begun with a certificate that is $what, and nothing is made', async ({ harm, says }) => {
    const pair = newPair();
    harm(pair);
    expect(await serve(data, { args: flags(pair) })).toMatchObject({
      code: 1,
      said: expect.toSatisfy((said: string) => said.includes(says) && !/\n\s+at /.test(said)),
    });
    expect(existsSync(data)).toBe(false);
  });

  test('whose files lie in the data folder is served from the first start on', async () => {
    const folder = temporaryFolder();
    const pair = newPair({ folder });
    for (const end of ['csr', 'ext']) rmSync(join(folder, `pair.${end}`));
    const { origin } = await serving(folder, { args: flags(pair) });
    expect((await askSecurely(origin, read(pair.cert), '/health')).text).toBe('OK!');
  });
});

/** As renewing programs do: the file is another one from one moment to the next. */
function replace(pair: Pair, by: Pair): void {
  for (const file of ['cert', 'key'] as const) {
    copyFileSync(by[file], `${pair[file]}.new`);
    renameSync(`${pair[file]}.new`, pair[file]);
  }
}

describe.skipIf(!hasOpenssl)('a renewed certificate (needs openssl)', () => {
  /** The program in this process, so that its timers are ours. */
  async function servingHere(pair: Pair, flags = {}) {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const read = readConfig({}, { listen: '127.0.0.1:0', data, 'tls-cert': pair.cert, 'tls-key': pair.key, ...flags });
    if (!read.ok) throw new Error(read.problems.join());
    const logged: string[] = [];
    const log = {
      info: (words: string) => void logged.push(words),
      warn: (words: string) => void logged.push(words),
      failed: (error: unknown) => void logged.push((error as Error).message),
    };
    const said: string[] = [];
    const served = await serveHere(read.config, (line) => void said.push(line), log);
    onTestFinished(() => served.stop());
    return { origin: served.origin, logged, said };
  }

  test('is served within a minute, without a restart; whoever is connected stays so', async () => {
    const pair = newPair({ name: 'old' });
    const { origin, logged } = await servingHere(pair);
    const old = read(pair.cert);
    expect((await askSecurely(origin, old, '/health')).name).toBe('old');
    const open = connect({ host: '127.0.0.1', port: Number(new URL(origin).port), ca: old, servername: 'localhost' });
    onTestFinished(() => void open.destroy());
    await new Promise((connected) => open.once('secureConnect', connected));
    replace(pair, newPair({ name: 'new' }));
    vi.advanceTimersByTime(TLS_LOOK_MS);
    expect((await askSecurely(origin, read(pair.cert), '/health')).name).toBe('new');
    await expect(askSecurely(origin, old, '/health')).rejects.toThrow(/self-signed certificate/);
    expect(
      await handshake(origin, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
    ).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    const answer = new Promise((resolve) => open.once('data', (chunk) => resolve(String(chunk).slice(0, 15))));
    open.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await answer).toBe('HTTP/1.1 200 OK');
    expect(logged).toEqual(['the TLS certificate was renewed']);
  });

  test('that cannot be served leaves the one in use, is told once, and mended is taken', async () => {
    const pair = newPair({ name: 'old' });
    const { origin, logged } = await servingHere(pair);
    const old = read(pair.cert);
    const next = newPair({ name: 'new' });
    copyFileSync(next.cert, pair.cert); // half of it: the key comes later
    for (let n = 0; n < 3; n++) vi.advanceTimersByTime(TLS_LOOK_MS);
    expect((await askSecurely(origin, old, '/health')).name).toBe('old');
    expect(logged).toEqual([expect.stringMatching(/^The TLS key .* is not that of the certificate/)]);
    rmSync(pair.key);
    for (let n = 0; n < 3; n++) vi.advanceTimersByTime(TLS_LOOK_MS);
    expect(logged.slice(1)).toEqual([expect.stringMatching(/^The TLS key .* is not there/)]);
    expect((await askSecurely(origin, old, '/health')).name).toBe('old');
    copyFileSync(next.key, pair.key);
    vi.advanceTimersByTime(TLS_LOOK_MS);
    expect((await askSecurely(origin, read(next.cert), '/health')).name).toBe('new');
    expect(logged.slice(2)).toEqual(['the TLS certificate was renewed']);
  });

  test('that cannot even be looked at leaves the one in use, is told once, and reached again is taken', async () => {
    const pair = newPair({ name: 'old' });
    const { origin, logged } = await servingHere(pair);
    const old = read(pair.cert);
    rmSync(pair.cert);
    symlinkSync(pair.cert, pair.cert); // as with a folder that may not be entered, or a disk that has gone
    for (let n = 0; n < 3; n++) vi.advanceTimersByTime(TLS_LOOK_MS);
    expect((await askSecurely(origin, old, '/health')).name).toBe('old');
    expect(logged).toEqual([`The TLS certificate ${pair.cert} is a link that leads back to itself.`]);
    rmSync(pair.cert);
    replace(pair, newPair({ name: 'new' }));
    vi.advanceTimersByTime(TLS_LOOK_MS);
    expect((await askSecurely(origin, read(pair.cert), '/health')).name).toBe('new');
    expect(logged.slice(1)).toEqual(['the TLS certificate was renewed']);
  });

  test('is tried again where what mends it does not show in the files’ content', async () => {
    const pair = newPair({ name: 'old' });
    const { origin, logged } = await servingHere(pair);
    const next = newPair({ name: 'new' });
    chmodSync(next.key, 0o644);
    replace(pair, next);
    for (let n = 0; n < 2; n++) vi.advanceTimersByTime(TLS_LOOK_MS);
    expect(logged).toEqual([expect.stringMatching(/^The TLS key .*chmod go-rwx/)]);
    chmodSync(pair.key, 0o600);
    vi.advanceTimersByTime(TLS_LOOK_MS);
    expect((await askSecurely(origin, read(pair.cert), '/health')).name).toBe('new');
  });

  test('is warned of as at a start: that it ends soon, or does not name the host of links', async () => {
    const pair = newPair({ name: 'old', hosts: 'DNS:tokens.example.com' });
    const { logged, said } = await servingHere(pair, { 'public-url': 'https://tokens.example.com' });
    expect(said.join()).not.toContain('WARNING');
    replace(pair, newPair({ name: 'new' }));
    vi.advanceTimersByTime(TLS_LOOK_MS);
    expect(logged).toEqual([
      'the TLS certificate was renewed',
      expect.stringContaining('does not name tokens.example.com'),
    ]);
  });

  test('that does not come is warned of once a day: as the end comes near, and past it', async () => {
    const { origin, logged } = await servingHere(newPair({ days: 60 }));
    const pass = (days: number) => {
      // Less than a look at a time would be 1440 of them a day.
      for (let n = 0; n < days * 24; n++) {
        vi.setSystemTime(Date.now() + 3_600_000 - TLS_LOOK_MS);
        vi.advanceTimersByTime(TLS_LOOK_MS);
      }
    };
    pass(45);
    expect(logged).toEqual([]);
    pass(14);
    expect(logged).toHaveLength(14);
    expect(new Set(logged)).toEqual(new Set([expect.stringMatching(/expires at \d{4}-\d\d-\d\dT.*Z\. Renew it/)]));
    logged.length = 0;
    pass(4);
    expect(logged.filter((line) => line.includes(' expired at '))).toHaveLength(4);
    expect(new URL(origin).protocol).toBe('https:'); // and goes on: what renews it may be late
  });

  test('is seen by more than its time: a file of the same age is another one', async () => {
    const pair = newPair({ name: 'old' });
    const then = new Date(Date.now() - 60_000);
    for (const file of [pair.cert, pair.key]) utimesSync(file, then, then);
    const { origin } = await servingHere(pair);
    replace(pair, newPair({ name: 'new' }));
    for (const file of [pair.cert, pair.key]) utimesSync(file, then, then);
    vi.advanceTimersByTime(TLS_LOOK_MS);
    expect((await askSecurely(origin, read(pair.cert), '/health')).name).toBe('new');
  });
});
