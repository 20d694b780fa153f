import * as z from 'zod';
import { CLAIM_CHARS_MAX, MAPPINGS_MAX } from '#domain/identity-provider-claims.ts';
import { TOKEN_FORMATS } from '#domain/token.ts';
import { GRACE_DAYS_MIN, GRACE_MS_MAX, INTERVAL_DAYS_MIN } from '#domain/virtual-account.ts';
import { ACCOUNT_ABSENT, MAY_NOT_MAKE_ACCOUNT, MAY_NOT_MANAGE_ACCOUNT } from '../account-words.ts';
import { accountName, documentedAs, id, teamName } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { boundedTags } from '../tags.ts';
import { dateInput } from './date.ts';
import { keptText, pageOf, pageQuery, searchText } from './page.ts';
import { flag, textList } from './query.ts';
import { subject } from './subject.ts';

const BASE = '/api/svc/v1/virtual-accounts';

const TEXT_CHARS_MAX = 256;
/** In a URL of some KiB, each character as up to twelve. */
const FILTER_CHARS_MAX = 1_000;
/** Each is looked up by itself. */
const PERMISSIONS_MAX = 200;
const TEAMS_MAX = 100;
/** Of the same notice, to one channel. */
const RECEIVERS_MAX = 100;

const MINUTE_MS = 60_000;
export const MINUTES_PER_DAY = 24 * 60;
const GRACE_MINUTES_MAX = GRACE_MS_MAX / MINUTE_MS;
const GRACE_DAYS_MAX = GRACE_MINUTES_MAX / MINUTES_PER_DAY;
/** What the public product's own clients say where nobody else does. */
const GRACE_DAYS_DEFAULT = 30;
const INTERVAL_DAYS_DEFAULT = 360;

const text = keptText(TEXT_CHARS_MAX);

const permission = z.object({ resource_fqn: text, resource_type: text, role_id: text });

/** Of both fields the domain refuses what is too small, in its own words. */
const autoRotate = z.object({
  auto_rotate_interval: documentedAs(z.number(), { type: 'integer', minimum: INTERVAL_DAYS_MIN }).default(
    INTERVAL_DAYS_DEFAULT,
  ),
  grace_period: documentedAs(z.number(), { type: 'integer', minimum: GRACE_DAYS_MIN }).default(GRACE_DAYS_DEFAULT),
});

const channel = { notification_channel: text };
const notificationTarget = z.discriminatedUnion('type', [
  z.object({ type: z.literal('email'), ...channel, to_emails: z.array(text).max(RECEIVERS_MAX) }),
  z.object({ type: z.literal('slack-webhook'), ...channel }),
  z.object({ type: z.literal('slack-bot'), ...channel, channels: z.array(text).max(RECEIVERS_MAX) }),
  z.object({ type: z.literal('pagerduty'), ...channel }),
  z.object({ type: z.literal('ms-teams-webhook'), ...channel }),
]);

/** Older clients send the first without its type. */
const secretStoreConfig = z.union(
  [
    z.object({ type: z.literal('secret-store').optional(), integration_fqn: text, secret_path: text }),
    z.object({ type: z.literal('tfy-secrets'), secret_group: text, key: text }),
  ],
  { error: 'must be {type: secret-store, integration_fqn, secret_path} or {type: tfy-secrets, secret_group, key}' },
);

/** In manifests null is absent, as it is around them. */
const manifest = z.object({
  type: z.literal('virtual-account'),
  name: accountName,
  permissions: z.array(permission).max(PERMISSIONS_MAX).nullish(),
  expiration_date: dateInput.nullish(),
  auto_rotate: autoRotate.nullish(),
  notification_target: notificationTarget.nullish(),
  secret_store_config: secretStoreConfig.nullish(),
  ownedBy: z.object({ account: text.nullish(), team: teamName }).nullish(),
  tags: boundedTags.nullish(),
  identity_provider_mapping: z
    .array(z.object({ identity_provider: text, value: keptText(CLAIM_CHARS_MAX) }))
    .max(MAPPINGS_MAX)
    .nullish(),
  token_type: z.enum(TOKEN_FORMATS).nullish(),
});
export type AccountManifest = z.output<typeof manifest>;

/** One value of the token, which works or is over. `expiry` is required: what never ends says a day far away. */
const jwt = z.object({
  id: z.string(),
  subjectType: z.literal('serviceaccount'),
  subjectId: z.string(),
  expiry: z.string(),
  tokenType: z.enum(TOKEN_FORMATS),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** Ours. */
  metadata: z.object({
    preview: z.string(),
    generation: z.int(),
    state: z.enum(['current', 'grace', 'expired']),
    lastUsedAt: z.string().optional(),
    lastUsedSurface: z.string().optional(),
    lastUsedAddress: z.string().optional(),
  }),
});

/** The public product's row for a virtual account (contract 2, 4). Envelope fields are camelCase, manifest fields snake_case. */
const virtualAccount = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal('virtual-account'),
  tenantName: z.string(),
  accountId: z.string(),
  manifest: z.object({
    name: z.string(),
    type: z.literal('virtual-account'),
    /** What it holds by itself; SDKs up to 0.4.0 need the list. What role bindings give is in `rolesWithResource` alone. */
    permissions: z.array(z.object({ resource_fqn: z.string(), resource_type: z.string(), role_id: z.string() })),
    expiration_date: z.string().optional(),
    auto_rotate: z.object({ auto_rotate_interval: z.int(), grace_period: z.int() }).optional(),
    ownedBy: z.object({ account: z.string(), team: z.string() }).optional(),
    tags: z.record(z.string(), z.unknown()).optional(),
    identity_provider_mapping: z.array(z.object({ identity_provider: z.string(), value: z.string() })).optional(),
    token_type: z.enum(TOKEN_FORMATS).optional(),
  }),
  jwtId: z.string().optional(),
  createdBySubject: subject,
  createdBy: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  lastAccessedAt: z.string().optional(),
  isExpired: z.boolean(),
  jwts: z.array(jwt),
  nextScheduledRotation: z.string().optional(),
  roleIds: z.array(z.string()),
  rolesWithResource: z.array(
    z.object({ roleId: z.string(), roleName: z.string(), resourceType: z.string(), resourceId: z.string() }),
  ),
  /** Ours: the masked form of the current value, where any was last accepted, and whether all of it is frozen. */
  metadata: z.object({
    preview: z.string().optional(),
    isFrozen: z.boolean(),
    lastUsedSurface: z.string().optional(),
    lastUsedAddress: z.string().optional(),
  }),
});
export type AccountRow = z.output<typeof virtualAccount>;

const filter = z
  .string()
  .max(FILTER_CHARS_MAX)
  .meta({
    description:
      'JSON: {column, op, value}, or {type: AND or OR, children} of such. Columns are name and manifest.tags.<key>; a key ' +
      'may stand apart too, as {"type":"json_map","column":"manifest.tags","key":"team","op":"EQUAL","value":"x"}.',
    examples: ['{"column":"name","op":"STRING_CONTAINS","value":"ci"}'],
  });

const graceIn = (max: number) => z.number().refine((given) => given >= 0 && given <= max, `must be 0 to ${max}`);

const GRACE = { gracePeriodInMinutes: graceIn(GRACE_MINUTES_MAX), gracePeriodInDays: graceIn(GRACE_DAYS_MAX) };
const GRACE_DOCUMENTED = {
  gracePeriodInMinutes: { type: 'number', minimum: 0, maximum: GRACE_MINUTES_MAX },
  gracePeriodInDays: { type: 'number', minimum: 0, maximum: GRACE_DAYS_MAX },
} as const;
/** Null, which is absent, makes it neither. */
const oneOf = (name: keyof typeof GRACE) => ({ required: [name], properties: { [name]: GRACE_DOCUMENTED[name] } });
const ONE_OF_BOTH = 'is the grace period, or gracePeriodInDays is: give one of them';
const grace = documentedAs(
  z
    .object({
      gracePeriodInMinutes: GRACE.gracePeriodInMinutes.optional(),
      gracePeriodInDays: GRACE.gracePeriodInDays.optional(),
    })
    .refine((given) => (given.gracePeriodInMinutes === undefined) !== (given.gracePeriodInDays === undefined), {
      error: ONE_OF_BOTH,
      path: ['gracePeriodInMinutes'],
    }),
  {
    type: 'object',
    properties: GRACE_DOCUMENTED,
    oneOf: [oneOf('gracePeriodInMinutes'), oneOf('gracePeriodInDays')],
  },
);

const ROW = { surface: 'wire', access: 'caller', reveals: false } as const;
const READ = { ...ROW, method: 'GET', effect: 'reads' } as const;
const MANAGE = {
  ...ROW,
  action: 'virtual-account:ManageVirtualAccount',
  existence: 'tell',
  denial: MAY_NOT_MANAGE_ACCOUNT,
  absence: ACCOUNT_ABSENT,
} as const;

/** Of an account that is there already it is Manage on that account, so that the team that owns it may. */
const PUT = {
  ...ROW,
  path: BASE,
  action: 'virtual-account:CreateVirtualAccount',
  existence: 'tell',
  denial: MAY_NOT_MAKE_ACCOUNT,
  effect: 'mints',
  reveals: true,
  output: z.object({ data: virtualAccount, token: z.string().optional() }),
} as const;

export const VIRTUAL_ACCOUNT_OPERATIONS = {
  wireListAccounts: {
    ...READ,
    path: BASE,
    action: 'self',
    existence: 'tell',
    summary: 'List the virtual accounts that the caller may see, newest first; never their tokens',
    input: {
      query: z.object({
        ...pageQuery,
        nameSearchQuery: searchText.default(''),
        ownedByTeams: textList
          .refine((names) => names.length <= TEAMS_MAX, `must be at most ${TEAMS_MAX} teams`)
          .optional(),
        isExpired: flag.optional(),
        filter: filter.optional(),
      }),
    },
    output: pageOf(virtualAccount),
  },
  wirePutAccount: {
    ...PUT,
    method: 'PUT',
    summary:
      'Make the virtual account of this name what its manifest says, or make it; then the answer holds its token',
    input: { body: z.object({ manifest, dryRun: z.boolean().optional() }) },
  },
  wirePostAccount: {
    ...PUT,
    method: 'POST',
    summary: 'The same, for clients that post',
    input: { body: z.object({ manifest, dryRun: z.boolean().optional() }) },
  },
  wireAccountExists: {
    ...READ,
    path: `${BASE}/exists`,
    action: 'self',
    existence: 'tell',
    summary: 'Whether there is a virtual account of this name that the caller may know of',
    input: { query: z.object({ name: accountName }) },
    output: z.object({ exists: z.boolean() }),
  },
  wireGetAccount: {
    ...READ,
    path: `${BASE}/{id}`,
    action: 'virtual-account:ReadVirtualAccount',
    existence: 'hide',
    absence: ACCOUNT_ABSENT,
    summary:
      'One virtual account, with the values of its token and when each was last used; never the values themselves',
    input: { path: z.object({ id }) },
    output: z.object({ data: virtualAccount }),
  },
  wireDeleteAccount: {
    ...MANAGE,
    method: 'DELETE',
    path: `${BASE}/{id}`,
    action: 'virtual-account:DeleteVirtualAccount',
    effect: 'changes',
    summary: 'Delete a virtual account for ever, with its token and all that it holds',
    input: { path: z.object({ id }) },
    output: z.object({}),
  },
  wireGetAccountToken: {
    ...MANAGE,
    method: 'GET',
    path: `${BASE}/{id}/token`,
    effect: 'reads',
    reveals: true,
    summary: 'The token that is current, once more, on the record',
    input: { path: z.object({ id }) },
    output: z.object({ token: z.string() }),
  },
  wireRegenerateAccountToken: {
    ...MANAGE,
    method: 'POST',
    path: `${BASE}/{id}/regenerate-token`,
    effect: 'mints',
    reveals: true,
    bodiless: { gracePeriodInDays: GRACE_DAYS_DEFAULT },
    summary: `A new token, at once the current one; the one before works for the grace period, ${GRACE_DAYS_DEFAULT} days where there is no body`,
    input: { path: z.object({ id }), body: grace },
    output: z.object({ token: z.string() }),
  },
  wireDeleteAccountValue: {
    ...MANAGE,
    method: 'DELETE',
    path: `${BASE}/{id}/jwt/{jwtId}`,
    effect: 'changes',
    summary: 'End one value of the token at once; the account and its other values stay',
    input: { path: z.object({ id, jwtId: id }) },
    output: z.object({}),
  },
  wireSyncAccount: {
    ...MANAGE,
    method: 'POST',
    path: `${BASE}/{id}/sync-to-secret-store`,
    effect: 'reads',
    summary: 'Refused with the reason: no account has a secret store yet',
    input: { path: z.object({ id }), query: z.object({ force: flag.default(false) }) },
    output: z.object({
      syncTokenInSecretStoreInfo: z.object({ updatedAt: z.string(), jwtId: z.string(), error: z.string().optional() }),
    }),
  },
} as const satisfies Operations;
