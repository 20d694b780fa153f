import { sealAccountValue } from '#crypto/account-value.ts';
import type { Caller } from '#domain/caller.ts';
import type { Instant } from '#domain/instant.ts';
import { Refusal } from '#domain/refusal.ts';
import type { TenantId } from '#domain/tenant.ts';
import { LIVE_GENERATIONS_MAX, type Token, type TokenId } from '#domain/token.ts';
import { type AccountRules, nextRotation, type VirtualAccount } from '#domain/virtual-account.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { Overtaken } from '../overtaken.ts';
import { addValue, type NewValue, newValue } from '../token/issue.ts';
import { principalOf } from './upon.ts';

/** A value that was minted for an account, and is nowhere yet but sealed in here. */
export type AccountValue = NewValue & { readonly rules: AccountRules; readonly sealed: Uint8Array | undefined };

/** Before the transaction. Its number is given in there, where others may have made some meanwhile. */
export async function mintFor(
  deps: Deps,
  { tenant }: Pick<Caller, 'tenant'>,
  account: VirtualAccount,
): Promise<AccountValue> {
  const { store, keyring, random, clock } = deps;
  if (account.expiresAt !== undefined && account.expiresAt <= clock.now()) throw over();
  const rules = await store.tokenSettings.accountRules(tenant.id);
  const format = account.format ?? (await store.tokenSettings.get(tenant.id)).formatDefault;
  // A JWT says its end to others. Any other ends with the account, whose date can be put off.
  const expiresAt = format === 'jwt' ? account.expiresAt : undefined;
  const wanted = { pat: account.pat, generation: 1, format, expiresAt };
  const made = await newValue(deps, { tenant, principal: principalOf(account) }, wanted);
  const place = { tenant: tenant.id, account: account.id, token: made.token.id };
  const sealed = rules.isReadable ? sealAccountValue(keyring, made.value, place, random) : undefined;
  return { ...made, rules, sealed };
}

/** In the transaction: whether values are kept may have been decided otherwise since. */
export async function keepValue(tx: Transaction, tenant: TenantId, account: VirtualAccount['id'], value: AccountValue) {
  const { isReadable } = await tx.tokenSettings.accountRules(tenant);
  if (isReadable !== value.rules.isReadable) throw new Overtaken();
  if (value.sealed === undefined) await tx.virtualAccounts.dropValues(tenant, account);
  else await tx.virtualAccounts.keepValue(tenant, account, value.token.id, value.sealed);
}

export type Grace = {
  readonly now: Instant;
  /** How long what is replaced goes on working; 0 ends it at once. */
  readonly graceMs: number;
};

export type Replaced = {
  readonly account: VirtualAccount;
  readonly generation: number;
  /** Values that end earlier by it. */
  readonly retired: readonly TokenId[];
};

/** In the transaction, for an account that is held: from here on the value is the current one. */
export async function replaceValue(
  tx: Transaction,
  caller: Caller,
  held: VirtualAccount,
  value: AccountValue,
  grace: Grace,
): Promise<Replaced> {
  const { id: tenant } = caller.tenant;
  const { now } = grace;
  const { format, expiresAt } = value.token;
  if (format === 'jwt' && expiresAt !== held.expiresAt) throw new Overtaken(); // it would say another end
  const generation = (await tx.tokens.lastGeneration(tenant, held.pat)) + 1;
  const retired = await retire(tx, caller, { pat: held.pat, generation }, grace);
  await addValue(tx, tenant, { token: { ...value.token, generation }, digest: value.digest });
  const account = {
    ...{ ...held, current: value.token.id, rotatesAt: nextRotation(held, now) },
    ...{ version: held.version + 1, updatedAt: now },
  };
  await tx.virtualAccounts.update(tenant, account);
  await keepValue(tx, tenant, held.id, value);
  return { account, generation, retired };
}

type Next = Pick<VirtualAccount, 'pat'> & { readonly generation: number };

/** What was to end earlier does. At once is no date: it must not depend on the clock of another node. */
async function retire(tx: Transaction, { tenant, principal }: Caller, { pat, generation }: Next, grace: Grace) {
  const { now, graceMs } = grace;
  const living = (await tx.tokens.standing(tenant.id, pat)).filter((one) => endOf(one) > now);
  const ended = { at: now, by: principal.id, reason: 'superseded' } as const;
  if (graceMs === 0) {
    for (const { id } of living) await tx.tokens.endOne(tenant.id, pat, id, ended);
    return living.map(({ id }) => id);
  }
  // Only the newest few are looked at where values are shown: none that works may fall out of sight.
  if (living.some((one) => one.generation <= generation - LIVE_GENERATIONS_MAX)) throw tooMany();
  const lasting = living.filter((one) => endOf(one) > now + graceMs);
  for (const { id } of lasting) await tx.tokens.expireOne(tenant.id, pat, id, now + graceMs);
  return lasting.map(({ id }) => id);
}

const over = (): Refusal =>
  new Refusal('unprocessable', 'This virtual account has expired. Give it a later expiration_date, or none, first.');

const endOf = ({ expiresAt = Number.POSITIVE_INFINITY }: Token): number => expiresAt;

const tooMany = (): Refusal =>
  new Refusal(
    'unprocessable',
    `${LIVE_GENERATIONS_MAX} values of this account work already, the older ones in their grace. End one first: DELETE /virtual-accounts/{id}/jwt/{jwtId}.`,
  );
