import { expect } from 'vitest';
import { ADMIN_EMAIL, ADMIN_PASSWORD, type Served } from '#support/process.ts';
import type { Answer } from '#support/world.ts';
import { type Act, act, byAdmin, cookieOf, nothing, preparedBy, register, signIn, standingOfSession } from './act.ts';
import { adminToken } from './base.ts';
import { clientOf, standingOf } from './client.ts';
import { rowsIn } from './database.ts';

/* Acts by which people, teams and roles change, and each of which writes many rows. */

const LEAVER = 'leaver@example.com';
const NEW_PASSWORD = 'another correct horse battery';
const SVC = '/api/svc/v1';

/** Answered, and what with. */
async function done<Data>(answer: Promise<Answer>): Promise<Data> {
  const { status, text } = await answer;
  expect({ status, text }).toMatchObject({ status: 200 });
  return (JSON.parse(text) as { data: Data }).data;
}

const makeTeam = (served: Served, data: string) =>
  done<{ id: string }>(byAdmin(served, data, 'POST', `${SVC}/teams`, { name: 'ops' }));
const give = (served: Served, data: string, subject: string, roleId: string) =>
  byAdmin(served, data, 'POST', `${SVC}/collaborators`, {
    ...{ resourceType: 'tenant', resourceId: 'default', subject, roleId },
  });
const makeRole = (served: Served, data: string) =>
  byAdmin(served, data, 'POST', `${SVC}/roles`, {
    ...{ name: 'deployer', resourceType: 'tenant', permissions: ['metrics:Read', 'team:ReadTeam'] },
  });
const idOf = (data: string, email: string): string =>
  String((rowsIn(data, `select id from principal where name = '${email}'`)[0] as { id: string }).id);

const GRANTS_BESIDES = `select subject, role from role_grant
  where role not in ('tenant-admin', 'tenant-member') order by role`;
const TEAM = `select (select count(*) from team) as teams, (select count(*) from team_member) as members,
  (select count(*) from role_grant where subject in (select team from team_member)) as grants,
  (select count(*) from personal_access_token where team is not null) as tokens`;
const BELONG = `select t.description, m.member, m.manager from team t
  join team_member m on m.team = t.id join principal p on p.id = m.principal order by p.name`;

/** A user with a token, whose end is nowhere but in what the leaver loses. */
async function leaverIn(served: Served, data: string): Promise<string> {
  return clientOf(served, adminToken(data)).createFor(LEAVER, 'kept');
}

export function rightsActs(copy: () => Promise<string>) {
  const withLeaver = () => preparedBy(copy, (served, data) => register(served, data, LEAVER));
  const withRoleHeld = () =>
    preparedBy(copy, async (served, data) => {
      await done(makeRole(served, data));
      await done(give(served, data, 'team:everyone', 'deployer'));
    });
  return {
    'team:CreateTeam': act({
      data: copy,
      arrange: nothing,
      act: (served, _, data) => makeTeam(served, data),
      standing: async (_served, _, data) => rowsIn(data, TEAM),
      before: [{ teams: 0, members: 0, grants: 0, tokens: 0 }],
      after: [{ teams: 1, members: 1, grants: 0, tokens: 0 }],
    }),
    'team:ManageTeam': act({
      data: withLeaver,
      arrange: makeTeam,
      act: (served, _, data) => {
        const people = { members: [ADMIN_EMAIL, LEAVER], managers: [LEAVER] };
        const manifest = { type: 'team', name: 'ops', description: 'new', ...people };
        return byAdmin(served, data, 'PUT', `${SVC}/teams`, { manifest });
      },
      standing: async (_served, _, data) => rowsIn(data, BELONG),
      before: [{ description: '', member: 0, manager: 1 }],
      after: [
        { description: 'new', member: 1, manager: 0 },
        { description: 'new', member: 1, manager: 1 },
      ],
    }),
    'team:DeleteTeam': act({
      data: copy,
      arrange: async (served, data) => {
        const { id } = await makeTeam(served, data);
        await done(give(served, data, 'team:ops', 'metrics-reader'));
        await done(byAdmin(served, data, 'POST', `${SVC}/personal-access-tokens`, { name: 'theirs', teamName: 'ops' }));
        return id;
      },
      act: (served, id, data) => byAdmin(served, data, 'DELETE', `${SVC}/teams/${id}`),
      standing: async (_served, _, data) => rowsIn(data, TEAM),
      before: [{ teams: 1, members: 1, grants: 1, tokens: 1 }],
      after: [{ teams: 0, members: 0, grants: 0, tokens: 0 }],
    }),
    'role:ManageRoles by making one': act({
      data: copy,
      arrange: nothing,
      act: (served, _, data) => makeRole(served, data),
      standing: async (_served, _, data) => rowsIn(data, 'select name, permissions from role'),
      before: [],
      after: [{ name: 'deployer', permissions: '["metrics:Read","team:ReadTeam"]' }],
    }),
    'role:ManageRoles by removing one': act({
      data: withRoleHeld,
      arrange: async (_served, data) =>
        (rowsIn(data, 'select id from role') as readonly { id: string }[]).map(({ id }) => id)[0],
      act: (served, id, data) => byAdmin(served, data, 'DELETE', `${SVC}/roles/${id}`),
      standing: async (_served, _, data) => [
        rowsIn(data, 'select name from role'),
        rowsIn(data, GRANTS_BESIDES).length,
      ],
      before: [[{ name: 'deployer' }], 1],
      after: [[], 0],
    }),
    'tenant:AssignRole': act({
      data: copy,
      arrange: nothing,
      act: (served, _, data) => give(served, data, `user:${ADMIN_EMAIL}`, 'metrics-reader'),
      standing: async (_served, _, data) => rowsIn(data, GRANTS_BESIDES).length,
      before: 0,
      after: 1,
    }),
    'tenant:AssignRole by a binding': act({
      data: copy,
      arrange: nothing,
      act: (served, _, data) => {
        const subjects = [
          { type: 'user', name: ADMIN_EMAIL },
          { type: 'team', name: 'everyone' },
        ];
        const on = { resourceType: 'tenant', resourceFqn: 'default' };
        const permissions = [
          { ...on, role: 'metrics-reader' },
          { ...on, role: 'tenant-member' },
        ];
        const manifest = { type: 'role-binding', name: 'readers', subjects, permissions };
        return byAdmin(served, data, 'PUT', `${SVC}/role-bindings`, { manifest });
      },
      standing: async (_served, _, data) => [
        rowsIn(data, 'select name from role_binding'),
        rowsIn(data, 'select id from role_grant where binding is not null').length,
      ],
      before: [[], 0],
      after: [[{ name: 'readers' }], 4],
    }),
    'user:ManageUsers by deactivating': act({
      data: withLeaver,
      arrange: leaverIn,
      act: (served, _, data) => byAdmin(served, data, 'PATCH', `${SVC}/users/deactivate`, { email: LEAVER }),
      standing: async (served, token, data) => [
        await standingOf(served, token),
        rowsIn(
          data,
          `select active, end_reason from principal p join personal_access_token t on t.owner = p.id
          where p.name = '${LEAVER}'`,
        ),
      ],
      before: [200, [{ active: 1, end_reason: null }]],
      after: [401, [{ active: 0, end_reason: 'deactivated' }]],
    }),
    'user:ManageUsers by removing': act({
      data: withLeaver,
      arrange: leaverIn,
      act: (served, _, data) => byAdmin(served, data, 'DELETE', `${SVC}/users/${idOf(data, LEAVER)}`),
      /** Whoever registers by that address then is somebody else. */
      standing: async (served, token, data) => [
        await standingOf(served, token),
        rowsIn(data, 'select id from role_grant').length,
        (await register(served, data, LEAVER)).status,
      ],
      before: [200, 2, 409],
      after: [401, 1, 200],
    }),
    'user:ChangePassword': act({
      data: copy,
      arrange: async (served) => cookieOf(await signIn(served, ADMIN_EMAIL, ADMIN_PASSWORD)),
      act: (served, _, data) =>
        byAdmin(served, data, 'POST', `${SVC}/users/change-password`, {
          ...{ loginId: ADMIN_EMAIL, oldPassword: ADMIN_PASSWORD, newPassword: NEW_PASSWORD },
        }),
      standing: async (served, cookie) => [
        await standingOfSession(served, cookie),
        (await signIn(served, ADMIN_EMAIL, ADMIN_PASSWORD)).status,
        (await signIn(served, ADMIN_EMAIL, NEW_PASSWORD)).status,
      ],
      before: [200, 200, 401],
      after: [401, 401, 200],
    }),
  } as const satisfies Record<string, Act<unknown>>;
}
