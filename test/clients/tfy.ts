import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sensitive } from '#domain/sensitive.ts';
import { temporaryFolder } from '#support/folder.ts';
import { usePart } from '#support/parts.ts';
import { type Instance, instance } from './instance.ts';
import { type Outcome, outcomeOf } from './program.ts';
import { type Recorder, recorderOf } from './recorder.ts';

/** The public command line, in two versions: what each takes for a key differs. */
export const VERSIONS = [
  { part: 'tfy', version: '0.17.5', ofExpired: 'Token has expired. Please login again.' },
  // It reads no subject type, so it takes every JWT for one of a session.
  { part: 'tfy-0.16.1', version: '0.16.1', ofExpired: 'Unable to resume login session.' },
] as const;
export type TfyPart = (typeof VERSIONS)[number]['part'];

export const API = '/api/svc/v1';
export const MANIFEST = join(import.meta.dirname, 'manifest.yaml');
const LIST = 'from truefoundry import client; print([row.name for row in client.personal_access_tokens.list()])';

export const tfyOf =
  (part: TfyPart) =>
  (args: readonly string[], home: string, env = {}): Promise<Outcome> =>
    outcomeOf(usePart(part).tfy, args, { home, env });

/** The SDK behind the same command line, as code uses it: with its login, and then a request that takes a good key. */
export const listedBy = (part: TfyPart, home: string, env = {}): Promise<Outcome> =>
  outcomeOf(join(usePart(part).tfy, '..', 'python'), ['-c', LIST], { home, env });

/** What a person reads, without the frames and line breaks of a terminal. */
export const words = ({ out, err }: Outcome): string => `${err}${out}`.replace(/[╭╮╰╯│─\s]+/g, ' ');
export const told = (outcome: Outcome) => ({ code: outcome.code, words: words(outcome) });

/** What it asks before each command that needs a login. The last is its question whose key that is: of a JWT it knows. */
export const prologue = ({ origin }: Recorder, key: 'opaque' | 'jwt' = 'opaque'): readonly string[] => [
  `GET ${API}/min-cli-version`,
  `GET ${API}/tenant-id?hostName=${encodeURIComponent(new URL(origin).host)}`,
  ...(key === 'opaque' ? [`GET ${API}/session`] : []),
];

export const keyIn = ({ origin }: Recorder, key: Sensitive) => ({ TFY_HOST: origin, TFY_API_KEY: key.reveal() });

/** What a login has kept for the commands after it, or undefined. */
export function keptIn(home: string): unknown {
  const file = join(home, '.truefoundry', 'credentials.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

export async function recorded(options = {}): Promise<{ served: Instance; recorder: Recorder; home: string }> {
  const served = await instance(options);
  return { served, recorder: await recorderOf(served.origin), home: temporaryFolder() };
}
