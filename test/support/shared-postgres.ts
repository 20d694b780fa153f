import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openPostgres } from '#store/postgres/open.ts';
import { usePart } from './parts.ts';
import { startCluster } from './postgres-cluster.ts';

/** The name of a database as the program leaves it that has just made its tables. */
export const MIGRATED = 'migrated';

declare module 'vitest' {
  interface ProvidedContext {
    /** With the name of a database to come behind it. */
    postgres: string;
  }
}

/** Vitest calls it once, before all tests of a project; what it answers is called after them. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCluster({ bin: usePart('postgresql').bin, fsync: false });
  try {
    await make(cluster.url('postgres'), MIGRATED);
    await (await openPostgres({ url: cluster.url(MIGRATED), connectionsMax: 1, pooled: false }, 0, () => {})).close();
    provide('postgres', cluster.url(''));
    return cluster.remove;
  } catch (error) {
    await cluster.remove();
    throw error;
  }
}

async function make(url: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create database ${database}`);
  await client.end();
}
