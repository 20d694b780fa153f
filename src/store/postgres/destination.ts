import pg from 'pg';
import { Refusal } from '#domain/refusal.ts';

/** Where an address leads, as the driver reads it, with what the environment says beside it (PGHOST, PGSSLMODE, …). */
export type Destination = { readonly host: string; readonly isEncrypted: boolean };

/** Without connecting. The files that the address names (`sslrootcert`, …) are read: refused where they cannot be. */
export function destinationOf(url: string): Destination {
  try {
    const { host, ssl } = new pg.Client({ connectionString: url });
    return { host, isEncrypted: Boolean(ssl) };
  } catch (error) {
    const { path, code } = error as NodeJS.ErrnoException;
    if (code === undefined || typeof path !== 'string') throw error;
    throw new Refusal('conflict', `The file ${path} named in COUNTERSIGN_DATABASE_URL cannot be read (${code}).`);
  }
}

/** This machine by name or number, and folders of sockets. */
const HERE = /^(?:localhost|127(?:\.\d+){3}|::1|\/.*)$/;

/** Nothing is on the way there. */
export const isHere = (host: string): boolean => HERE.test(host);
