import type { ShownTenant } from '#app/tenant/list.ts';
import { jsonText, table } from '#cli/printable.ts';
import type { ControlCommand } from './control.ts';
import { ask } from './operator-command.ts';
import { notUnderstood } from './serve-command.ts';

const COMMANDS = {
  create: 'tenants-create',
  disable: 'tenants-disable',
  enable: 'tenants-enable',
  origin: 'tenants-origin',
  alias: 'tenants-alias',
} as const satisfies Readonly<Record<string, ControlCommand>>;

/** What an operator does to tenants, by the word after `tenants`. */
export async function tenantsCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [first = '', ...rest] = args;
  if (Object.hasOwn(COMMANDS, first)) return ask(COMMANDS[first as keyof typeof COMMANDS], rest, env);
  if (first !== 'list') return notUnderstood([`Usage: countersign tenants list|${Object.keys(COMMANDS).join('|')}`]);
  const words = rest.filter((word) => word !== '--json');
  return ask('tenants', words, env, words.length < rest.length ? asJson : asTable);
}

const tenantsIn = (answer: string) => JSON.parse(answer) as readonly ShownTenant[];

const dated = (disabledAt: number | undefined): string | null =>
  disabledAt === undefined ? null : new Date(disabledAt).toISOString();

const asJson = (answer: string): string =>
  jsonText(tenantsIn(answer).map(({ disabledAt, ...tenant }) => ({ ...tenant, disabledAt: dated(disabledAt) })));

function asTable(answer: string): string {
  const rows = tenantsIn(answer).map(({ name, origins, aliases, disabledAt }) => [
    ...[name, origins.join(' '), aliases.join(' '), dated(disabledAt) ?? ''],
  ]);
  return table(['Name', 'Origins', 'Aliases', 'Disabled At'], rows).join('\n');
}
