import type { ErrorCode } from '#domain/refusal.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { type Answer, JSON_TYPE, openWorld, type Sent, type World } from '#support/world.ts';
import { answerIn, exchanged, rawSocket, saidOn } from './raw-socket.ts';

export const PATS = '/api/svc/v1/personal-access-tokens';
export const OWN_TOKENS = '/api/v1/tokens';
export const FROM_HERE = { ...JSON_TYPE, 'sec-fetch-site': 'same-origin' } as const;

/** One way to get each code out of the server. A code that is missing here does not compile. */
export const PROVOKED: Readonly<Record<ErrorCode, () => Promise<Answer>>> = {
  invalid_request: () => asMember({ method: 'GET', path: `${PATS}?limit=0` }),
  unauthenticated: () => asMember({ method: 'GET', path: PATS, token: new Sensitive('tfy_pat_no') }),
  forbidden: () => asMember({ ...post('/api/svc/v1/users/register', { email: 'bob@example.com' }) }),
  not_found: () => asMember({ method: 'DELETE', path: `${PATS}/a00000000000000000000000` }),
  method_not_allowed: () => asMember({ method: 'PUT', path: PATS }),
  request_timeout: async () => {
    const { origin } = await openWorld({ requestMsMax: 200 });
    const socket = await rawSocket(origin);
    const said = saidOn(socket);
    socket.write('GET /health HTTP/1.1\r\nhost: x\r\n'); // and no more
    return answerIn(await said);
  },
  conflict: () => asMember(post(PATS, { name: 'first' })),
  precondition_failed: async () => {
    const world = await openWorld();
    const { token } = await world.person('admin', 'tenant-admin');
    const made = await world.send({ ...post('/api/v1/virtual-accounts', { name: 'ci-gateway' }), token });
    const seen = { ...JSON_TYPE, 'if-match': '"99"' };
    const path = `/api/v1/virtual-accounts/${JSON.parse(made.text).account.id}`;
    return world.send({ method: 'PUT', path, headers: seen, body: '{"name":"ci-gateway"}', token });
  },
  too_large: () => asMember(post(PATS, { name: 'x'.repeat(70_000) })),
  unsupported_media_type: () => asMember({ ...post(PATS, {}), headers: { 'content-type': 'text/plain' } }),
  misdirected: async () => {
    const world = await openWorld();
    return world.send({ method: 'GET', path: '/api/svc/v1/tenant-id', headers: { host: 'elsewhere.example' } });
  },
  unprocessable: async () => {
    const world = await openWorld();
    const { token } = await world.person('admin', 'tenant-admin');
    const body = { email: 'bob@example.com', sendInviteEmail: true };
    return world.send({ ...post('/api/svc/v1/users/register', body), token });
  },
  rate_limited: async () => {
    const world = await openWorld();
    const body = { email: 'alice@example.com', password: 'wrong, and again' };
    const attempt = () => world.send({ ...post('/auth/sign-in', body), headers: FROM_HERE });
    await Promise.all(Array.from({ length: 10 }, attempt));
    return attempt();
  },
  headers_too_large: async () => {
    const { origin } = await openWorld();
    return exchanged(origin, `GET /health HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(17_000)}\r\n\r\n`);
  },
  internal: async () => {
    const world = await openWorld();
    const { token } = await world.person('alice', 'tenant-member');
    await world.tamper(`update personal_access_token set name = 'stolen'`);
    return world.send({ method: 'GET', path: PATS, token });
  },
  unavailable: async () => {
    const world = await openWorld();
    const { token } = await world.person('alice', 'tenant-member');
    await world.deps.store.close();
    return world.send({ method: 'GET', path: PATS, token });
  },
};

async function asMember(sent: Sent): Promise<Answer> {
  const world: World = await openWorld();
  const { token } = await world.person('alice', 'tenant-member');
  return world.send({ token, ...sent });
}

export const post = (path: string, body: object) =>
  ({ method: 'POST', path, headers: JSON_TYPE, body: JSON.stringify(body) }) as const;
