import { boundsInForce } from '#app/node/await-all.ts';
import { countPats, revokeAllPatsOf } from '#app/token/revoke.ts';
import type { OWN_USER_OPERATIONS } from '#contract/own/user.ts';
import { parseId } from '#domain/id.ts';
import type { Handlers } from '../handler.ts';

export const ownUserHandlers: Handlers<typeof OWN_USER_OPERATIONS> = {
  ownRevokeUserTokens: async (api, caller, { id, dryRun = false }) => ({
    tokens: await (dryRun ? countPats : revokeAllPatsOf)(api, caller, parseId(id)),
    dryRun,
    revocation: await boundsInForce(api),
  }),
};
