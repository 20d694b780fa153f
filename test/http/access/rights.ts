import { compile, tenantWide } from '#domain/rights.ts';
import { type BuiltInRoleId, builtIn } from '#domain/role.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { World } from '#support/world.ts';
import { asking } from '../asked.ts';
import { post } from '../provoked.ts';

const WIRE = '/api/svc/v1';
const query = (asked: Readonly<Record<string, string>>) => new URLSearchParams(asked).toString();

/** Requests about rights, as short as a test can say them. */
export function askingOfRights(world: Pick<World, 'send'>, token: Sensitive) {
  const { ask } = asking(world, token);
  const get = (path: string) => ask({ method: 'GET', path });
  const put = (path: string, body: object) => ask({ ...post(path, body), method: 'PUT' });
  const remove = (path: string, body?: object) =>
    ask(body === undefined ? { method: 'DELETE', path } : { ...post(path, body), method: 'DELETE' });
  return {
    ...{ get, put, remove, post: (path: string, body: object) => ask(post(path, body)) },
    roles: (asked = '') => get(`${WIRE}/roles${asked}`),
    role: (id: string) => get(`${WIRE}/roles/${id}`),
    createRole: (name: string, permissions: readonly string[], more: object = {}) =>
      ask(post(`${WIRE}/roles`, { name, resourceType: 'tenant', permissions, ...more })),
    putRole: (name: string, permissions: readonly string[], more: object = {}) =>
      put(`${WIRE}/role`, { manifest: { type: 'role', name, resourceType: 'tenant', permissions, ...more } }),
    removeRole: (id: string) => remove(`${WIRE}/roles/${id}`),
    removal: (id: string) => get(`/api/v1/roles/${id}/removal`),
    collaborators: (resourceType: string, resourceId: string) =>
      get(`${WIRE}/collaborators?${query({ resourceType, resourceId })}`),
    collaborate: (subject: string, roleId: string, on: object = TENANT) =>
      ask(post(`${WIRE}/collaborators`, { ...on, subject, roleId })),
    uncollaborate: (subject: string, on: object = TENANT) => remove(`${WIRE}/collaborators`, { ...on, subject }),
    checkAccess: (subject: string, action: string, on: object = TENANT) =>
      ask(post(`${WIRE}/authorize/check-access`, { ...on, subject, action })),
    bind: (manifest: object, more: object = {}) => put(`${WIRE}/role-bindings`, { manifest, ...more }),
    bindings: () => get(`${WIRE}/role-bindings`),
    unbind: (id: string) => remove(`${WIRE}/role-bindings/${id}`),
    canI: async (action: string, resource?: string) =>
      (await get(`/api/v1/can-i?${query({ action, ...(resource && { resource }) })}`)).body.allowed,
    why: (asked: Readonly<Record<string, string>>) => get(`/api/v1/why?${query(asked)}`),
    grants: (asked: Readonly<Record<string, string>> = {}) => get(`/api/v1/grants?${query(asked)}`),
    grant: (subject: string, role: string, more: object = {}) =>
      ask(post('/api/v1/grants', { subject, role, ...more })),
    ungrant: (id: string) => remove(`/api/v1/grants/${id}`),
  };
}
export type Rights = ReturnType<typeof askingOfRights>;

export const TENANT = { resourceType: 'tenant', resourceId: 'default' };

/** Somebody of that name who asks, with a token from when they were a member, whatever they are now. */
export async function somebody(world: World, name: string, ...roles: readonly BuiltInRoleId[]) {
  const caller = await world.user(name, ...roles);
  const token = await world.pat({ ...caller, rights: compile(tenantWide(builtIn('tenant-member'))) }, 'first');
  return { caller, token, subject: `user:${caller.principal.name}`, ...askingOfRights(world, token) };
}
