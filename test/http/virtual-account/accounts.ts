import { Sensitive } from '#domain/sensitive.ts';
import type { World } from '#support/world.ts';
import { asking } from '../asked.ts';
import { post } from '../provoked.ts';
import { teaming } from '../team/teaming.ts';

export const ACCOUNTS = '/api/svc/v1/virtual-accounts';
export const OWN_ACCOUNTS = '/api/v1/virtual-accounts';
export const RULES = '/api/v1/settings/virtual-accounts';
export const ABSENT = {
  status: 404,
  body: {
    ...{ statusCode: 404, code: 'not_found' },
    message: 'Virtual account ID not found, or it is not for you. List virtual accounts first to find the correct ID.',
  },
};
export const DAY_MS = 24 * 60 * 60 * 1000;
export const ON_TENANT = { resource_fqn: 'default', resource_type: 'tenant', role_id: 'metrics-reader' };

/** Somebody’s requests about virtual accounts. */
export function accounting(world: Pick<World, 'send'>, token: Sensitive) {
  const { ask } = asking(world, token);
  const others = teaming(world, token);
  const get = (path: string) => ask({ method: 'GET', path });
  const wire = (rest: string) => `${ACCOUNTS}${rest}`;
  const own = (rest: string) => `${OWN_ACCOUNTS}${rest}`;
  return {
    ...others,
    ask,
    teaming: others.put,
    accounts: (query = '') => get(wire(query)),
    put: (manifest: object, also: object = {}) =>
      ask({ ...post(ACCOUNTS, { manifest: { type: 'virtual-account', ...manifest }, ...also }), method: 'PUT' }),
    account: (id: string) => get(wire(`/${id}`)),
    exists: (name: string) => get(wire(`/exists?name=${name}`)),
    remove: (id: string) => ask({ method: 'DELETE', path: wire(`/${id}`) }),
    read: (id: string) => get(wire(`/${id}/token`)),
    regenerate: (id: string, body: object) => ask(post(wire(`/${id}/regenerate-token`), body)),
    end: (id: string, jwt: string) => ask({ method: 'DELETE', path: wire(`/${id}/jwt/${jwt}`) }),
    sync: (id: string, query = '') => ask({ method: 'POST', path: wire(`/${id}/sync-to-secret-store${query}`) }),
    ownAccounts: (query = '') => get(own(query)),
    ownMake: (body: object) => ask(post(OWN_ACCOUNTS, body)),
    ownAccount: (id: string) => get(own(`/${id}`)),
    ownPut: (id: string, body: object, seen: string | undefined) => {
      const sent = post(own(`/${id}`), body);
      const headers = { ...sent.headers, ...(seen === undefined ? {} : { 'if-match': seen }) };
      return ask({ ...sent, method: 'PUT', headers });
    },
    ownRemove: (id: string) => ask({ method: 'DELETE', path: own(`/${id}`) }),
    ownRegenerate: (id: string, graceMinutes: number) => ask(post(own(`/${id}/regenerate`), { graceMinutes })),
    ownRead: (id: string) => get(own(`/${id}/token`)),
    ownEnd: (id: string, value: string) => ask({ method: 'DELETE', path: own(`/${id}/values/${value}`) }),
    turn: (id: string, which: 'freeze' | 'thaw') => ask({ method: 'POST', path: own(`/${id}/${which}`) }),
    rules: () => get(RULES),
    putRules: (body: object) => ask({ ...post(RULES, body), method: 'PUT' }),
  };
}

/** As an account itself asks. */
export const as = (world: Pick<World, 'send'>, value: string) => accounting(world, new Sensitive(value));
