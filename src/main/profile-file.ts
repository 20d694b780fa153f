import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { ProfileFile } from '#cli/here.ts';
import { replaceFile } from './secret-file.ts';
import { OTHERS_WRITE, refuseShared } from './shared.ts';
import { naming } from './system-refusal.ts';

/** Nobody else, the group neither: what is in it is one person's. */
const OTHERS = 0o077;

/** Where the last login left host and key. */
export function profileFile(env: NodeJS.ProcessEnv): ProfileFile {
  const path = join(configFolder(env), 'countersign', 'profile.json');
  const named = <Value>(use: () => Value): Value => naming(`The profile ${path}`, use);
  return {
    path,
    read: () => named(() => (existsSync(path) ? readOwn(path) : undefined)),
    write: (text) => named(() => writeOwn(path, text)),
    remove: () => named(() => removed(path)),
  };
}

/** A relative one is not one (XDG Base Directory Specification). */
const configFolder = ({ XDG_CONFIG_HOME: folder }: NodeJS.ProcessEnv): string =>
  folder !== undefined && isAbsolute(folder) ? folder : join(homedir(), '.config');

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
