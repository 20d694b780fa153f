import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { ProfileFile } from '#cli/here.ts';
import { Refusal } from '#domain/refusal.ts';
import { replaceFile } from './secret-file.ts';
import { OTHERS_WRITE, refuseShared } from './shared.ts';
import { naming } from './system-refusal.ts';

/** Nobody else, the group neither: what is in it is one person's. */
const OTHERS = 0o077;

/** Where the last login left host and key. Looked for when it is used: some users of containers have no home. */
export function profileFile(env: NodeJS.ProcessEnv): ProfileFile {
  const named = <Value>(use: (path: string) => Value): Value => {
    const path = pathIn(env);
    return naming(`The profile ${path}`, () => use(path));
  };
  return {
    get path() {
      return pathIn(env);
    },
    read: () => named((path) => (existsSync(path) ? readOwn(path) : undefined)),
    write: (text) => named((path) => writeOwn(path, text)),
    remove: () => named(removed),
  };
}

/** A relative folder is none (XDG Base Directory Specification), and a key must not lie wherever somebody stands. */
function pathIn({ XDG_CONFIG_HOME: config = '' }: NodeJS.ProcessEnv): string {
  const folder = isAbsolute(config) ? config : join(home(), '.config');
  if (isAbsolute(folder)) return join(folder, 'countersign', 'profile.json');
  throw new Refusal(
    'conflict',
    'There is no home folder to keep a profile in: set HOME or XDG_CONFIG_HOME, or TFY_HOST and TFY_API_KEY.',
  );
}

/** Nothing where this user has none. */
function home(): string {
  try {
    return homedir();
  } catch {
    return '';
  }
}

function removed(path: string): boolean {
  const was = existsSync(path);
  rmSync(path, { force: true });
  return was;
}

function readOwn(path: string): string {
  refuseShared(dirname(path), `The folder ${dirname(path)}`, OTHERS_WRITE);
  refuseShared(path, `The profile ${path}`, OTHERS);
  return readFileSync(path, 'utf8');
}

function writeOwn(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  chmodSync(dirname(path), 0o700);
  replaceFile(path, text);
}
