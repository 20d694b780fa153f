import type { ShownGrant } from '#app/grant/show.ts';
import type { AccountView } from '#app/virtual-account/view.ts';
import type { WantedAccount } from '#app/virtual-account/wanted.ts';
import { NEVER, wireDate } from '#contract/wire/date.ts';
import type { AccountManifest, AccountRow } from '#contract/wire/virtual-account.ts';
import type { Caller } from '#domain/caller.ts';
import { TENANT_WIDE } from '#domain/grant.ts';
import type { Instant } from '#domain/instant.ts';
import { Refusal } from '#domain/refusal.ts';
import type { LastUse, StandingToken } from '#domain/token.ts';
import { parseAutoRotate, parseVirtualAccountName, type VirtualAccount } from '#domain/virtual-account.ts';
import { isOver, stateOfValue } from '../account.ts';
import { subjectOf } from './subject.ts';

/** Our virtual account in the public product's words. */
export function rowOf(caller: Caller, view: AccountView, now: Instant): AccountRow {
  const { account, values, current, lastUse, grants } = view;
  const { tenant } = caller;
  const roles = grants.map(({ role, resource, type }) => ({
    ...{ roleId: role.id, roleName: role.name, resourceType: type },
    resourceId: resource === TENANT_WIDE ? tenant.id : resource.slice(type.length + 1),
  }));
  return {
    ...{ id: account.id, name: account.name, type: 'virtual-account', tenantName: tenant.name, accountId: tenant.id },
    manifest: manifestOf(caller, view),
    ...(current === undefined ? {} : { jwtId: current.id }),
    ...{ createdBySubject: subjectOf(view.createdBy), createdBy: view.createdBy.name },
    ...{ createdAt: wireDate(account.createdAt), updatedAt: wireDate(account.updatedAt) },
    ...(lastUse === undefined ? {} : { lastAccessedAt: wireDate(lastUse.at) }),
    isExpired: isOver(view, now),
    jwts: values.map((value) => jwtOf(view, value, now)),
    ...(account.rotatesAt === undefined ? {} : { nextScheduledRotation: wireDate(account.rotatesAt) }),
    ...{ roleIds: [...new Set(roles.map(({ roleId }) => roleId))], rolesWithResource: roles },
    metadata: {
      ...(current === undefined ? {} : { preview: current.preview }),
      ...{ isFrozen: !view.isActive, ...placeOf(lastUse) },
    },
  };
}

function manifestOf({ tenant }: Caller, { account, grants, team, mappings }: AccountView): AccountRow['manifest'] {
  const { name, expiresAt, autoRotate, tags, format } = account;
  return {
    ...{ name, type: 'virtual-account' },
    permissions: grants.filter(({ binding }) => binding === undefined).map((grant) => permissionOf(tenant, grant)),
    ...(expiresAt === undefined ? {} : { expiration_date: dayOrTime(expiresAt) }),
    ...(autoRotate === undefined ? {} : { auto_rotate: rotationOf(autoRotate) }),
    ...(team === undefined ? {} : { ownedBy: { account: tenant.name, team: team.name } }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(mappings.length === 0 ? {} : { identity_provider_mapping: mappings.map(mappingOf) }),
    ...(format === undefined ? {} : { token_type: format }),
  };
}

const mappingOf = ({ provider, value }: AccountView['mappings'][number]) => ({
  ...{ identity_provider: provider.name, value },
});

const permissionOf = ({ name }: Caller['tenant'], { resource, type, role }: ShownGrant) => ({
  resource_fqn: resource === TENANT_WIDE ? name : `${name}:${resource.slice(type.length + 1)}`,
  ...{ resource_type: type, role_id: role.name },
});

const rotationOf = ({ intervalDays, graceDays }: NonNullable<VirtualAccount['autoRotate']>) => ({
  ...{ auto_rotate_interval: intervalDays, grace_period: graceDays },
});

const FIRST_INSTANT = 'T00:00:00.000Z';

/** A manifest has a day, unless a time was given. */
const dayOrTime = (at: Instant): string => wireDate(at).replace(FIRST_INSTANT, '');

function jwtOf(view: AccountView, value: StandingToken, now: Instant): AccountRow['jwts'][number] {
  const { id, generation, preview, format, createdAt, endsAt, lastUse } = value;
  return {
    ...{ id, subjectType: 'serviceaccount', subjectId: view.account.id, tokenType: format },
    expiry: endsAt === undefined ? NEVER : wireDate(endsAt),
    ...{ createdAt: wireDate(createdAt), updatedAt: wireDate(createdAt) },
    metadata: {
      ...{ preview, generation, state: stateOfValue(view, value, now) },
      ...(lastUse === undefined ? {} : { lastUsedAt: wireDate(lastUse.at) }),
      ...placeOf(lastUse),
    },
  };
}

const placeOf = (use: LastUse | undefined) => ({
  ...(use === undefined ? {} : { lastUsedSurface: use.surface }),
  ...(use?.address === undefined ? {} : { lastUsedAddress: use.address }),
});

/** What a manifest asks for. Nobody may trust in what does not happen: what is not done yet is refused. */
export function wantedOf({ tenant }: Caller, manifest: AccountManifest): WantedAccount {
  const { permissions, ownedBy, auto_rotate: rotation, identity_provider_mapping: mapping } = manifest;
  if (permissions?.length === 0) throw needsPermission();
  if (ownedBy?.account != null && ownedBy.account !== tenant.name) {
    throw not('ownedBy.account', `must be ${tenant.name}, the one account on this server`);
  }
  const autoRotate =
    rotation && parseAutoRotate({ intervalDays: rotation.auto_rotate_interval, graceDays: rotation.grace_period });
  for (const [field, why] of Object.entries(NOT_YET)) {
    if (manifest[field as keyof typeof NOT_YET] != null) throw not(field, `is not delivered yet: ${why}`);
  }
  return {
    name: parseVirtualAccountName(manifest.name),
    permissions: permissions?.map((one) => ({
      ...{ resourceType: one.resource_type, resourceFqn: one.resource_fqn, role: one.role_id },
    })),
    ...{ expiresAt: manifest.expiration_date ?? undefined, format: manifest.token_type ?? undefined },
    ...{ autoRotate: autoRotate ?? undefined, tags: manifest.tags ?? {}, team: ownedBy?.team },
    mappings: (mapping ?? []).map((one) => ({ provider: one.identity_provider, value: one.value })),
  };
}

const NOT_YET = {
  secret_store_config:
    'this server writes tokens to no secret store. Leave it out, and read the token where it is needed',
  notification_target: 'this server tells nobody of rotations. Leave it out, and watch nextScheduledRotation',
} as const;

/** In the public product's words. */
const needsPermission = (): Refusal =>
  new Refusal('unprocessable', 'A virtual account needs at least one permission', {
    problems: [{ field: 'permissions', problem: 'must not be empty; left out they stay as they are' }],
  });

const not = (field: string, problem: string): Refusal =>
  new Refusal('unprocessable', `${field} ${problem}.`, { problems: [{ field, problem }] });
