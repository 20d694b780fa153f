import { breaksUnder, putTokenSettings, readTokenSettings } from '#app/settings/token-settings.ts';
import type { TOKEN_SETTINGS_OPERATIONS } from '#contract/own/token-settings.ts';
import type { TokenSettings } from '#domain/token-settings.ts';
import type { Handlers } from '../handler.ts';

export const tokenSettingsHandlers: Handlers<typeof TOKEN_SETTINGS_OPERATIONS> = {
  ownGetTokenSettings: async (api, caller) => shown(await readTokenSettings(api, caller)),
  ownPutTokenSettings: async (api, caller, { dryRun, ...asked }) => {
    const wanted: TokenSettings = {
      ...asked,
      ...{ ageDaysMax: asked.ageDaysMax ?? undefined, countMax: asked.countMax ?? undefined },
      ...{ lifeDaysDefault: asked.lifeDaysDefault ?? undefined, idleDaysMax: asked.idleDaysMax ?? undefined },
    };
    const { tokens, owners, ownersTotal } = await (dryRun ? breaksUnder : putTokenSettings)(api, caller, wanted);
    const named = owners.map(({ owner, tokens: held }) => ({ id: owner.id, name: owner.name, tokens: held }));
    return { settings: shown(wanted), breaks: { tokens, owners: named, ownersTotal } };
  },
};

const shown = (settings: TokenSettings) => ({
  ...settings,
  ...{ ageDaysMax: settings.ageDaysMax ?? null, countMax: settings.countMax ?? null },
  ...{ lifeDaysDefault: settings.lifeDaysDefault ?? null, idleDaysMax: settings.idleDaysMax ?? null },
});
