import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { usePart } from './parts.ts';
import { answers, freePort, serverUser } from './postgres-cluster.ts';

const START_MS_MAX = 10_000;
const POLL_MS = 10;

/** Any database of the server by its own name; a connection is lent for one transaction, and any number may ask. */
const settings = (port: number, server: number) => `[databases]
* = host=127.0.0.1 port=${server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 500
server_idle_timeout = 1
`;

/** PgBouncer in transaction mode before the server on this port; `url` is for the name of a database to come behind it. */
export async function startPooler(server: number): Promise<{ readonly url: string; remove(): Promise<void> }> {
  const { executable } = usePart('pgbouncer');
  const folder = mkdtempSync(join(tmpdir(), 'countersign-pooler-'));
  chmodSync(folder, 0o755); // it runs as user postgres, and holds nothing secret
  const [port, file] = [await freePort(), join(folder, 'pgbouncer.ini')];
  writeFileSync(file, settings(port, server));
  const child = spawn(executable, ['-q', file], { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], ...serverUser() });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    said += chunk;
  });
  const ended = once(child, 'exit');
  const remove = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `postgres://postgres@127.0.0.1:${port}/`;
  const latest = performance.now() + START_MS_MAX;
  while (!(await answers(`${url}postgres`))) {
    if (child.exitCode !== null || performance.now() > latest) {
      await remove();
      throw new Error(`PgBouncer did not start: ${said}`);
    }
    await wait(POLL_MS);
  }
  return { url, remove };
}
