import { accountBy, accountLines, allAccounts, rolesOf } from './account.ts';
import { type Command, textOf } from './command.ts';
import { connection } from './connection.ts';
import { printable, table } from './printable.ts';
import { agreed } from './users.ts';
import { dayOf, useOf } from './when.ts';

export const vaList: Command = {
  takes: '[--search TEXT] [--team TEAM]',
  words: 0,
  options: { search: 'string', team: 'string' },
  async run(here, _, options) {
    const [name, team] = [textOf(options.search), textOf(options.team)];
    const asked = { ...(name === undefined ? {} : { name }), ...(team === undefined ? {} : { team }) };
    const accounts = await allAccounts(connection(here, options).invoke, asked);
    const rows = accounts.map((account) => [
      ...[account.name, account.id, account.state, account.team?.name ?? '', rolesOf(account)],
      ...[dayOf(account.expiresAt), useOf(account.lastUsed)],
    ]);
    const heads = ['Name', 'ID', 'State', 'Team', 'Roles', 'Expires At', 'Last Used'];
    const none = ['No virtual accounts. Create one with: countersign va create NAME'];
    return { lines: rows.length === 0 ? none : table(heads, rows), json: accounts };
  },
};

export const vaGet: Command = {
  takes: 'NAME-or-ID',
  words: 1,
  options: {},
  async run(here, [word = ''], options) {
    const account = await accountBy(connection(here, options).invoke, word);
    return { lines: accountLines(account), json: account };
  },
};

export const vaGrant: Command = {
  takes: 'NAME-or-ID ROLE [--on TYPE/ID]',
  words: 2,
  options: { on: 'string' },
  async run(here, [word = '', role = ''], options) {
    const { invoke } = connection(here, options);
    const { name } = await accountBy(invoke, word);
    const resource = textOf(options.on);
    const on = resource === undefined ? {} : { resource };
    const { grant } = await invoke('ownCreateGrant', { subject: `virtualaccount:${name}`, role, ...on });
    return { lines: [`${name} holds ${grant.role.name} now: ${grant.id}`], json: grant };
  },
};

export const vaRevoke: Command = {
  takes: 'NAME-or-ID VALUE-ID [--yes]',
  words: 2,
  options: { yes: 'boolean' },
  async run(here, [word = '', valueId = ''], options) {
    const { invoke } = connection(here, options);
    const { id, name, values } = await accountBy(invoke, word);
    const known = values.find((value) => value.id === valueId);
    const which = known === undefined ? valueId : `${known.preview} (${known.state})`;
    await agreed(here, options, `End the value ${printable(which)} of ${printable(name)}? What uses it stops working.`);
    await invoke('ownEndAccountValue', { id, valueId });
    return { lines: [`The value ${which} of ${name} works no more.`], json: { id, valueId } };
  },
};

const turning = (operation: 'ownFreezeAccount' | 'ownThawAccount', told: string): Command => ({
  takes: 'NAME-or-ID',
  words: 1,
  options: {},
  async run(here, [word = ''], options) {
    const { invoke } = connection(here, options);
    const { id, name } = await accountBy(invoke, word);
    const { account } = await invoke(operation, { id });
    return { lines: [`${name} ${told}`], json: account };
  },
});

export const vaFreeze = turning('ownFreezeAccount', 'is frozen: nothing of it is accepted until it is thawed.');
export const vaThaw = turning('ownThawAccount', 'is accepted again.');

export const vaRm: Command = {
  takes: 'NAME-or-ID [--yes]',
  words: 1,
  options: { yes: 'boolean' },
  async run(here, [word = ''], options) {
    const { invoke } = connection(here, options);
    const account = await accountBy(invoke, word);
    const { id, name } = account;
    if (options.yes !== true) here.err.write(`${accountLines(account).join('\n')}\n`);
    await agreed(here, options, `Delete ${printable(name)} for ever? Whatever uses its token stops working.`);
    await invoke('ownDeleteAccount', { id });
    return { lines: [`Virtual account ${name} deleted.`], json: { id, name } };
  },
};
