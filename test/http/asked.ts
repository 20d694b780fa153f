import type { Sensitive } from '#domain/sensitive.ts';
import { Sensitive as SensitiveText } from '#domain/sensitive.ts';
import type { Answer, Sent, World } from '#support/world.ts';
import { FROM_HERE, OWN_TOKENS, PATS, post } from './provoked.ts';

/** What an answer says, without what every answer says. */
export type Said = { readonly status: number; readonly body: ReturnType<typeof JSON.parse> };
export const saidIn = ({ status, text }: Answer): Said => ({ status, body: JSON.parse(text) });

type Headers = Readonly<Record<string, string>>;
export const SETTINGS = '/api/v1/settings/tokens';
/** Every setting, each as it is where nothing is limited. */
export const NO_LIMITS = {
  ...{ ageDaysMax: null, countMax: null, lifeDaysDefault: null, idleDaysMax: null },
  ...{ formatDefault: 'opaque', sessionOnly: false },
} as const;
const sentWith = (headers: Headers, sent: Sent): Sent => ({ ...sent, headers: { ...sent.headers, ...headers } });

/** A person’s requests, as short as a test can say them. */
export function asking(world: Pick<World, 'send'>, token: Sensitive) {
  const ask = async (sent: Sent): Promise<Said> => saidIn(await world.send({ token, ...sent }));
  return {
    ask,
    create: (body: object, headers: Headers = {}) => ask(sentWith(headers, post(PATS, body))),
    list: (query = '') => ask({ method: 'GET', path: `${PATS}${query}` }),
    getOrCreate: (name: string, query = '') => ask({ method: 'GET', path: `${PATS}/${name}${query}` }),
    remove: (id: string) => ask({ method: 'DELETE', path: `${PATS}/${id}` }),
    revokeAll: (email: string) => ask({ ...post(`${PATS}/revoke/all`, { email }), method: 'DELETE' }),
    createFor: (body: object, headers: Headers = {}) => ask(sentWith(headers, post(`${PATS}/for-user`, body))),
    ownList: (query = '') => ask({ method: 'GET', path: `${OWN_TOKENS}${query}` }),
    ownCreate: (body: object, headers: Headers = {}) => ask(sentWith(headers, post(OWN_TOKENS, body))),
    ownGet: (id: string) => ask({ method: 'GET', path: `${OWN_TOKENS}/${id}` }),
    ownRename: (id: string, name: unknown) => ask({ ...post(`${OWN_TOKENS}/${id}`, { name }), method: 'PATCH' }),
    ownRevoke: (id: string, body: object = {}) => ask(post(`${OWN_TOKENS}/${id}/revoke`, body)),
    settings: () => ask({ method: 'GET', path: SETTINGS }),
    /** These, and no other limit. */
    putSettings: (some: object) => ask(puttingSettings(some)),
    register: (body: object) => ask(post('/api/svc/v1/users/register', body)),
    invite: (email: string) =>
      ask(post('/api/svc/v1/users/invite', { email, acceptInviteClientUrl: 'https://x.example/accept' })),
    whoami: () => ask({ method: 'GET', path: '/api/v1/whoami' }),
  };
}

export const puttingSettings = (some: object) => ({ ...post(SETTINGS, { ...NO_LIMITS, ...some }), method: 'PUT' });

/** Whether a value is accepted, by asking with it. */
export const statusOf = async (world: Pick<World, 'send'>, value: string): Promise<number> =>
  (await world.send({ method: 'GET', path: '/api/v1/whoami', token: new SensitiveText(value) })).status;

/** The one row of this name. */
export async function rowNamed(list: (query: string) => Promise<Said>, name: string) {
  const { body } = await list(`?limit=1000&nameSearchQuery=${name}`);
  return body.data.find((row: { name: string }) => row.name === name);
}

/** A form of our pages. */
export const form = (path: string, body: object): Sent => ({ ...post(path, body), headers: FROM_HERE });

/** What a browser would send back of the cookie it was given. */
export function cookieIn({ headers }: Answer): string {
  const [cookie = ''] = [headers['set-cookie'] ?? ''].flat();
  return cookie.split(';')[0] ?? '';
}
