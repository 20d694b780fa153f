import { originFor } from '#app/tenant/at.ts';
import { changePassword } from '#app/user/change-password.ts';
import { inviteUser } from '#app/user/invite.ts';
import { activateUser, deactivateUser, removeUser } from '#app/user/leave.ts';
import { accessOf, getUser, listUsers, type ShownUser, teamsOf } from '#app/user/list.ts';
import { registerUser } from '#app/user/register.ts';
import { isOwnRole, setUserRoles } from '#app/user/roles.ts';
import { wireDate } from '#contract/wire/date.ts';
import type { USER_OPERATIONS, UserRow } from '#contract/wire/user.ts';
import type { Caller } from '#domain/caller.ts';
import { parseId } from '#domain/id.ts';
import { parsePassword, presentedPassword } from '#domain/password.ts';
import { type PrincipalId, parseEmail } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Team, TeamId } from '#domain/team.ts';
import type { Api, Handlers } from '../handler.ts';
import { linkTo } from '../link.ts';
import { homeOf } from '../visited.ts';
import { permissionOf, resourceOf } from './permission.ts';

export const userHandlers: Handlers<typeof USER_OPERATIONS> = {
  wireListUsers: async (api, caller, { limit, offset, query, showInvalidUsers }) => {
    const page = { limit, offset, emailContains: query, isInactiveToo: showInvalidUsers === true };
    const { rows, total } = await listUsers(api, caller, page);
    return { data: rows.map((row) => rowOf(caller, row)), pagination: { total, offset, limit } };
  },
  wireRegisterUser: async (api, caller, { email, sendInviteEmail, skipIfUserExists, dryRun }) => {
    if (sendInviteEmail === true) throw noMail();
    const options = { skipIfExists: skipIfUserExists === true, dryRun: dryRun === true };
    await registerUser(api, caller, { email: parseEmail(email), ...options });
    return {};
  },
  wireInviteUser: async (api, caller, { email }) => {
    const code = await inviteUser(api, caller, parseEmail(email));
    return { link: linkTo(await originFor(api, homeOf(api.site), caller.tenant), '/invitation', code) };
  },
  wireUpdateUserRoles: async (api, caller, { email, roles, resourceType }) => {
    if (resourceType !== undefined && !TENANT_TYPES.has(resourceType)) throw notOnTenant();
    await setUserRoles(api, caller, parseEmail(email), roles);
    return {};
  },
  wireDeactivateUser: async (api, caller, { email, tenantName }) => {
    keepToTenant(caller, tenantName);
    await deactivateUser(api, caller, parseEmail(email));
    return {};
  },
  wireActivateUser: async (api, caller, { email, tenantName }) => {
    keepToTenant(caller, tenantName);
    await activateUser(api, caller, parseEmail(email));
    return {};
  },
  wireChangePassword: async (api, caller, { loginId, oldPassword, newPassword }) => {
    const given = { old: presentedPassword(oldPassword), wanted: parsePassword(newPassword) };
    await changePassword(api, caller, { email: parseEmail(loginId), ...given });
    return {};
  },
  wireGetUser: async (api, caller, { id }) => ({ data: rowOf(caller, await getUser(api, caller, parseId(id))) }),
  wireDeleteUser: async (api, caller, { id, tenantName, forceDelete }) => {
    keepToTenant(caller, tenantName);
    await removeUser(api, caller, { id: parseId(id), isForced: forceDelete === true });
    return {};
  },
  wireGetUserResources: (api, caller, { id }) => resources(api, caller, parseId(id)),
  wireGetUserResourcesX: (api, caller, { id }) => resources(api, caller, parseId(id)),
  wireGetUserPermissions: (api, caller, { id }) => permissions(api, caller, parseId(id)),
  wireGetUserPermissionsX: (api, caller, { id }) => permissions(api, caller, parseId(id)),
  wireGetUserTeams: (api, caller, { id }) => teams(api, caller, parseId(id)),
  wireGetUserTeamsX: (api, caller, { id }) => teams(api, caller, parseId(id)),
};

/** Some clients call the tenant their account. */
const TENANT_TYPES: ReadonlySet<string> = new Set(['tenant', 'account']);

async function resources(api: Api, caller: Caller, id: PrincipalId) {
  const { holdings, teams } = await accessOf(api, caller, id);
  return {
    data: holdings.map(({ role, resource }) => {
      const { resourceType, resourceId, resourceName } = resourceOf(caller, resource, teams);
      return { resourceType, resourceId, roleId: role.id, ...(resourceName === undefined ? {} : { resourceName }) };
    }),
  };
}

async function permissions(api: Api, caller: Caller, id: PrincipalId) {
  const { holdings, teams } = await accessOf(api, caller, id);
  return { data: holdings.map((holding) => permissionOf(caller, holding, teams)) };
}

async function teams(api: Api, caller: Caller, id: PrincipalId) {
  const all = await teamsOf(api, caller, id);
  const named = all.map(({ team, isMember, isManager }) => ({
    teamName: team.name,
    roles: [...(isMember ? ['member'] : []), ...(isManager ? ['manager'] : [])],
  }));
  return { data: named };
}

function rowOf({ tenant }: Caller, user: ShownUser): UserRow {
  const own = user.grants.filter(isOwnRole);
  return {
    ...{ id: user.id, email: user.name, tenantName: tenant.name },
    metadata: { displayName: user.name, imageURL: '', inviteAccepted: user.canSignIn, tenantRoleManagedBy: 'manual' },
    roles: [...new Set(own.map(({ roleName }) => roleName))].sort(),
    rolesWithResource: user.grants.map(({ role, roleName, resource }) => {
      const { resourceType, resourceId } = resourceOf({ tenant }, resource, NO_TEAMS);
      return { roleId: role, resourceType, resourceId, roleName };
    }),
    accounts: [{ accountId: tenant.id, name: tenant.name }],
    ...{ active: user.active, isEditable: true },
    ...{ createdAt: wireDate(user.createdAt), updatedAt: wireDate(user.updatedAt) },
    ...(user.lastUsedAt === undefined ? {} : { lastAccessedAt: wireDate(user.lastUsedAt) }),
  };
}
const NO_TEAMS: ReadonlyMap<TeamId, Team> = new Map();

/** Whoever names another tenant means people whom this one does not know. */
function keepToTenant({ tenant }: Caller, named: string | undefined): void {
  if (named === undefined || named === '' || named === tenant.name) return;
  throw new Refusal('invalid_request', `Your key is for the tenant ${tenant.name}. Leave tenantName out.`, {
    problems: [{ field: 'tenantName', problem: `must be ${tenant.name}` }],
  });
}

const notOnTenant = (): Refusal =>
  new Refusal('unprocessable', 'Resource type is not supported. Roles are given to users here on the tenant alone.', {
    problems: [{ field: 'resourceType', problem: 'must be tenant' }],
  });

/** 200 would say that somebody got a mail. */
const noMail = (): Refusal =>
  new Refusal(
    'unprocessable',
    'This server sends no e-mail yet. Register without sendInviteEmail, then ask POST /users/invite for a link.',
    { problems: [{ field: 'sendInviteEmail', problem: 'must be false or left out' }] },
  );
