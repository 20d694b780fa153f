import type { Permitted } from '#app/grant/permitted.ts';
import { newId } from '#app/new-id.ts';
import { getRoleBinding, listRoleBindings, roleBindingExists } from '#app/role-binding/list.ts';
import { checkRoleBinding, putRoleBinding } from '#app/role-binding/put.ts';
import { removeRoleBinding } from '#app/role-binding/remove.ts';
import type { ShownBinding } from '#app/role-binding/show.ts';
import { wireDate } from '#contract/wire/date.ts';
import type { BindingManifest, BindingRow, ROLE_BINDING_OPERATIONS } from '#contract/wire/role-binding.ts';
import type { Caller } from '#domain/caller.ts';
import { parseId } from '#domain/id.ts';
import { Refusal } from '#domain/refusal.ts';
import { parseRoleBindingName } from '#domain/role-binding.ts';
import { parseSubjectOf } from '#domain/subject.ts';
import type { Handlers } from '../handler.ts';
import { subjectOf } from './subject.ts';

export const roleBindingHandlers: Handlers<typeof ROLE_BINDING_OPERATIONS> = {
  wirePutRoleBinding: async (api, caller, { manifest, dryRun, ...flat }) => {
    const wanted = wantedIn(whole(manifest ?? flat));
    const put = dryRun === true ? checkRoleBinding : putRoleBinding;
    return { data: rowOf(caller, await put(api, caller, wanted)) };
  },
  wireCreateInlineRoleBinding: async (api, caller, given) => {
    const wanted = wantedIn({ name: `inline-${newId(api)}`, ...given });
    return { data: rowOf(caller, await putRoleBinding(api, caller, wanted)) };
  },
  wireListRoleBindings: async (api, caller, { limit, offset }) => {
    const { rows, total } = await listRoleBindings(api, caller, { limit, offset });
    return { data: rows.map((one) => rowOf(caller, one)), pagination: { total, offset, limit } };
  },
  wireRoleBindingExists: async (api, caller, { name }) => ({
    exists: await roleBindingExists(api, caller, parseRoleBindingName(name)),
  }),
  wireGetRoleBinding: async (api, caller, { id }) => ({
    data: rowOf(caller, await getRoleBinding(api, caller, parseId(id))),
  }),
  wireDeleteRoleBinding: async (api, caller, { id }) => {
    await removeRoleBinding(api, caller, parseId(id));
    return {};
  },
};

const wantedIn = ({ name, subjects, permissions }: BindingManifest) => ({
  name: parseRoleBindingName(name),
  subjects: subjects.map((one) => parseSubjectOf(one.type, one.name)),
  permissions: permissions satisfies readonly Permitted[],
});

type Loose = { readonly [Field in keyof BindingManifest]?: BindingManifest[Field] | undefined };
const REQUIRED = ['name', 'subjects', 'permissions'] as const;

/** The body is the manifest, or holds it: one of both. */
function whole(given: Loose): BindingManifest {
  const missing = REQUIRED.filter((field) => given[field] === undefined);
  if (missing.length === 0) return given as BindingManifest;
  throw new Refusal('invalid_request', `${missing.join(', ')} missing, here or in manifest.`, {
    problems: missing.map((field) => ({ field, problem: 'is missing' })),
  });
}

function rowOf({ tenant }: Caller, { binding, createdBy, subjects, permissions }: ShownBinding): BindingRow {
  const { id, name, createdAt, updatedAt } = binding;
  return {
    ...{ id, name, accountId: tenant.id },
    manifest: {
      ...{ type: 'role-binding', name },
      subjects: subjects.map((one) => ({ type: one.kind === 'everyone' ? 'team' : one.kind, name: one.name })),
      permissions: permissions.map(({ role }) => ({
        ...{ resourceType: 'tenant', resourceFqn: tenant.name, role: role.name },
      })),
    },
    ...{ createdBySubject: subjectOf(createdBy), createdAt: wireDate(createdAt), updatedAt: wireDate(updatedAt) },
  };
}
