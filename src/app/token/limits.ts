import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import type { Instant } from '#domain/instant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { TenantId } from '#domain/tenant.ts';
import { isSame, type TokenSettings } from '#domain/token-settings.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { Overtaken } from '../overtaken.ts';
import { isForSessions, refuseToken } from '../session-only.ts';

const NO_TOKEN_CREATES = 'Here a token creates no tokens: sign in to the console, and create it there.';
/** It ends in minutes; what it made would not. */
const NO_WORD_CREATES =
  'The token of an identity provider creates no tokens, which would outlive it: sign in, or use a token of your own.';
const FOR_PEOPLE =
  'A virtual account has one token, and no personal access tokens. Give it another value with POST /virtual-accounts/{id}/regenerate-token.';

/** Where a token may not create tokens, be it of a provider, or where only browsers do: on the record, and in words. */
export async function refuseByToken(deps: Deps, caller: Caller, act: Act): Promise<TokenSettings> {
  if (caller.credential.kind === 'external') return refuseToken(deps, caller, act, NO_WORD_CREATES);
  const settings = await deps.store.tokenSettings.get(caller.tenant.id);
  return isForSessions(settings, caller) ? refuseToken(deps, caller, act, NO_TOKEN_CREATES) : settings;
}

/** The tenant's settings, for whoever may create personal access tokens under them. */
export async function settingsFor(deps: Deps, caller: Caller, act: Act): Promise<TokenSettings> {
  if (caller.principal.kind === 'virtual_account' && act.action === 'personal-access-token:Create') {
    return refuseToken(deps, caller, act, FOR_PEOPLE);
  }
  return refuseByToken(deps, caller, act);
}

/** Inside the transaction: what was prepared under other settings than stand now is prepared again. */
export async function keepUnder(tx: Transaction, tenant: TenantId, settings: TokenSettings): Promise<void> {
  if (!isSame(settings, await tx.tokenSettings.get(tenant))) throw new Overtaken();
}

type Holder = { readonly tenant: TenantId; readonly owner: PrincipalId };

/** The same for one that is created: creates that come together count each other. */
export async function keepWithin(tx: Transaction, { tenant, owner }: Holder, settings: TokenSettings, now: Instant) {
  await keepUnder(tx, tenant, settings);
  const { countMax } = settings;
  if (countMax !== undefined && (await tx.pats.countLive(tenant, owner, now)) >= countMax) throw tooMany(countMax);
}

const tooMany = (countMax: number): Refusal =>
  new Refusal(
    'invalid_request',
    `The limit of live tokens for one user is ${countMax} here, and it is reached. Revoke one first.`,
  );
