import { type Because, why } from '#app/access/why.ts';
import { changeRoles, removeGrant } from '#app/grant/give.ts';
import { listGrants } from '#app/grant/list.ts';
import { parseResource } from '#app/grant/resource.ts';
import type { ShownGrant } from '#app/grant/show.ts';
import { textOf } from '#app/grant/subject.ts';
import { removalOfRole } from '#app/role/remove.ts';
import type { ACCESS_OPERATIONS, OwnGrant } from '#contract/own/access.ts';
import { type Resource, TENANT_WIDE } from '#domain/grant.ts';
import { parseId } from '#domain/id.ts';
import { allows } from '#domain/rights.ts';
import { parseSubject } from '#domain/subject.ts';
import type { Handlers } from '../handler.ts';
import { anyRoleId } from '../wire/role.ts';

export const accessHandlers: Handlers<typeof ACCESS_OPERATIONS> = {
  ownCanI: async (_, caller, { action, resource }) => ({ allowed: allows(caller.rights, action, on(resource)) }),
  ownWhy: async (api, caller, { action, resource, subject }) => {
    const question = {
      action,
      resource: on(resource),
      subject: subject === undefined ? undefined : parseSubject(subject),
    };
    const { user, by, couldGive } = await why(api, caller, question);
    return {
      subject: `user:${user.name}`,
      allowed: by !== undefined,
      by: by === undefined ? null : reasonOf(by),
      missing: by === undefined ? action : null,
      couldGive: couldGive?.map(textOf) ?? null,
    };
  },
  ownListGrants: async (api, caller, { limit, offset, subject, resource }) => {
    const only = {
      subject: subject === undefined ? undefined : parseSubject(subject),
      resource: resource === undefined ? undefined : on(resource),
    };
    const { rows, total } = await listGrants(api, caller, { limit, offset, ...only });
    return { data: rows.map(rowOf), pagination: { total, offset, limit } };
  },
  ownCreateGrant: async (api, caller, { subject, role, resource }) => {
    const turn = { how: 'add', subject: parseSubject(subject), role, resource: on(resource) } as const;
    return { grant: rowOf((await changeRoles(api, caller, turn)) as ShownGrant) }; // what is given stands
  },
  ownDeleteGrant: async (api, caller, { id }) => {
    await removeGrant(api, caller, parseId(id));
    return {};
  },
  ownGetRoleRemoval: async (api, caller, { id }) => {
    const { subjects, total } = await removalOfRole(api, caller, anyRoleId(id));
    return { subjects: subjects.map(textOf), total };
  },
};

const on = (resource: string = TENANT_WIDE): Resource => parseResource(resource);

const rowOf = ({ id, subject, role, resource, binding }: ShownGrant): OwnGrant => ({
  ...{ id, subject: textOf(subject), role: { id: role.id, name: role.name }, resource },
  binding: binding === undefined ? null : { id: binding.id, name: binding.name },
});

const reasonOf = ({ holding, holder, via, binding }: NonNullable<Because['by']>) => ({
  ...{ grant: holding.id ?? null, subject: textOf(holder), resource: holding.resource, via },
  role: { id: holding.role.id, name: holding.role.name },
  binding: binding === undefined ? null : { id: binding.id, name: binding.name },
});
