import type { Invoke, Output } from '#contract/invoke.ts';
import { type Command, textOf } from './command.ts';
import { connection } from './connection.ts';
import { misunderstood, refused } from './exit.ts';
import { allPages } from './pages.ts';
import { printable, table } from './printable.ts';
import { agreed } from './users.ts';

type Row = Output<'wireListRoles'>['data'][number];

export const rolesList: Command = {
  takes: '',
  words: 0,
  options: {},
  async run(here, _, options) {
    const roles = await allRoles(connection(here, options).invoke);
    const rows = roles.map(({ name, id, resourceType, isDefault, manifest }) => [
      ...[name, id, resourceType, isDefault ? 'built in' : 'own', String(manifest.permissions.length)],
    ]);
    return { lines: table(['Name', 'ID', 'On', 'Kind', 'Permissions'], rows), json: roles };
  },
};

const allRoles = (invoke: Invoke): Promise<readonly Row[]> => allPages((page) => invoke('wireListRoles', page));

async function roleBy(invoke: Invoke, word: string): Promise<Row> {
  const found = (await allRoles(invoke)).find(({ name, id }) => name === word || id === word);
  if (found === undefined) throw refused('There is no such role. See: countersign roles list');
  return found;
}

export const rolesShow: Command = {
  takes: 'ROLE',
  words: 1,
  options: {},
  async run(here, [word = ''], options) {
    const role = await roleBy(connection(here, options).invoke, word);
    return { lines: [`${role.name}: ${role.manifest.description}`, ...role.manifest.permissions], json: role };
  },
};

export const rolesCreate: Command = {
  takes: 'NAME --permissions type:Action,… [--description TEXT]',
  words: 1,
  options: { permissions: 'string', description: 'string' },
  async run(here, [name = ''], options) {
    const permissions = textOf(options.permissions)
      ?.split(',')
      .map((one) => one.trim());
    if (permissions === undefined) throw misunderstood('Say which: --permissions team:ReadTeam,user:ListUsers');
    const { invoke } = connection(here, options);
    const description = textOf(options.description);
    const about = description === undefined ? {} : { description };
    const { data } = await invoke('wireCreateRole', { name, resourceType: 'tenant', permissions, ...about });
    return { lines: [`Role ${data.name} created: ${data.id}`], json: data };
  },
};

export const rolesDelete: Command = {
  takes: 'ROLE [--yes]',
  words: 1,
  options: { yes: 'boolean' },
  async run(here, [word = ''], options) {
    const { invoke } = connection(here, options);
    const role = await roleBy(invoke, word);
    const removal = await invoke('ownGetRoleRemoval', { id: role.id });
    if (options.yes !== true) here.err.write(`${printable(lossIn(removal))}\n`);
    await agreed(here, options, `Delete the role ${printable(role.name)}?`);
    await invoke('wireDeleteRole', { id: role.id });
    return { lines: [`Role ${role.name} deleted.`], json: removal };
  },
};

const lossIn = ({ subjects, total }: Output<'ownGetRoleRemoval'>): string =>
  total === 0 ? 'Nobody holds it.' : `${total} lose it: ${subjects.join(', ')}${total > subjects.length ? ', …' : ''}`;
