import type { Caller } from '#domain/caller.ts';
import type { TokenSettings } from '#domain/token-settings.ts';
import type { Breaks } from '#ports/token-settings.ts';
import type { Deps } from '../deps.ts';
import { change, made, view } from '../doors.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { isForSessions, refuseToken } from '../session-only.ts';

const NO_TOKEN_CHANGES = 'Here no token changes these settings: sign in to the console, and ask by its session.';

/** Owners that are named; of the others there is a count. */
const OWNERS_MAX = 100;

export const readTokenSettings = (deps: Deps, caller: Caller): Promise<TokenSettings> =>
  view(deps, caller, { action: 'settings:ListSettings', collection: 'settings/' }, () =>
    deps.store.tokenSettings.get(caller.tenant.id),
  );

/** Whose tokens would stop working at once under other settings; changes nothing. */
export const breaksUnder = (deps: Deps, caller: Caller, wanted: TokenSettings): Promise<Breaks> =>
  view(deps, caller, { action: 'settings:ManageSettings', collection: 'settings/' }, () =>
    counted(deps, caller, wanted),
  );

/** From the moment when this returns, every token of the tenant is held to them; says what stopped working. */
export function putTokenSettings(deps: Deps, caller: Caller, wanted: TokenSettings): Promise<Breaks> {
  const { tenant } = caller;
  const what = {
    action: 'settings:ManageSettings',
    resource: 'settings/tokens',
    locate: made,
    prepare: async () => {
      await keepToSessions(deps, caller);
      return counted(deps, caller, wanted);
    },
  } as const;
  return untilNotOvertaken(() =>
    change(deps, caller, what, async (tx, _, breaks: Breaks) => {
      await tx.tenants.hold(tenant.id); // what is looked at here is what is replaced
      if (isForSessions(await tx.tokenSettings.get(tenant.id), caller)) throw new Overtaken(); // counting takes a while
      await tx.tokenSettings.put(tenant.id, wanted);
      const details = { settings: wanted, count: breaks.tokens };
      return { result: breaks, details, moved: [{ kind: 'tenant', id: tenant.id }] };
    }),
  );
}

/** Where no token may create tokens, none may change that either. */
async function keepToSessions(deps: Deps, caller: Caller): Promise<void> {
  if (!isForSessions(await deps.store.tokenSettings.get(caller.tenant.id), caller)) return;
  await refuseToken(deps, caller, { action: 'settings:ManageSettings', resource: 'settings/tokens' }, NO_TOKEN_CHANGES);
}

const counted = ({ store, clock }: Deps, { tenant }: Caller, wanted: TokenSettings): Promise<Breaks> =>
  store.tokenSettings.breaksUnder(tenant.id, wanted, clock.now(), OWNERS_MAX);
