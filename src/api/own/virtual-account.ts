import { createAccount } from '#app/virtual-account/apply.ts';
import { endValue } from '#app/virtual-account/end-value.ts';
import { freezeAccount, thawAccount } from '#app/virtual-account/freeze.ts';
import { getAccount, listAccounts } from '#app/virtual-account/list.ts';
import { regenerateToken } from '#app/virtual-account/regenerate.ts';
import { removeAccount } from '#app/virtual-account/remove.ts';
import { putAccountRules, readAccountRules } from '#app/virtual-account/rules.ts';
import { updateAccount } from '#app/virtual-account/update.ts';
import { readAccountToken } from '#app/virtual-account/value.ts';
import { IF_MATCH, versionIn } from '#contract/if-match.ts';
import type { OWN_VIRTUAL_ACCOUNT_OPERATIONS } from '#contract/own/virtual-account.ts';
import { parseId } from '#domain/id.ts';
import type { AccountRules } from '#domain/virtual-account.ts';
import { teamsAmong } from '../account.ts';
import type { Handlers } from '../handler.ts';
import { accountOf, inOwnWords, wantedOf } from './virtual-account-row.ts';

const MINUTE_MS = 60_000;

export const ownVirtualAccountHandlers: Handlers<typeof OWN_VIRTUAL_ACCOUNT_OPERATIONS> = {
  ownListAccounts: async (api, caller, { limit, offset, name, team, expired }) => {
    const teams = teamsAmong(team === undefined ? undefined : [team]);
    const asked = { limit, offset, nameContains: name, teams, isExpired: expired };
    const { rows, total } = await listAccounts(api, caller, asked);
    const now = api.clock.now();
    return { data: rows.map((view) => accountOf(view, now)), pagination: { total, offset, limit } };
  },
  ownCreateAccount: async (api, caller, said) => {
    const { view, value } = await createAccount(api, caller, wantedOf(caller, said)).catch(inOwnWords);
    return { account: accountOf(view, api.clock.now()), value: value.reveal() };
  },
  ownGetAccount: async (api, caller, { id }) => ({
    account: accountOf(await getAccount(api, caller, parseId(id)), api.clock.now()),
  }),
  ownPutAccount: async (api, caller, { id, [IF_MATCH]: seen, ...said }) => {
    const version = versionIn(seen);
    const changed = updateAccount(api, caller, parseId(id), wantedOf(caller, said), { version });
    return { account: accountOf(await changed.catch(inOwnWords), api.clock.now()) };
  },
  ownDeleteAccount: async (api, caller, { id }) => {
    await removeAccount(api, caller, parseId(id));
    return {};
  },
  ownRegenerateAccountToken: async (api, caller, { id, graceMinutes }) => {
    const { view, value } = await regenerateToken(api, caller, parseId(id), graceMinutes * MINUTE_MS);
    return { account: accountOf(view, api.clock.now()), value: value.reveal() };
  },
  ownGetAccountToken: async (api, caller, { id }) => ({
    value: (await readAccountToken(api, caller, parseId(id))).reveal(),
  }),
  ownEndAccountValue: async (api, caller, { id, valueId }) => {
    await endValue(api, caller, parseId(id), parseId(valueId));
    return {};
  },
  ownFreezeAccount: async (api, caller, { id }) => ({
    account: accountOf(await freezeAccount(api, caller, parseId(id)), api.clock.now()),
  }),
  ownThawAccount: async (api, caller, { id }) => ({
    account: accountOf(await thawAccount(api, caller, parseId(id)), api.clock.now()),
  }),
  ownGetAccountRules: async (api, caller) => shown(await readAccountRules(api, caller)),
  ownPutAccountRules: async (api, caller, { tokenReadable, afterRetirement }) =>
    shown(await putAccountRules(api, caller, { isReadable: tokenReadable, afterRetirement })),
};

const shown = ({ isReadable, afterRetirement }: AccountRules) => ({ tokenReadable: isReadable, afterRetirement });
