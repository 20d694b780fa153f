import { Failure } from '#client/failure.ts';
import { ACCOUNT_ABSENT } from '#contract/account-words.ts';
import type { Invoke } from '#contract/invoke.ts';
import type { OwnAccount } from '#contract/own/virtual-account.ts';
import { ID } from '#domain/id.ts';
import { refused } from './exit.ts';
import { allPages, PAGE } from './pages.ts';
import { fields, table } from './printable.ts';
import { dayOf, minuteOf, useOf } from './when.ts';

type Asked = { readonly name?: string; readonly team?: string };

/** Those that the caller may see. */
export const allAccounts = (invoke: Invoke, asked: Asked): Promise<readonly OwnAccount[]> =>
  allPages((page) => invoke('ownListAccounts', { ...asked, ...page }));

/** The one that a person means by its name or its id. */
export async function accountBy(invoke: Invoke, word: string): Promise<OwnAccount> {
  const { data } = await invoke('ownListAccounts', { name: word, limit: PAGE });
  const byName = data.find(({ name }) => name === word);
  const byId = ID.test(word) ? await accountWithId(invoke, word) : undefined;
  if (byId !== undefined && byName !== undefined && byId.id !== byName.id) {
    throw refused(
      `${word} is the ID of one account and the name of another. To name the other, use its ID: ${byName.id}`,
    );
  }
  const found = byId ?? byName;
  if (found === undefined) throw refused(ACCOUNT_ABSENT);
  return found;
}

async function accountWithId(invoke: Invoke, id: string): Promise<OwnAccount | undefined> {
  try {
    return (await invoke('ownGetAccount', { id })).account;
  } catch (error) {
    if (error instanceof Failure && error.code === 'not_found') return undefined;
    throw error;
  }
}

export const rolesOf = ({ roles }: OwnAccount): string =>
  roles.map(({ role, resource }) => (resource === '*' ? role.name : `${role.name} on ${resource}`)).join(', ');

/** All that a person wants to know of it. */
export function accountLines(account: OwnAccount): readonly string[] {
  const { autoRotate, team } = account;
  const rotation = autoRotate && `every ${autoRotate.intervalDays} days, with ${autoRotate.graceDays} days of grace`;
  return [
    ...fields({
      ...{ Name: account.name, ID: account.id, State: account.state, Roles: rolesOf(account) || 'none' },
      ...{ 'Owned by': team === null ? 'nobody' : `team ${team.name}`, Expires: minuteOf(account.expiresAt) },
      ...{ Rotates: rotation ?? 'never', 'Next rotation': minuteOf(account.rotatesAt) },
      ...{ 'Last used': useOf(account.lastUsed), 'Used after its end': useOf(account.usedAfterEnd) },
    }),
    ...valueLines(account),
  ];
}

function valueLines({ values }: OwnAccount): readonly string[] {
  if (values.length === 0) return ['', 'No value of its token works. Make one with: countersign va regenerate'];
  const rows = values.map(({ id, generation, state, preview, createdAt, expiresAt, lastUsed }) => [
    ...[String(generation), state, preview, dayOf(createdAt), minuteOf(expiresAt), useOf(lastUsed), id],
  ]);
  return ['', ...table(['No.', 'State', 'Token', 'Created', 'Works Until', 'Last Used', 'Value ID'], rows)];
}
