import type { Sensitive } from '#domain/sensitive.ts';
import type { World } from '#support/world.ts';
import { asking } from '../asked.ts';
import { post } from '../provoked.ts';

export const USERS = '/api/svc/v1/users';

/** What somebody asks about people, as short as a test can say it. */
export function askingOfPeople(world: Pick<World, 'send'>, token: Sensitive) {
  const { ask, ...rest } = asking(world, token);
  const patch = (path: string, body: object) => ask({ ...post(`${USERS}/${path}`, body), method: 'PATCH' });
  return {
    ...rest,
    ask,
    users: (query = '') => ask({ method: 'GET', path: `${USERS}${query}` }),
    user: (id: string, part = '') => ask({ method: 'GET', path: `${USERS}/${id}${part}` }),
    setRoles: (email: string, ...roles: readonly string[]) => patch('roles', { email, roles }),
    deactivate: (email: string) => patch('deactivate', { email }),
    activate: (email: string) => patch('activate', { email }),
    removeUser: (id: string, query = '') => ask({ method: 'DELETE', path: `${USERS}/${id}${query}` }),
    revokeTokensOf: (id: string, query = '') => ask({ method: 'DELETE', path: `/api/v1/users/${id}/tokens${query}` }),
    changePassword: (body: object) => ask(post(`${USERS}/change-password`, body)),
  };
}
