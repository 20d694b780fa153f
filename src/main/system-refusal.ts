import { dirname } from 'node:path';
import { Refusal } from '#domain/refusal.ts';

/** What the operating system says no with, of a file or folder, and what its operator can do. */
const OF_FILES: Readonly<Record<string, string>> = {
  EACCES: 'cannot be read and written by this user. Give this user the rights, or choose another.',
  EPERM: 'is where this user may not do that, or where the file system cannot. Choose another.',
  EROFS: 'is on a read-only file system. Mount it writable, or choose another.',
  ENOSPC: 'is on a disk that is full. Make room, and start again: nothing is lost.',
  EDQUOT: 'is over its quota. Make room, and start again: nothing is lost.',
  ENOENT: 'is not there.',
  ENOTDIR: 'is not a folder, or lies in something that is none.',
  EEXIST: 'is not a folder, or lies in something that is none.',
  EISDIR: 'is a folder, and should be a file.',
  ELOOP: 'is a link that leads back to itself.',
  EIO: 'cannot be read or written: its disk fails.',
  EMFILE: 'cannot be opened: this process has too many files open.',
  ENFILE: 'cannot be opened: this machine has too many files open.',
  ENAMETOOLONG: 'has a name that is too long.',
};

/** The same of an address to listen on. */
const OF_ADDRESSES: Readonly<Record<string, string>> = {
  EACCES: 'may not be listened on by this user: ports below 1024 are kept for root. Choose another with --listen.',
  EADDRINUSE: 'is in use by another program. Stop it, or choose another with --listen (port 0 takes any free one).',
  EADDRNOTAVAIL: 'is no address of this machine. Choose another with --listen.',
  ENOTFOUND: 'is no address of this machine. Choose another with --listen.',
};

/** The error itself when it is none of these. */
export const systemRefusal = (error: unknown, what: string): unknown => refusalIn(OF_FILES, error, what);
export const addressRefusal = (error: unknown, what: string): unknown => refusalIn(OF_ADDRESSES, error, what);

function refusalIn(reasons: typeof OF_FILES, error: unknown, what: string): unknown {
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
  return reason === undefined ? error : new Refusal('conflict', `${what} ${reason}`, { cause: error });
}

/** An outage's message speaks to whoever holds a key; an operator needs what is behind it. */
export const inOperatorsWords = ({ code, message, detail }: Refusal): string =>
  code === 'unavailable' && detail !== undefined ? `${detail}. Nothing is lost.` : message;

/** Does it; what the operating system refuses of it is said of `what`. */
export function naming<Result>(what: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw systemRefusal(error, what);
  }
}

/** The same of making a file: what is not there is the folder that it should lie in. */
export function namingNew<Result>(what: string, file: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw systemRefusal(error, what);
    const words = `${what} cannot be made: its folder ${dirname(file)} is not there. Make that, or choose another.`;
    throw new Refusal('conflict', words, { cause: error });
  }
}
