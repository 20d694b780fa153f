import { statSync } from 'node:fs';
import { Refusal } from '#domain/refusal.ts';

/** Others, or the group, could put something else there. */
export const OTHERS_WRITE = 0o022;
/** Others could read it, or the group change it. A group may read: that is how containers hand out secrets. */
export const OTHERS_READ = 0o027;

/** Refuses what other users of this machine could read or replace: whoever has the root key has everything. */
export function refuseShared(path: string, what: string, bits: number): void {
  if (process.platform === 'win32') return; // has no such modes
  const { mode, uid } = statSync(path);
  const us = process.getuid?.();
  if ((mode & bits) !== 0) throw shared(what, path, mode);
  if (uid !== us && uid !== 0) throw foreign(what);
}

const shared = (what: string, path: string, mode: number): Refusal =>
  new Refusal(
    'conflict',
    `${what} can be read or changed by other users of this machine (mode ${(mode & 0o777).toString(8)}). ` +
      `Keep them out, with: chmod go-rwx ${path}`,
  );

const foreign = (what: string): Refusal =>
  new Refusal(
    'conflict',
    `${what} belongs to another user, who could replace it. Give it to the user that this runs as.`,
  );
