import { type Command, type Options, textOf } from './command.ts';
import { misunderstood } from './exit.ts';
import type { Here } from './here.ts';
import { parseHost, refuseInsecure } from './host.ts';
import { parseKey, typed } from './key.ts';
import { writeProfile } from './profile.ts';
import { credentialOf, expiryOf } from './whoami.ts';

/** What is kept has been tried: a key that the server does not take leaves an older profile as it was. */
export const login: Command = {
  takes: '--host URL',
  words: 0,
  options: { host: 'string' },
  async run(here, _, options) {
    const host = hostIn(options);
    const { path } = here.profile; // or a token would be asked for that cannot be kept
    const key = parseKey(await typed(here, `Access token for ${host}`), 'what was given');
    const whoami = await here.invokeOver(host, key)('ownWhoami', {});
    writeProfile(here.profile, { host, key, insecureHttp: options['insecure-http'] === true });
    return {
      lines: [
        `Logged in to ${host} as ${whoami.principal.name}, tenant ${whoami.tenant.name}.`,
        `Token: ${credentialOf(whoami)}, expires: ${expiryOf(whoami)}. It is kept in ${path}, for your eyes only.`,
        ...overrides(here),
      ],
      json: { host, profile: path, ...whoami },
    };
  },
};

function hostIn(options: Options): string {
  const text = textOf(options.host);
  if (text === undefined) throw misunderstood('Say where: countersign login --host URL');
  const host = parseHost(text, '--host');
  refuseInsecure(host, options['insecure-http'] === true);
  return host;
}

/** Whoever logs in and then acts as somebody else must know why. */
const overrides = ({ env }: Here): readonly string[] => {
  const set = ['TFY_HOST', 'TFY_BASE_URL', 'TFY_API_KEY'].filter((name) => env[name]);
  return set.length === 0 ? [] : [`Note: ${set.join(' and ')} in the environment still go before this profile.`];
};
