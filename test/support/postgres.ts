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

/** Whoever is still connected to it is cut off: as a template it must have nobody. */
export async function copyPostgres(url: string): Promise<string> {
  const [name, from] = [`test_${randomBytes(8).toString('hex')}`, nameIn(url)];
  const admin = await administrator();
  await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [from]);
  await admin.query(`create database ${name} template ${from} strategy file_copy`);
  return inject('postgres').administered + name;
}

const nameIn = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

export async function dropPostgres(url: string): Promise<void> {
  await (await administrator()).query(`drop database ${nameIn(url)} with (force)`);
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
