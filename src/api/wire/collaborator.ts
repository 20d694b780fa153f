import { checkAccess } from '#app/access/check.ts';
import { changeRoles } from '#app/grant/give.ts';
import { grantsOn } from '#app/grant/list.ts';
import { parseResourceType, resourceWith } from '#app/grant/resource.ts';
import type { ShownGrant } from '#app/grant/show.ts';
import { textOf } from '#app/grant/subject.ts';
import type { Turn } from '#app/grant/turn.ts';
import { mayListActions } from '#app/role/list.ts';
import type { COLLABORATOR_OPERATIONS, CollaboratorRow } from '#contract/wire/collaborator.ts';
import type { Caller } from '#domain/caller.ts';
import { type Resource, TENANT_WIDE } from '#domain/grant.ts';
import { PERMISSIONS, parsePermissions } from '#domain/permission.ts';
import { parseSubject } from '#domain/subject.ts';
import type { Api, Handlers } from '../handler.ts';

type On = { readonly resourceType: string; readonly resourceId: string };
type Wanted = On & { readonly subject: string; readonly roleId: string };
type Page = { readonly limit: number; readonly offset: number };

export const collaboratorHandlers: Handlers<typeof COLLABORATOR_OPERATIONS> = {
  wireListCollaborators: (api, caller, { limit, offset, ...on }) => listed(api, caller, on, { limit, offset }),
  wireListAuthorized: (api, caller, { limit, offset, ...on }) => listed(api, caller, on, { limit, offset }),
  wireAddCollaborator: (api, caller, wanted) => given(api, caller, 'add', wanted),
  wireAuthorize: (api, caller, wanted) => given(api, caller, 'add', wanted),
  wireReplaceAuthorized: (api, caller, wanted) => given(api, caller, 'replace', wanted),
  wireRemoveCollaborator: (api, caller, from) => taken(api, caller, from),
  wireUnauthorize: (api, caller, from) => taken(api, caller, from),
  wireCheckAccess: async (api, caller, { subject, action, ...on }) => {
    const [permission] = parsePermissions([action]);
    const asked = { subject: parseSubject(subject), action: permission as (typeof PERMISSIONS)[number] }; // it was one
    return { allowed: await checkAccess(api, caller, { ...asked, resource: resourceOf(caller, on) }) };
  },
  wireListPermissions: async (api, caller) => {
    await mayListActions(api, caller);
    return { data: [...PERMISSIONS] };
  },
};

async function listed(api: Api, caller: Caller, on: On, { limit, offset }: Page) {
  const { rows, total } = await grantsOn(api, caller, resourceOf(caller, on), { limit, offset });
  return { data: rows.map((grant) => rowOf(caller, grant)), pagination: { total, offset, limit } };
}

async function given(api: Api, caller: Caller, how: 'add' | 'replace', { subject, roleId: role, ...on }: Wanted) {
  const turn: Turn = { how, subject: parseSubject(subject), role, resource: resourceOf(caller, on) };
  const grant = (await changeRoles(api, caller, turn)) as ShownGrant; // what is given stands
  return { data: rowOf(caller, grant) };
}

async function taken(api: Api, caller: Caller, { subject, ...on }: Omit<Wanted, 'roleId'>) {
  await changeRoles(api, caller, { how: 'remove', subject: parseSubject(subject), resource: resourceOf(caller, on) });
  return {};
}

const resourceOf = (caller: Caller, { resourceType, resourceId }: On): Resource =>
  resourceWith(caller, parseResourceType(resourceType), resourceId);

const rowOf = ({ tenant }: Caller, { id, subject, role, type, resource, binding }: ShownGrant): CollaboratorRow => ({
  ...{ id, subject: textOf(subject), roleId: role.id, roleName: role.name, resourceType: type },
  resourceId: resource === TENANT_WIDE ? tenant.id : resource.slice(type.length + 1),
  ...(binding === undefined ? {} : { roleBinding: binding.name }),
});
