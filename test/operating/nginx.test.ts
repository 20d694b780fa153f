import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sensitive } from '#domain/sensitive.ts';
import { askSecurely, hasOpenssl, newPair, type Pair, read } from '#support/certificates.ts';
import { temporaryFolder } from '#support/folder.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { ownPostgres } from '#support/postgres.ts';
import { freePort } from '#support/postgres-cluster.ts';
import { bootstrapToken, type Served, serving, unattended } from '#support/process.ts';
import { blockOf } from './commands.ts';

const ANSWERS_MS_MAX = 10_000;

describe.skipIf(!has('nginx') || !has('postgresql') || !hasOpenssl)(
  needing('nginx', 'two nodes behind nginx, by the block of the page'),
  () => {
    let nodes: Served[];
    let token: Sensitive;
    let port: number;
    let pair: Pair;
    let url: string;
    const ends: (() => void | Promise<void>)[] = [];
    afterAll(async () => {
      for (const end of ends) await end();
    });
    const folder = temporaryFolder();
    const start = (name: string, more: Parameters<typeof serving>[1] = {}) => {
      const network = ['--public-url', `https://localhost:${port}`, '--trusted-proxies', '127.0.0.1'];
      const env = { COUNTERSIGN_DATABASE_URL: url, ...more.env };
      return serving(join(folder, name), { env, args: [...network, ...(more.args ?? [])] });
    };
    beforeAll(async () => {
      const { executable } = usePart('nginx');
      port = await freePort();
      const cluster = await ownPostgres({ fsync: false });
      ends.push(cluster.remove);
      url = cluster.url('postgres');
      pair = newPair({ folder });
      for (const name of ['one', 'two']) mkdirSync(join(folder, name), { mode: 0o700 });
      const first = await start('one', unattended(join(folder, 'one')));
      copyFileSync(join(folder, 'one', 'root.key'), join(folder, 'two', 'root.key'));
      nodes = [first, await start('two')];
      token = bootstrapToken(join(folder, 'one'));
      writeFileSync(join(folder, 'nginx.conf'), configuration());
      const child = spawn(executable, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], {
        stdio: 'ignore',
      });
      ends.push(() => void child.kill('SIGKILL'));
      const latest = performance.now() + ANSWERS_MS_MAX;
      while ((await asked('/health').catch(() => 0)) !== 200 && performance.now() < latest) await wait(50);
    }, 60_000);

    /** The block as it is, but for addresses and files. */
    function configuration(): string {
      const ports = nodes.map(({ origin }) => new URL(origin).port);
      let node = 0;
      const block = blockOf('nginx')
        .replace(/server 10\.0\.0\.\d+:7080/g, () => `server 127.0.0.1:${ports[node++]}`)
        .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
        .replace(/\/etc\/nginx\/\S+\.pem/, pair.cert)
        .replace(/\/etc\/nginx\/\S+\.key/, pair.key);
      expect(node).toBe(2);
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (one) => `${one}_temp_path ${folder}/${one};`,
      );
      const user = process.getuid?.() === 0 ? 'user root;\n' : '';
      return `${user}daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr;
events {}
http { access_log off; ${paths.join(' ')}
${block}}
`;
    }

    const asked = async (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET', body?: string) =>
      (await answered(path, headers, method, body)).status;
    const answered = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET', body?: string) =>
      askSecurely(`https://localhost:${port}`, read(pair.cert), path, { method, token, headers, body });
    const json = { 'content-type': 'application/json' };

    test('a token that is made through it is good at both, and where it was used from is no client’s to say', async () => {
      const lies = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' };
      const made = await answered('/api/v1/tokens', json, 'POST', JSON.stringify({ name: 'through-nginx' }));
      expect(made.status).toBe(200);
      for (const { send } of nodes)
        expect((await send({ method: 'GET', path: '/api/v1/whoami', token })).status).toBe(200);
      for (let n = 0; n < 4; n++) expect(await asked('/api/v1/whoami', lies)).toBe(200);
      expect(readFileSync(join(folder, 'nginx.conf'), 'utf8')).toContain('$remote_addr');
      const seen = await answered('/api/v1/tokens?name=bootstrap');
      expect(seen.text).not.toContain('203.0.113.9');
    });

    test('one node that is stopped, killed, or away is not noticed by whoever reads', { timeout: 60_000 }, async () => {
      const [one, two] = nodes as [Served, Served];
      const statuses: number[] = [];
      let isOver = false;
      const reading = Promise.all(
        Array.from({ length: 4 }, async () => {
          while (!isOver) statuses.push(await asked('/api/v1/whoami'));
        }),
      );
      one.process.kill('SIGTERM');
      await one.ended;
      await wait(500);
      isOver = true;
      await reading;
      expect([...new Set(statuses)]).toEqual([200]);
      expect(statuses.length).toBeGreaterThan(20);
      for (let n = 0; n < 10; n++) expect(await asked('/api/v1/whoami')).toBe(200);
      two.process.kill('SIGKILL');
      await two.ended;
      expect(await asked('/api/v1/whoami')).toBe(502); // no node is left
    });
  },
);
