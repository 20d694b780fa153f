import { Failure } from '#client/failure.ts';
import type { Invoke } from '#contract/invoke.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Options } from './command.ts';
import { misunderstood, refused } from './exit.ts';
import type { Here } from './here.ts';
import { parseHost, refuseInsecure } from './host.ts';
import { parseKey } from './key.ts';
import { type Profile, readProfile } from './profile.ts';

export type Origin = 'TFY_HOST' | 'TFY_BASE_URL' | 'TFY_API_KEY' | 'profile';
export type Connection = {
  readonly host: string;
  readonly hostFrom: Origin;
  readonly keyFrom: Origin;
  readonly invoke: Invoke;
};

/** Where to ask and by which key: the environment goes before the profile, each by itself. */
export function connection(here: Here, options: Options): Connection {
  const [host, key] = [hostIn(here.env), keyIn(here.env)];
  const profile = host !== undefined && key !== undefined ? undefined : readProfile(here.profile);
  const found = {
    ...(host ?? { host: (profile ?? notLoggedIn()).host, hostFrom: 'profile' as const }),
    ...(key ?? { key: (profile ?? notLoggedIn()).key, keyFrom: 'profile' as const }),
  };
  if (found.keyFrom === 'profile') refuseElsewhere(found, profile);
  const agreed = profile?.insecureHttp === true && profile.host === found.host;
  refuseInsecure(found.host, agreed || options['insecure-http'] === true);
  const { key: by, ...told } = found;
  return { ...told, invoke: namingItsKey(here.invokeOver(found.host, by), told) };
}

/** Set to nothing is not set. */
function hostIn(env: Here['env']): { readonly host: string; readonly hostFrom: Origin } | undefined {
  const [first, second] = (['TFY_HOST', 'TFY_BASE_URL'] as const).flatMap((hostFrom) => {
    const text = env[hostFrom];
    return text ? { host: parseHost(text, hostFrom), hostFrom } : [];
  });
  if (first !== undefined && second !== undefined && first.host !== second.host) {
    throw misunderstood(`TFY_HOST says ${first.host} and TFY_BASE_URL says ${second.host}. Unset one of them.`);
  }
  return first;
}

function keyIn(env: Here['env']): { readonly key: Sensitive; readonly keyFrom: Origin } | undefined {
  return env.TFY_API_KEY ? { key: parseKey(env.TFY_API_KEY, 'TFY_API_KEY'), keyFrom: 'TFY_API_KEY' } : undefined;
}

/** A variable that names another host must not draw the profile's key there. */
function refuseElsewhere({ host, hostFrom }: { host: string; hostFrom: Origin }, profile: Profile | undefined): void {
  if (profile === undefined || profile.host === host) return;
  throw refused(
    `${hostFrom} names ${host}, and the profile’s key is for ${profile.host}: it is not sent elsewhere. ` +
      `Set TFY_API_KEY too, unset ${hostFrom}, or log in there: countersign login --host ${host}`,
  );
}

function notLoggedIn(): never {
  throw refused('Not logged in. Log in with: countersign login --host URL, or set TFY_HOST and TFY_API_KEY.');
}

/** Whoever has a good key and a bad one must learn which was tried. */
const namingItsKey =
  (invoke: Invoke, { host, keyFrom }: Omit<Connection, 'invoke'>): Invoke =>
  async (id, input) => {
    try {
      return await invoke(id, input);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'unauthenticated') throw error;
      const which = keyFrom === 'profile' ? 'of the profile' : `in ${keyFrom}`;
      throw new Failure(error.code, `${host} does not accept the key ${which}. ${error.message}`, error);
    }
  };
