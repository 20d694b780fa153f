import type { Sensitive } from '#domain/sensitive.ts';
import { refused } from './exit.ts';
import type { ProfileFile } from './here.ts';
import { parseHost } from './host.ts';
import { parseKey } from './key.ts';

/** What a login leaves: where, and by which key. */
export type Profile = {
  readonly host: string;
  readonly key: Sensitive;
  /** Whoever logged in has agreed to plain HTTP to this host. */
  readonly insecureHttp: boolean;
};

export function readProfile(file: ProfileFile): Profile | undefined {
  const text = file.read();
  if (text === undefined) return undefined;
  try {
    const { host, key, insecureHttp } = JSON.parse(text);
    return {
      host: parseHost(String(host), 'host'),
      key: parseKey(String(key), 'key'),
      insecureHttp: insecureHttp === true,
    };
  } catch {
    throw refused(`The profile ${file.path} is damaged. Log in again: countersign login --host URL`);
  }
}

/** Here alone the key goes into the file. */
export const writeProfile = (file: ProfileFile, { host, key, insecureHttp }: Profile): void =>
  file.write(`${JSON.stringify({ host, key: key.reveal(), ...(insecureHttp ? { insecureHttp } : {}) }, null, 2)}\n`);
