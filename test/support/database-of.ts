import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE } from './database.ts';
import { ran } from './parts.ts';
import { askedThrough, copyPostgres, dropPostgres, makePostgres } from './postgres.ts';
import { type Raw, rawPostgres, rawSqlite } from './raw.ts';

/** The database of each data folder that a program of ours was started on, where the folder does not hold it itself. */
const urls = new Map<string, string>();

/** What a program is told of its database that works in this data folder: the same each time. */
export async function databaseEnvOf(data: string): Promise<Readonly<Record<string, string>>> {
  if (ENGINE !== 'postgres') return {};
  await dropForgotten();
  if (!urls.has(data)) urls.set(data, await makePostgres({ empty: true }));
  ran('postgresql');
  return knownDatabaseEnvOf(data);
}

/** The same for whoever comes to a folder in which a program was started before. */
export function knownDatabaseEnvOf(data: string | undefined): Readonly<Record<string, string>> {
  const url = urls.get(data ?? '');
  if (url === undefined) return {};
  const asked = askedThrough(url);
  return { COUNTERSIGN_DATABASE_URL: asked.url, ...(asked.pooled ? { COUNTERSIGN_DATABASE_POOLED: 'true' } : {}) };
}

/** Of a data folder in which a program was started before. */
export function rawOf(data: string): Raw {
  const url = urls.get(data);
  return url === undefined ? rawSqlite(join(data, 'countersign.db')) : rawPostgres(url);
}

/** Where its server is, without a pooler; undefined where the folder holds it itself. */
export const databaseUrlOf = (data: string): string | undefined => urls.get(data);

/** Of a folder that was copied while nobody used it: its database is copied with it. */
export async function copyDatabaseOf(data: string, copied: string): Promise<void> {
  const url = urls.get(data);
  if (url !== undefined) urls.set(copied, await copyPostgres(url));
}

/** A database goes with its folder, or else with the server. */
async function dropForgotten(): Promise<void> {
  for (const [data, url] of [...urls].filter(([data]) => !existsSync(data))) {
    urls.delete(data);
    await dropPostgres(url);
  }
}
