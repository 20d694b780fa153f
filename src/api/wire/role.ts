import { getRole, listRoles, mayListActions, type ShownRole, typeOf } from '#app/role/list.ts';
import { removeRole } from '#app/role/remove.ts';
import { createRole, type Definition, putRole } from '#app/role/save.ts';
import { wireDate } from '#contract/wire/date.ts';
import type { ROLE_OPERATIONS, RoleDefinition, RoleRow } from '#contract/wire/role.ts';
import type { Caller } from '#domain/caller.ts';
import { parseId } from '#domain/id.ts';
import { PERMISSIONS, parsePermissions } from '#domain/permission.ts';
import { Refusal } from '#domain/refusal.ts';
import { builtInOf, parseRoleName } from '#domain/role.ts';
import type { Api, Handlers } from '../handler.ts';
import { subjectOf } from './subject.ts';

type Handler = Handlers<typeof ROLE_OPERATIONS>;

const list: Handler['wireListRoles'] = async (api, caller, { limit, offset, resourceType }) => {
  const query = { limit, offset, resourceType: resourceType && plain(resourceType) };
  const { rows, total } = await listRoles(api, caller, query);
  return { data: rows.map((role) => rowOf(caller, role)), pagination: { total, offset, limit } };
};

const remove: Handler['wireDeleteRole'] = async (api, caller, { id }) => {
  await removeRole(api, caller, anyRoleId(id));
  return {};
};

export const roleHandlers: Handler = {
  wireListRoles: list,
  wireListRolesByType: list,
  wireListAllRoles: list,
  wireCreateRole: (api, caller, body) => saved(api, caller, createRole, body),
  wirePutRole: (api, caller, { manifest, ...flat }) => saved(api, caller, putRole, whole(manifest ?? flat)),
  wireGetRole: async (api, caller, { id }) => ({ data: rowOf(caller, await getRole(api, caller, anyRoleId(id))) }),
  wireDeleteRole: remove,
  wireDeleteRoleById: remove,
  wireListRoleActions: async (api, caller, { resourceType }) => {
    await mayListActions(api, caller);
    const prefix = resourceType === undefined ? '' : `${plain(resourceType)}:`;
    return { data: PERMISSIONS.filter((one) => one.startsWith(prefix)) };
  },
};

const saved = async (api: Api, caller: Caller, save: typeof putRole, body: RoleDefinition) => ({
  data: rowOf(caller, await save(api, caller, definitionOf(body))),
});

/** What some clients call the tenant. */
const plain = (type: string): string => (type === 'account' ? 'tenant' : type);

/** A built-in one goes by its name. */
export const anyRoleId = (text: string): string => builtInOf(text)?.id ?? parseId<'Role'>(text);

function definitionOf({ name, displayName, description, resourceType, permissions }: RoleDefinition): Definition {
  if (plain(resourceType) !== 'tenant') throw otherType();
  return {
    ...{ name: parseRoleName(name), permissions: parsePermissions(permissions) },
    ...{ displayName: displayName ?? name, description: description ?? '' },
  };
}

const otherType = (): Refusal =>
  new Refusal('unprocessable', 'Resource type is not supported. A role of your own is granted on the tenant.', {
    problems: [{ field: 'resourceType', problem: 'must be tenant' }],
  });

type Loose = { readonly [Field in keyof RoleDefinition]?: RoleDefinition[Field] | undefined };
const REQUIRED = ['name', 'resourceType', 'permissions'] as const;

/** The body is the manifest, or holds it: one of both. */
function whole(given: Loose): RoleDefinition {
  const missing = REQUIRED.filter((field) => given[field] === undefined);
  if (missing.length === 0) return given as RoleDefinition;
  throw new Refusal('invalid_request', `${missing.join(', ')} missing, here or in manifest.`, {
    problems: missing.map((field) => ({ field, problem: 'is missing' })),
  });
}

function rowOf({ tenant }: Caller, shown: ShownRole): RoleRow {
  const { role, isBuiltIn, createdBy } = shown;
  const { id, name, displayName, description } = role;
  const [resourceType, permissions] = [typeOf(shown), [...role.permissions]];
  return {
    ...{ id, name, tenantName: tenant.name, accountId: tenant.id, resourceType },
    manifest: { type: 'role', name, displayName, description, resourceType, permissions },
    ...{ createdBySubject: subjectOf(createdBy), permissionSetsV2: [{ resourceType, permissions }] },
    ...{ isEditable: !isBuiltIn, isDefault: isBuiltIn, isReserved: isBuiltIn && role.isImplied === true },
    ...(isBuiltIn ? {} : { createdAt: wireDate(role.createdAt), updatedAt: wireDate(role.updatedAt) }),
  };
}
