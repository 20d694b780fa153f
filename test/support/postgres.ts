import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { whenOver } from './over.ts';
import { usePart } from './parts.ts';
import { type Cluster, type Options, startCluster } from './postgres-cluster.ts';
import { MIGRATED } from './shared-postgres.ts';

/**
 * A new database on the server that all tests share, gone when the test is over: its URL. With the program's tables in
 * it, as it had made them itself, or empty; copied, since making them takes ten times as long.
 */
export async function freshPostgres({ empty = false } = {}): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const to = await administrator();
  await to.query(`create database ${name} template ${empty ? 'template0' : MIGRATED} strategy file_copy`);
  whenOver(async () => void (await to.query(`drop database ${name} with (force)`)));
  return inject('postgres') + name;
}

let connected: Promise<pg.Client> | undefined;

function administrator(): Promise<pg.Client> {
  connected ??= (async () => {
    const client = new pg.Client({ connectionString: `${inject('postgres')}postgres` });
    await client.connect();
    return client;
  })();
  return connected;
}

/** A server for tests that stop it or kill it; gone when they are over. */
export async function ownPostgres(options: Partial<Options> = {}): Promise<Cluster> {
  const cluster = await startCluster({ bin: usePart('postgresql').bin, ...options });
  whenOver(cluster.remove);
  return cluster;
}
