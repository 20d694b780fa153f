import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { whenOver } from './over.ts';
import { usePart } from './parts.ts';
import { type Cluster, type Options, startCluster } from './postgres-cluster.ts';
import { MIGRATED } from './shared-postgres.ts';

/** A new database on the server that all tests share, gone when the test is over: its URL. */
export async function freshPostgres(kind: Kind = {}): Promise<string> {
  const url = await makePostgres(kind);
  whenOver(() => dropPostgres(url));
  return url;
}

type Kind = {
  /** Without the program's tables, which are else there as it had made them; a copy takes a tenth of the time. */
  readonly empty?: boolean;
};

/** For as long as the maker wants it. */
export async function makePostgres({ empty = false }: Kind): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const from = empty ? 'template0' : MIGRATED;
  await (await administrator()).query(`create database ${name} template ${from} strategy file_copy`);
  return inject('postgres').administered + name;
}

export async function dropPostgres(url: string): Promise<void> {
  const name = url.slice(url.lastIndexOf('/') + 1);
  await (await administrator()).query(`drop database ${name} with (force)`);
}

let connected: Promise<pg.Client> | undefined;

function administrator(): Promise<pg.Client> {
  connected ??= (async () => {
    const client = new pg.Client({ connectionString: `${inject('postgres').administered}postgres` });
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

/** How a program comes to it: through the pooler, where there is one between them. */
export function askedThrough(url: string): { readonly url: string; readonly pooled: boolean } {
  const { asked, administered, pooled } = inject('postgres');
  return { url: url.replace(administered, asked), pooled };
}
