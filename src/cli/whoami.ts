import type { Output } from '#contract/invoke.ts';
import type { Command } from './command.ts';
import { connection } from './connection.ts';
import { fields } from './printable.ts';
import { minuteOf } from './when.ts';

export type Whoami = Output<'ownWhoami'>;

export const whoami: Command = {
  takes: '',
  words: 0,
  options: {},
  async run(here, _, options) {
    const { host, invoke } = connection(here, options);
    const answer = await invoke('ownWhoami', {});
    return { lines: fields({ Host: host, ...identityOf(answer), Roles: rolesOf(answer) }), json: answer };
  },
};

/** Who, and by what, as every command words it. */
export const identityOf = (answer: Whoami) => ({
  Identity: `${answer.principal.name} (${answer.principal.kind.replaceAll('_', ' ')})`,
  Tenant: answer.tenant.name,
  Token: credentialOf(answer),
  Expires: expiryOf(answer),
});

export const credentialOf = ({ credential: { name, preview, kind } }: Whoami): string =>
  [name ?? `a ${kind}`, preview === undefined ? undefined : `(${preview})`]
    .filter((part) => part !== undefined)
    .join(' ');

export const expiryOf = ({ credential }: Whoami): string => minuteOf(credential.expiresAt);

const rolesOf = ({ rights: { roles } }: Whoami): string => (roles.length === 0 ? 'none' : roles.join(', '));
