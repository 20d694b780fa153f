import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sensitive } from '#domain/sensitive.ts';
import { askSecurely, hasOpenssl, newPair, type Pair, read } from '#support/certificates.ts';
import { temporaryFolder } from '#support/folder.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { freePort } from '#support/postgres-cluster.ts';
import { ADMIN_EMAIL, bootstrapToken, type Served, serving, unattended } from '#support/process.ts';
import { JSON_TYPE } from '#support/world.ts';
import { memberToken, newToken, revoke } from '../clients/instance.ts';
import { blockOf } from './commands.ts';

const PAGE = 'docs/gateways.md';
const ANSWERS_MS_MAX = 10_000;

describe.skipIf(!has('nginx') || !hasOpenssl)(
  needing('nginx', 'an application behind nginx, by the block of the page'),
  () => {
    let served: Served;
    let admin: Sensitive;
    let port: number;
    let pair: Pair;
    /** What the application got, in their order. */
    const arrived: IncomingHttpHeaders[] = [];
    const ends: (() => unknown)[] = [];
    afterAll(async () => {
      for (const end of ends) await end();
    });
    const folder = temporaryFolder();

    beforeAll(async () => {
      const { executable } = usePart('nginx');
      const data = join(folder, 'data');
      const { env, args } = unattended(data);
      served = await serving(data, { env, args: [...args, '--trusted-proxies', '127.0.0.1'] });
      ends.push(() => served.process.kill('SIGKILL'));
      admin = bootstrapToken(data);
      [port, pair] = [await freePort(), newPair({ folder })];
      writeFileSync(join(folder, 'countersign-auth.conf'), blockOf('nginx-include', PAGE));
      writeFileSync(join(folder, 'nginx.conf'), configuration(await application()));
      const child = spawn(executable, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], {
        stdio: 'ignore',
      });
      ends.push(() => child.kill('SIGKILL'));
      const latest = performance.now() + ANSWERS_MS_MAX;
      while ((await asked('/').catch(() => ({ status: 0 }))).status !== 401 && performance.now() < latest)
        await wait(50);
    }, 60_000);

    /** Says what it was asked for, and notes by which headers. */
    async function application(): Promise<number> {
      const server = createServer((request, response) => {
        arrived.push(request.headers);
        response.end(`app ${request.method} ${request.url}`);
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      ends.push(() => server.close());
      return (server.address() as AddressInfo).port;
    }

    /** The block as it is, but for addresses and files. */
    function configuration(app: number): string {
      const block = blockOf('nginx', PAGE)
        .replace('server 127.0.0.1:7080', `server 127.0.0.1:${new URL(served.origin).port}`)
        .replaceAll('127.0.0.1:9000', `127.0.0.1:${app}`)
        .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
        .replace(/\/etc\/nginx\/\S+\.pem/, pair.cert)
        .replace(/\/etc\/nginx\/\S+\.key/, pair.key)
        .replaceAll('/etc/nginx/countersign-auth.conf', join(folder, 'countersign-auth.conf'));
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

    const asked = (path: string, sent: Parameters<typeof askSecurely>[3] = {}) =>
      askSecurely(`https://localhost:${port}`, read(pair.cert), path, sent);
    const before = () => arrived.length;

    const LIES = {
      ...{ 'x-forwarded-user': 'root@example.com', 'x-forwarded-email': 'root@example.com', 'x-tenant-name': 'other' },
      ...{ 'x-auth-subject-type': 'virtualaccount', 'x-auth-subject-id': 'a00000000000000000000000' },
    };

    test('whoever has a good token passes, and the application is told who they are and gets no token', async () => {
      const { status, text } = await asked('/app?a=b', { token: admin, headers: LIES });
      expect([status, text]).toEqual([200, 'app GET /app?a=b']);
      const got = arrived.at(-1) ?? {};
      expect(got).toMatchObject({
        ...{ 'x-forwarded-user': ADMIN_EMAIL, 'x-forwarded-email': ADMIN_EMAIL, 'x-tenant-name': 'default' },
        ...{ 'x-auth-subject-type': 'user', 'x-auth-subject-id': expect.stringMatching(/^[a-z][a-z0-9]{23}$/) },
      });
      expect(got['x-auth-subject-id']).not.toBe(LIES['x-auth-subject-id']);
      expect(got.authorization).toBeUndefined();
      expect(JSON.stringify(got)).not.toContain(admin.reveal());
    });

    test('by any method, with a body that goes to the application alone', async () => {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const sent = { method, token: admin, headers: JSON_TYPE, body: '{"broken":' };
        expect((await asked('/app', sent)).text).toBe(`app ${method} /app`);
      }
    });

    test('whoever has none gets 401 with the challenge, and the application nothing', async () => {
      const count = before();
      for (const headers of [{}, LIES, { authorization: 'Bearer tfy_pat_no' }, { cookie: 'session=x' }]) {
        const answer = await asked('/app', { headers });
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      }
      expect(before()).toBe(count);
    });

    test('whoever lacks what is required gets 403, and passes elsewhere', async () => {
      const member = await memberToken({ ...served, token: admin }, 'member@example.com');
      expect((await asked('/app', { token: member })).status).toBe(200);
      expect(arrived.at(-1)?.['x-forwarded-user']).toBe('member@example.com');
      const count = before();
      expect((await asked('/metrics/one', { token: member })).status).toBe(403);
      expect(before()).toBe(count);
      expect((await asked('/metrics/one', { token: admin })).status).toBe(200);
    });

    test('what nginx asks is not there to be asked by anybody else', async () => {
      expect((await asked('/_auth', { token: admin })).status).toBe(404);
      expect((await asked('/_auth/metrics', { token: admin })).status).toBe(404);
    });

    test('a token that was revoked passes no more, from its next request on', async () => {
      const to = { ...served, token: admin };
      const token = await newToken(to, 'to-be-revoked', { tokenType: 'jwt' });
      expect((await asked('/app', { token })).status).toBe(200);
      await revoke(to, token);
      expect((await asked('/app', { token })).status).toBe(401);
    });

    test('headers that are too large for the server are no more its business than cookies', async () => {
      const headers = { cookie: `session=${'x'.repeat(6_000)}`, 'x-more': 'x'.repeat(6_000) };
      expect((await asked('/app', { token: admin, headers })).status).toBe(200);
    });

    test('where the server is gone nobody passes, and nobody is told that their token is bad', async () => {
      served.process.kill('SIGKILL');
      await served.ended;
      const count = before();
      expect((await asked('/app', { token: admin })).status).toBe(503);
      expect((await asked('/app')).status).toBe(503);
      expect(before()).toBe(count);
    });
  },
);
