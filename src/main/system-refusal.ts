import { Refusal } from '#domain/refusal.ts';

/** What the operating system says no with, and what its operator can do. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'cannot be read and written by this user. Give this user the rights, or choose another.',
  EPERM: 'cannot be read and written by this user. Give this user the rights, or choose another.',
  EROFS: 'is on a read-only file system. Mount it writable, or choose another.',
  ENOSPC: 'is on a disk that is full. Make room, and start again: nothing is lost.',
  EDQUOT: 'is over its quota. Make room, and start again: nothing is lost.',
  ENOENT: 'is not there.',
  ENOTDIR: 'is not a folder, or lies in something that is none.',
  EEXIST: 'is not a folder, or lies in something that is none.',
  EISDIR: 'is a folder, and should be a file.',
  ENAMETOOLONG: 'has a name that is too long.',
  EADDRINUSE: 'is in use by another program. Stop it, or choose another with --listen (port 0 takes any free one).',
  EADDRNOTAVAIL: 'is no address of this machine. Choose another with --listen.',
};

/** The error itself when it is none of these. */
export function systemRefusal(error: unknown, what: string): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ''];
  return reason === undefined ? error : new Refusal('conflict', `${what} ${reason}`, { cause: error });
}

/** Does it, and says of what the operating system refuses. */
export function said<Result>(what: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw systemRefusal(error, what);
  }
}
