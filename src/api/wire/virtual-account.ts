import { applyAccount, wouldApply } from '#app/virtual-account/apply.ts';
import { endValue } from '#app/virtual-account/end-value.ts';
import { accountExists, getAccount, listAccounts } from '#app/virtual-account/list.ts';
import { regenerateToken } from '#app/virtual-account/regenerate.ts';
import { removeAccount } from '#app/virtual-account/remove.ts';
import { refuseSync } from '#app/virtual-account/sync.ts';
import { readAccountToken } from '#app/virtual-account/value.ts';
import {
  type AccountManifest,
  MINUTES_PER_DAY,
  type VIRTUAL_ACCOUNT_OPERATIONS,
} from '#contract/wire/virtual-account.ts';
import type { Caller } from '#domain/caller.ts';
import { parseFilter } from '#domain/filter.ts';
import { parseId } from '#domain/id.ts';
import { parseVirtualAccountName } from '#domain/virtual-account.ts';
import { teamsAmong } from '../account.ts';
import type { Api, Handlers } from '../handler.ts';
import { rowOf, wantedOf } from './virtual-account-row.ts';

const MINUTE_MS = 60_000;

export const virtualAccountHandlers: Handlers<typeof VIRTUAL_ACCOUNT_OPERATIONS> = {
  wireListAccounts: async (api, caller, { limit, offset, nameSearchQuery, ownedByTeams, isExpired, filter }) => {
    const matches = filter === undefined ? undefined : parseFilter(filter, ['name'], MAPS);
    const asked = { limit, offset, nameContains: nameSearchQuery, teams: teamsAmong(ownedByTeams), isExpired, matches };
    const { rows, total } = await listAccounts(api, caller, asked);
    const now = api.clock.now();
    return { data: rows.map((view) => rowOf(caller, view, now)), pagination: { total, offset, limit } };
  },
  wirePutAccount: (api, caller, { manifest, dryRun }) => put(api, caller, manifest, dryRun),
  wirePostAccount: (api, caller, { manifest, dryRun }) => put(api, caller, manifest, dryRun),
  wireAccountExists: async (api, caller, { name }) => ({
    exists: await accountExists(api, caller, parseVirtualAccountName(name)),
  }),
  wireGetAccount: async (api, caller, { id }) => ({
    data: rowOf(caller, await getAccount(api, caller, parseId(id)), api.clock.now()),
  }),
  wireDeleteAccount: async (api, caller, { id }) => {
    await removeAccount(api, caller, parseId(id));
    return {};
  },
  wireGetAccountToken: async (api, caller, { id }) => ({
    token: (await readAccountToken(api, caller, parseId(id))).reveal(),
  }),
  wireRegenerateAccountToken: async (api, caller, { id, gracePeriodInMinutes, gracePeriodInDays = 0 }) => {
    const minutes = gracePeriodInMinutes ?? gracePeriodInDays * MINUTES_PER_DAY;
    const { value } = await regenerateToken(api, caller, parseId(id), Math.round(minutes * MINUTE_MS));
    return { token: value.reveal() };
  },
  wireDeleteAccountValue: async (api, caller, { id, jwtId }) => {
    await endValue(api, caller, parseId(id), parseId(jwtId));
    return {};
  },
  wireSyncAccount: (api, caller, { id }) => refuseSync(api, caller, parseId(id)),
};

/** As clients name what an account is found by. */
const MAPS = { 'manifest.tags': 'tags' } as const;

async function put(api: Api, caller: Caller, manifest: AccountManifest, dryRun: boolean | undefined) {
  const wanted = wantedOf(caller, manifest);
  const { view, value } =
    dryRun === true
      ? { view: await wouldApply(api, caller, wanted), value: undefined }
      : await applyAccount(api, caller, wanted);
  const data = rowOf(caller, view, api.clock.now());
  return { data, ...(value === undefined ? {} : { token: value.reveal() }) };
}
