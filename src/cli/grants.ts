import type { Input, Output } from '#contract/invoke.ts';
import { PERMISSIONS } from '#domain/permission.ts';
import { type Command, type Options, textOf } from './command.ts';
import { connection } from './connection.ts';
import { EXIT, misunderstood } from './exit.ts';
import { allPages } from './pages.ts';
import { table } from './printable.ts';

export const grantsList: Command = {
  takes: '[--subject SUBJECT] [--resource team/ID]',
  words: 0,
  options: { subject: 'string', resource: 'string' },
  async run(here, _, options) {
    const { invoke } = connection(here, options);
    const asked = wanted(options, 'subject', 'resource');
    const grants = await allPages((page) => invoke('ownListGrants', { ...asked, ...page }));
    const rows = grants.map(({ id, subject, role, resource, binding }) => [
      ...[subject, role.name, resource === '*' ? 'the tenant' : resource, binding?.name ?? '', id],
    ]);
    return { lines: table(['Subject', 'Role', 'On', 'Role Binding', 'ID'], rows), json: grants };
  },
};

/** Those that were given. */
function wanted(options: Options, ...names: readonly string[]): Readonly<Record<string, string>> {
  const given = names.map((name) => [name, textOf(options[name])] as const);
  return Object.fromEntries(given.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
}

export const grantsAdd: Command = {
  takes: 'SUBJECT ROLE [--resource team/ID]',
  words: 2,
  options: { resource: 'string' },
  async run(here, [subject = '', role = ''], options) {
    const { invoke } = connection(here, options);
    const { grant } = await invoke('ownCreateGrant', { subject, role, ...wanted(options, 'resource') });
    return { lines: [`${grant.subject} holds ${grant.role.name} now: ${grant.id}`], json: grant };
  },
};

export const grantsRm: Command = {
  takes: 'ID',
  words: 1,
  options: {},
  async run(here, [id = ''], options) {
    await connection(here, options).invoke('ownDeleteGrant', { id });
    return { lines: ['The grant is taken back.'], json: { id } };
  },
};

type Action = Input<'ownCanI'>['action'];

function actionIn(word: string): Action {
  const action = PERMISSIONS.find((one) => one === word);
  if (action === undefined)
    throw misunderstood('An action is type:Action, as team:ManageTeam. See: countersign roles show tenant-admin');
  return action;
}

/** Its exit code answers as well. */
export const canI: Command = {
  takes: 'ACTION [--resource team/ID]',
  words: 1,
  options: { resource: 'string' },
  async run(here, [word = ''], options) {
    const action = actionIn(word);
    const answer = await connection(here, options).invoke('ownCanI', { action, ...wanted(options, 'resource') });
    return { lines: [answer.allowed ? 'yes' : 'no'], json: answer, exit: answer.allowed ? EXIT.done : EXIT.refused };
  },
};

export const why: Command = {
  takes: 'ACTION [--subject SUBJECT] [--resource team/ID]',
  words: 1,
  options: { subject: 'string', resource: 'string' },
  async run(here, [word = ''], options) {
    const action = actionIn(word);
    const asked = { action, ...wanted(options, 'subject', 'resource') };
    const answer = await connection(here, options).invoke('ownWhy', asked);
    return { lines: reasonsIn(answer), json: answer };
  },
};

function reasonsIn({ subject, allowed, by, missing, couldGive }: Output<'ownWhy'>): readonly string[] {
  if (allowed && by !== null) {
    const on = by.resource === '*' ? 'the tenant' : by.resource;
    return [`${subject} may: ${by.subject} holds ${by.role.name} on ${on} (${by.via}).`];
  }
  const ask = couldGive === null || couldGive.length === 0 ? [] : [`Who could give it: ${couldGive.join(', ')}`];
  return [`${subject} may not: ${missing ?? 'the permission'} is missing.`, ...ask];
}
