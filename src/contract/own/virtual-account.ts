import * as z from 'zod';
import { CLAIM_CHARS_MAX, MAPPINGS_MAX } from '#domain/identity-provider-claims.ts';
import { TOKEN_FORMATS } from '#domain/token.ts';
import {
  AFTER_RETIREMENT,
  GRACE_DAYS_MIN,
  GRACE_MS_MAX,
  INTERVAL_DAYS_MAX,
  INTERVAL_DAYS_MIN,
} from '#domain/virtual-account.ts';
import { ACCOUNT_ABSENT, MAY_NOT_MAKE_ACCOUNT, MAY_NOT_MANAGE_ACCOUNT } from '../account-words.ts';
import { accountName, id, teamName } from '../documented.ts';
import { IF_MATCH, ifMatch } from '../if-match.ts';
import type { Operations } from '../operation.ts';
import { boundedTags } from '../tags.ts';
import { dateInput } from '../wire/date.ts';
import { keptText, pageQuery, searchText } from '../wire/page.ts';
import { flag } from '../wire/query.ts';

const BASE = '/api/v1/virtual-accounts';
const SETTINGS = '/api/v1/settings/virtual-accounts';
const MAY_NOT_SET = 'Only a tenant admin can see and change the settings of virtual accounts.';

/** Each is looked up by itself. */
const ROLES_MAX = 200;
const TEXT_CHARS_MAX = 256;
const GRACE_MINUTES_MAX = GRACE_MS_MAX / 60_000;

const named = z.strictObject({ id: z.string(), name: z.string() });
/** Instants are ISO 8601, in UTC. */
const use = z.strictObject({ at: z.string(), surface: z.string(), address: z.string().nullable() });

const value = z.strictObject({
  id: z.string(),
  /** From 1; only grows. */
  generation: z.int(),
  /** `current` is to be used; one in its `grace` still works; one that is `expired` does not. */
  state: z.enum(['current', 'grace', 'expired']),
  /** The masked form: prefix, four characters, four characters. */
  preview: z.string(),
  format: z.enum(TOKEN_FORMATS),
  createdAt: z.string(),
  /** When it stops working if it is left alone; null for never. */
  expiresAt: z.string().nullable(),
  lastUsed: use.nullable(),
});
const autoRotate = z.strictObject({
  intervalDays: z.int().min(INTERVAL_DAYS_MIN).max(INTERVAL_DAYS_MAX),
  graceDays: z.int().min(GRACE_DAYS_MIN).max(INTERVAL_DAYS_MAX),
});

export const ownAccount = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** One more with each change; what If-Match of a change names. */
  version: z.int(),
  /** Nothing of one that is `frozen` is accepted until it is thawed. */
  state: z.enum(['live', 'expired', 'frozen']),
  /** Of its next values; null for the tenant's default. */
  format: z.enum(TOKEN_FORMATS).nullable(),
  createdAt: z.string(),
  createdBy: named,
  updatedAt: z.string(),
  /** After it none of its values works. */
  expiresAt: z.string().nullable(),
  autoRotate: z.strictObject({ intervalDays: z.int(), graceDays: z.int() }).nullable(),
  /** When it gets a new value by itself. */
  rotatesAt: z.string().nullable(),
  /** Whose members manage it. */
  team: named.nullable(),
  tags: z.record(z.string(), z.unknown()),
  /** What it holds; `binding` is the role binding that gives it. */
  roles: z.array(z.strictObject({ grant: z.string(), role: named, resource: z.string(), binding: named.nullable() })),
  /** By which words of which identity providers' tokens it can be acted as. */
  mappings: z.array(z.strictObject({ provider: z.string(), value: z.string() })),
  /** Of its token, newest first. */
  values: z.array(value),
  /** When any of them was last accepted, and where. */
  lastUsed: use.nullable(),
  /** The last time a value was presented after its end: something still holds it. */
  usedAfterEnd: use.nullable(),
});
export type OwnAccount = z.infer<typeof ownAccount>;

/** All that can be said of an account: what is left out is taken away, but for roles, which stay as they are. */
const said = {
  name: accountName,
  /** By id or by name, on the tenant. */
  roles: z
    .array(
      z.string().meta({ description: 'By name or by id.', examples: ['metrics-reader'], maxLength: TEXT_CHARS_MAX }),
    )
    .max(ROLES_MAX)
    .optional(),
  expiresAt: dateInput.nullable().optional(),
  format: z.enum(TOKEN_FORMATS).nullable().optional(),
  autoRotate: autoRotate.nullable().optional(),
  team: teamName.nullable().optional(),
  tags: boundedTags.optional(),
  /** By which tokens of others it can be acted as. */
  mappings: z
    .array(z.strictObject({ provider: keptText(TEXT_CHARS_MAX), value: keptText(CLAIM_CHARS_MAX) }))
    .max(MAPPINGS_MAX)
    .optional(),
};
export type SaidOfAccount = z.output<z.ZodObject<typeof said>>;

const rules = {
  /** Whether the current value can be read again; else what is kept of all of them is shredded at once. */
  tokenReadable: z.boolean(),
  /** What follows where a value is presented after the grace in which it was replaced. */
  afterRetirement: z.enum(AFTER_RETIREMENT),
};

const ROW = { surface: 'own', access: 'caller', reveals: false } as const;
const MANAGE = {
  ...ROW,
  action: 'virtual-account:ManageVirtualAccount',
  existence: 'tell',
  denial: MAY_NOT_MANAGE_ACCOUNT,
  absence: ACCOUNT_ABSENT,
  effect: 'changes',
} as const;
const onOne = { path: z.strictObject({ id }) };
const one = z.strictObject({ account: ownAccount });

export const OWN_VIRTUAL_ACCOUNT_OPERATIONS = {
  ownListAccounts: {
    ...ROW,
    method: 'GET',
    path: BASE,
    action: 'self',
    existence: 'tell',
    effect: 'reads',
    summary: 'List the virtual accounts that the caller may see, newest first',
    input: {
      query: z.strictObject({
        ...pageQuery,
        name: searchText.default(''),
        team: z
          .string()
          .meta({ description: 'The name of the team that owns them.', examples: ['platform'] })
          .optional(),
        expired: flag.optional(),
      }),
    },
    output: z.strictObject({
      data: z.array(ownAccount),
      pagination: z.strictObject({ total: z.int(), offset: z.int(), limit: z.int() }),
    }),
  },
  ownCreateAccount: {
    ...ROW,
    method: 'POST',
    path: BASE,
    action: 'virtual-account:CreateVirtualAccount',
    existence: 'tell',
    denial: MAY_NOT_MAKE_ACCOUNT,
    effect: 'mints',
    reveals: true,
    summary: 'Create a virtual account of a name that is free, and its token, which is in the answer',
    input: { body: z.strictObject(said) },
    output: z.strictObject({ account: ownAccount, value: z.string() }),
  },
  ownGetAccount: {
    ...ROW,
    method: 'GET',
    path: `${BASE}/{id}`,
    action: 'virtual-account:ReadVirtualAccount',
    existence: 'hide',
    absence: ACCOUNT_ABSENT,
    effect: 'reads',
    tagged: 'account',
    summary: 'One virtual account, with what it holds and how the values of its token are used',
    input: onOne,
    output: one,
  },
  ownPutAccount: {
    ...MANAGE,
    method: 'PUT',
    path: `${BASE}/{id}`,
    tagged: 'account',
    summary: 'Make a virtual account what is said, where it is still the version that was seen; its values stay',
    input: { ...onOne, header: z.strictObject({ [IF_MATCH]: ifMatch }), body: z.strictObject(said) },
    output: one,
  },
  ownDeleteAccount: {
    ...MANAGE,
    method: 'DELETE',
    path: `${BASE}/{id}`,
    action: 'virtual-account:DeleteVirtualAccount',
    summary: 'Delete a virtual account for ever, with its token and all that it holds',
    input: onOne,
    output: z.strictObject({}),
  },
  ownRegenerateAccountToken: {
    ...MANAGE,
    method: 'POST',
    path: `${BASE}/{id}/regenerate`,
    effect: 'mints',
    reveals: true,
    summary: 'A new value, at once the current one; those before work for the grace, or not at all with 0',
    input: { ...onOne, body: z.strictObject({ graceMinutes: z.int().min(0).max(GRACE_MINUTES_MAX) }) },
    output: z.strictObject({ account: ownAccount, value: z.string() }),
  },
  ownGetAccountToken: {
    ...MANAGE,
    method: 'GET',
    path: `${BASE}/{id}/token`,
    effect: 'reads',
    reveals: true,
    summary: 'The value that is current, once more, on the record',
    input: onOne,
    output: z.strictObject({ value: z.string() }),
  },
  ownEndAccountValue: {
    ...MANAGE,
    method: 'DELETE',
    path: `${BASE}/{id}/values/{valueId}`,
    summary: 'End one value at once; the account and its other values stay',
    input: { path: z.strictObject({ id, valueId: id }) },
    output: z.strictObject({}),
  },
  ownFreezeAccount: {
    ...MANAGE,
    method: 'POST',
    path: `${BASE}/{id}/freeze`,
    summary: 'Accept nothing of a virtual account until it is thawed; its values stay',
    input: onOne,
    output: one,
  },
  ownThawAccount: {
    ...MANAGE,
    method: 'POST',
    path: `${BASE}/{id}/thaw`,
    summary: 'Accept a frozen virtual account again, as far as its dates allow',
    input: onOne,
    output: one,
  },
  ownGetAccountRules: {
    ...ROW,
    method: 'GET',
    path: SETTINGS,
    action: 'settings:ListSettings',
    existence: 'tell',
    denial: MAY_NOT_SET,
    effect: 'reads',
    summary: 'What the tenant has decided of the tokens of all its virtual accounts',
    input: {},
    output: z.strictObject(rules),
  },
  ownPutAccountRules: {
    ...ROW,
    method: 'PUT',
    path: SETTINGS,
    action: 'settings:ManageSettings',
    existence: 'tell',
    denial: MAY_NOT_SET,
    effect: 'changes',
    summary:
      'Decide whether tokens of virtual accounts can be read again, and what follows where a replaced one is used',
    input: { body: z.strictObject(rules) },
    output: z.strictObject(rules),
  },
} as const satisfies Operations;
