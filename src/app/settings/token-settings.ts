import type { Caller } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { TokenSettings } from '#domain/token-settings.ts';
import type { Breaks } from '#ports/token-settings.ts';
import type { Deps } from '../deps.ts';
import { change, made, recordDenial, view } from '../doors.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';

/** Owners that are named; of the others there is a count. */
const OWNERS_MAX = 100;

export const readTokenSettings = (deps: Deps, caller: Caller): Promise<TokenSettings> =>
  view(deps, caller, { action: 'settings:Read', collection: 'settings/' }, () =>
    deps.store.tokenSettings.get(caller.tenant.id),
  );

/** Whose tokens would stop working at once under other settings; changes nothing. */
export const breaksUnder = (deps: Deps, caller: Caller, wanted: TokenSettings): Promise<Breaks> =>
  view(deps, caller, { action: 'settings:Update', collection: 'settings/' }, () => counted(deps, caller, wanted));

/** From the moment when this returns, every token of the tenant is held to them; says what stopped working. */
export function putTokenSettings(deps: Deps, caller: Caller, wanted: TokenSettings): Promise<Breaks> {
  const { tenant } = caller;
  const what = {
    action: 'settings:Update',
    resource: 'settings/tokens',
    locate: made,
    prepare: async () => {
      await refuseToken(deps, caller);
      return counted(deps, caller, wanted);
    },
  } as const;
  return untilNotOvertaken(() =>
    change(deps, caller, what, async (tx, _, breaks: Breaks) => {
      if (await isForSessions(tx, caller)) throw new Overtaken(); // counting takes a while
      await tx.tokenSettings.put(tenant.id, wanted);
      const details = { settings: wanted, count: breaks.tokens };
      return { result: breaks, details, moved: [{ kind: 'tenant', id: tenant.id }] };
    }),
  );
}

/** Where no token may create tokens, none may change that either. */
const isForSessions = async ({ tokenSettings }: Pick<Deps['store'], 'tokenSettings'>, { tenant, credential }: Caller) =>
  credential.kind === 'token' && (await tokenSettings.get(tenant.id)).sessionOnly;

async function refuseToken(deps: Deps, caller: Caller): Promise<void> {
  if (!(await isForSessions(deps.store, caller))) return;
  await recordDenial(deps, caller, { action: 'settings:Update', resource: 'settings/tokens' });
  throw new Refusal(
    'forbidden',
    'Here no token changes these settings: sign in to the console, and ask by its session.',
    { isExact: true },
  );
}

const counted = ({ store, clock }: Deps, { tenant }: Caller, wanted: TokenSettings): Promise<Breaks> =>
  store.tokenSettings.breaksUnder(tenant.id, wanted, clock.now(), OWNERS_MAX);
