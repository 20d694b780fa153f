import type { Invoke, Output } from '#contract/invoke.ts';
import { type Command, textOf } from './command.ts';
import { connection } from './connection.ts';
import { refused } from './exit.ts';
import { allPages, PAGE } from './pages.ts';
import { printable, table } from './printable.ts';
import { agreed } from './users.ts';

type Row = Output<'wireListTeams'>['data'][number];

export const teamsList: Command = {
  takes: '',
  words: 0,
  options: {},
  async run(here, _, options) {
    const teams = await allTeams(connection(here, options).invoke);
    const rows = teams.map((team) => [nameOf(team), team.id, countOf(team), team.manifest?.managers?.join(', ') ?? '']);
    return { lines: table(['Name', 'ID', 'Members', 'Managers'], rows), json: teams };
  },
};

/** Those that the caller may see. */
const allTeams = (invoke: Invoke): Promise<readonly Row[]> => allPages((page) => invoke('wireListTeams', page));

const nameOf = ({ manifest }: Row): string => manifest?.name ?? '';

/** `everyone` keeps no list of whom it holds. */
const countOf = ({ members }: Row): string => (members === undefined ? 'all users' : String(members.length));

async function teamBy(invoke: Invoke, name: string): Promise<Row> {
  const found = (await allTeams(invoke)).find((team) => nameOf(team) === name || team.id === name);
  if (found === undefined) throw refused('There is no such team that you may see. See: countersign teams list');
  return found;
}

export const teamsCreate: Command = {
  takes: 'NAME [--description TEXT]',
  words: 1,
  options: { description: 'string' },
  async run(here, [name = ''], options) {
    const { invoke } = connection(here, options);
    const description = textOf(options.description);
    const about = { name, ...(description === undefined ? {} : { description }) };
    const { data } = await invoke('wireCreateTeam', about);
    return { lines: [`Team ${data.manifest.name} created: ${data.id}`], json: data };
  },
};

export const teamsAdd: Command = {
  takes: 'TEAM EMAIL [--manager]',
  words: 2,
  options: { manager: 'boolean' },
  async run(here, [name = '', email = ''], options) {
    const { invoke } = connection(here, options);
    const { id } = await teamBy(invoke, name);
    const role = options.manager === true ? 'manager' : 'member';
    const { data } = await invoke('wireAddTeamMember', { id, subject: `user:${email}`, role });
    return { lines: [`${email} is a ${role} of ${name}.`], json: data };
  },
};

export const teamsRm: Command = {
  takes: 'TEAM EMAIL',
  words: 2,
  options: {},
  async run(here, [name = '', email = ''], options) {
    const { invoke } = connection(here, options);
    const { id } = await teamBy(invoke, name);
    await invoke('wireRemoveTeamMember', { id, subject: `user:${email}` });
    return { lines: [`${email} is not in ${name} any more.`], json: { team: id, email } };
  },
};

export const teamsDelete: Command = {
  takes: 'TEAM [--yes]',
  words: 1,
  options: { yes: 'boolean' },
  async run(here, [name = ''], options) {
    const { invoke } = connection(here, options);
    const { id } = await teamBy(invoke, name);
    const removal = await invoke('ownGetTeamRemoval', { id, limit: PAGE, offset: 0 });
    if (options.yes !== true)
      here.err.write(
        `${lossesIn(removal)
          .map((line) => `${printable(line)}\n`)
          .join('')}`,
      );
    await agreed(here, options, `Delete the team ${printable(name)}?`);
    await invoke('wireDeleteTeam', { id });
    return { lines: [`Team ${name} deleted.`], json: removal };
  },
};

/** Who loses what, before it is lost. */
function lossesIn({ data, tokens, accounts, pagination }: Output<'ownGetTeamRemoval'>): readonly string[] {
  const lines = data.map(
    ({ name, roles }) => `${name} loses ${roles.map((role) => role.name).join(', ') || 'no role'}`,
  );
  const more = pagination.total > data.length ? [`and ${pagination.total - data.length} more`] : [];
  const owned = accounts === 0 ? [] : [`${accounts} virtual accounts are its own, and then the administrators’.`];
  return [...lines, ...more, `${tokens} tokens are put down to it, and then to nobody.`, ...owned];
}
