import type { Invoke } from '#contract/invoke.ts';
import type { UserRow } from '#contract/wire/user.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { type Command, type Options, textOf } from './command.ts';
import { connection } from './connection.ts';
import { refused } from './exit.ts';
import type { Here } from './here.ts';
import { allPages } from './pages.ts';
import { fields, printable, table } from './printable.ts';
import { LINK, wayFor } from './way.ts';
import { dayOf } from './when.ts';

export const usersList: Command = {
  takes: '[--search TEXT] [--all]',
  words: 0,
  options: { search: 'string', all: 'boolean' },
  async run(here, _, options) {
    const { invoke } = connection(here, options);
    const users = await allUsers(invoke, textOf(options.search), options.all === true);
    const rows = users.map((user) => [user.email, user.id, user.roles.join(', '), stateOf(user), lastSeen(user)]);
    return { lines: table(['E-mail', 'ID', 'Roles', 'State', 'Last Used'], rows), json: users };
  },
};

function allUsers(invoke: Invoke, query: string | undefined, isAll: boolean): Promise<readonly UserRow[]> {
  const asked = { showInvalidUsers: isAll ? 'true' : 'false', ...(query === undefined ? {} : { query }) } as const;
  return allPages((page) => invoke('wireListUsers', { ...asked, ...page }));
}

const stateOf = ({ active, metadata }: UserRow): string =>
  active ? (metadata.inviteAccepted ? 'active' : 'not signed in yet') : 'deactivated';

const lastSeen = ({ lastAccessedAt }: UserRow): string =>
  lastAccessedAt === undefined ? 'never' : dayOf(lastAccessedAt);

export const usersInvite: Command = {
  takes: 'EMAIL [--show | --out FILE]',
  words: 1,
  options: { show: 'boolean', out: 'string' },
  async run(here, [email = ''], options) {
    const { host, invoke } = connection(here, options);
    const way = await wayFor(here, options, LINK);
    try {
      await invoke('wireRegisterUser', { email, skipIfUserExists: true });
      const { link } = await invoke('wireInviteUser', { email, acceptInviteClientUrl: host });
      const told = fields({ 'E-mail': email, 'Good for': 'three days, once' });
      return { lines: [...told, ...way.hand(new Sensitive(link), email)], json: { email, file: way.file ?? null } };
    } catch (error) {
      way.discard();
      throw error;
    }
  },
};

export const usersDeactivate: Command = {
  takes: 'EMAIL [--yes]',
  words: 1,
  options: { yes: 'boolean' },
  async run(here, [email = ''], options) {
    const { invoke } = connection(here, options);
    const user = await userBy(invoke, email);
    const { tokens, revocation } = await invoke('ownRevokeUserTokens', { id: user.id, dryRun: 'true' });
    await agreed(
      here,
      options,
      `Shut out ${printable(user.email)}? Their sessions end, and ${tokens} tokens for ever.`,
    );
    await invoke('wireDeactivateUser', { email: user.email });
    const seconds = revocation.boundMs / 1000;
    return {
      lines: [`${user.email} is shut out: ${tokens} tokens are revoked, on every server within ${seconds} s.`],
      json: { email: user.email, id: user.id, tokens, revocation },
    };
  },
};

export const usersActivate: Command = {
  takes: 'EMAIL',
  words: 1,
  options: {},
  async run(here, [email = ''], options) {
    const { invoke } = connection(here, options);
    const user = await userBy(invoke, email);
    await invoke('wireActivateUser', { email: user.email });
    return {
      lines: [`${user.email} may sign in again, with the same rights. Their old tokens stay revoked.`],
      json: { email: user.email, id: user.id },
    };
  },
};

/** Deactivated ones too. */
export async function userBy(invoke: Invoke, email: string): Promise<UserRow> {
  const found = (await allUsers(invoke, email, true)).find((user) => user.email === email.trim().toLowerCase());
  if (found === undefined)
    throw refused('There is no user with this e-mail address. See: countersign users list --all');
  return found;
}

/** By a person, or by `--yes`. */
export async function agreed({ ask }: Here, { yes }: Options, question: string): Promise<void> {
  if (yes === true) return;
  if (ask === undefined) throw refused('Nobody can be asked here. Say --yes where it is meant.');
  if (!(await ask.confirm(question))) throw refused('Nothing was done.');
}
