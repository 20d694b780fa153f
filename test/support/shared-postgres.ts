import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openPostgres } from '#store/postgres/open.ts';
import { usePart } from './parts.ts';
import { startPooler } from './pooler.ts';
import { startCluster } from './postgres-cluster.ts';

/** The name of a database as the program leaves it that has just made its tables. */
export const MIGRATED = 'migrated';

declare module 'vitest' {
  interface ProvidedContext {
    /** With the name of a database to come behind it. `asked` is what the program uses: a pooler's, where there is one. */
    postgres: { readonly asked: string; readonly administered: string; readonly pooled: boolean };
  }
}

/** Vitest calls it once, before all tests of a project; what it answers is called after them. */
export async function setup({ provide, config }: TestProject): Promise<() => Promise<void>> {
  const part = config.env.COUNTERSIGN_TEST_PART;
  const { bin } = usePart(part === 'postgresql-18' ? part : 'postgresql');
  const cluster = await startCluster({ bin, fsync: false });
  const removes = [cluster.remove];
  const remove = async () => {
    for (const each of removes) await each();
  };
  try {
    await make(cluster.url('postgres'), MIGRATED);
    await (await openPostgres({ url: cluster.url(MIGRATED), connectionsMax: 1, pooled: false }, 0, () => {})).close();
    const pooler = part === 'pgbouncer' ? await startPooler(cluster.port) : undefined;
    if (pooler !== undefined) removes.unshift(pooler.remove);
    const [administered, pooled] = [cluster.url(''), pooler !== undefined];
    provide('postgres', { administered, asked: pooler?.url ?? administered, pooled });
    return remove;
  } catch (error) {
    await remove();
    throw error;
  }
}

async function make(url: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create database ${database}`);
  await client.end();
}
