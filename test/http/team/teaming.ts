import { newId } from '#app/new-id.ts';
import { onTenant } from '#domain/grant.ts';
import { parseId } from '#domain/id.ts';
import type { RoleId } from '#domain/role.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { World } from '#support/world.ts';
import { asking } from '../asked.ts';
import { post } from '../provoked.ts';

export const TEAMS = '/api/svc/v1/teams';
export const ABSENT = {
  status: 404,
  body: {
    ...{ statusCode: 404, code: 'not_found' },
    message: 'Team ID not found, or it is not for you. List teams first to find the correct ID.',
  },
};

/** A person’s requests about teams. */
export function teaming(world: Pick<World, 'send'>, token: Sensitive) {
  const { ask, whoami, list: tokens, ...others } = asking(world, token);
  const get = (path: string) => ask({ method: 'GET', path: `${TEAMS}${path}` });
  return {
    ...others,
    ...{ whoami, tokens },
    list: (query = '') => get(`/user${query}`),
    listAll: (query = '') => get(query),
    put: (manifest: object, also: object = {}) =>
      ask({ ...post(TEAMS, { manifest: { type: 'team', members: [], ...manifest }, ...also }), method: 'PUT' }),
    make: (body: object) => ask(post(TEAMS, body)),
    team: (id: string, query = '') => get(`/${id}${query}`),
    removeTeam: (id: string) => ask({ method: 'DELETE', path: `${TEAMS}/${id}` }),
    join: (id: string, body: object) => ask(post(`${TEAMS}/${id}/members`, body)),
    take: (id: string, subject: string) =>
      ask({ method: 'DELETE', path: `${TEAMS}/${id}/members/${encodeURIComponent(subject)}` }),
    removal: (id: string, query = '') => ask({ method: 'GET', path: `/api/v1/teams/${id}/removal${query}` }),
    setRoles: (email: string, ...roles: readonly string[]) =>
      ask({ ...post('/api/svc/v1/users/roles', { email, roles }), method: 'PATCH' }),
    roles: async () => (await whoami()).body.rights?.roles,
  };
}

/** A role on the whole tenant; to be given before anybody of the team asks, since nothing tells the memory of it. */
export const giveTeam = ({ deps, tenant }: World, team: string, role: RoleId) =>
  deps.store.transact((tx) => tx.grants.add(tenant.id, onTenant(newId(deps), parseId<'Team'>(team), role)));
