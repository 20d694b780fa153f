import * as z from 'zod';
import { TOKEN_FORMATS } from '#domain/token.ts';
import { SETTING_COUNT_MAX, SETTING_DAYS_MAX } from '#domain/token-settings.ts';
import type { Operations } from '../operation.ts';

const PATH = '/api/v1/settings/tokens';
const MAY_NOT = 'Only a tenant admin can see and change the settings of tokens.';

const days = z.int().min(1).max(SETTING_DAYS_MAX).nullable();
/** Null is no limit. Days are of 24 hours. */
const settings = {
  /** A value older than this is not accepted, whatever its own date; new ones expire within it. */
  ageDaysMax: days,
  /** Live tokens that one user may hold. */
  countMax: z.int().min(1).max(SETTING_COUNT_MAX).nullable(),
  /** For tokens that are created without a date. */
  lifeDaysDefault: days,
  /** A value that was not used for so long is not accepted any more. */
  idleDaysMax: days,
  /** For tokens that are created without saying. */
  formatDefault: z.enum(TOKEN_FORMATS),
  /** Whether tokens are created from a signed-in browser only, never by another token. */
  sessionOnly: z.boolean(),
};
const output = z.strictObject(settings);

export const TOKEN_SETTINGS_OPERATIONS = {
  ownGetTokenSettings: {
    surface: 'own',
    method: 'GET',
    path: PATH,
    access: 'caller',
    action: 'settings:ListSettings',
    existence: 'tell',
    denial: MAY_NOT,
    effect: 'reads',
    reveals: false,
    summary: 'The tenant’s limits on personal access tokens',
    input: {},
    output,
  },
  ownPutTokenSettings: {
    surface: 'own',
    method: 'PUT',
    path: PATH,
    access: 'caller',
    action: 'settings:ManageSettings',
    existence: 'tell',
    denial: MAY_NOT,
    effect: 'changes',
    reveals: false,
    summary: 'Replace the tenant’s limits; with dryRun, say whose tokens would stop working and change nothing',
    input: {
      // All of them, since what is left out would be loosened without a word.
      body: z.strictObject({ ...settings, dryRun: z.boolean().default(false) }),
    },
    output: z.strictObject({
      settings: output,
      /** Tokens that were live and are not under these settings, by owner; the owners with the most come first. */
      breaks: z.strictObject({
        tokens: z.int(),
        owners: z.array(z.strictObject({ id: z.string(), name: z.string(), tokens: z.int() })),
        ownersTotal: z.int(),
      }),
    }),
  },
} as const satisfies Operations;
