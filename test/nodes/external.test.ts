import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { REVOCATION_BOUND_MS } from '#domain/revocation.ts';
import { ownPostgres } from '#support/postgres.ts';
import { listening } from '../egress/listening.ts';
import { ask, isPostgresHere, type Node, needingPostgres, nodesOn, placeOn, standingAt } from './nodes.ts';

const [ISSUER, AUDIENCE] = ['https://issuer.example', 'https://countersign.example'];
const [ACCEPTED, REFUSED] = [200, 401];
const SVC = '/api/svc/v1';
const PROVIDERS = '/api/v1/identity-providers';
const EMAIL = 'bob@example.com';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEYS = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] });

/** Each is another text, so that none is another’s in anybody’s memory. */
function tokenOf(claims: object): string {
  const now = Math.floor(Date.now() / 1000);
  const said = { iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + 600, jti: String(Math.random()), ...claims };
  const parts = [{ alg: 'ES256', kid: 'one' }, said];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** Two nodes that may ask an issuer on this machine, and what their administrator does at the first. */
async function opened() {
  const { port } = await listening(createServer((_, answer) => void answer.end(KEYS)));
  const env = { COUNTERSIGN_EGRESS_ALLOW: `127.0.0.1:${port}` };
  const { nodes, token } = await nodesOn(await placeOn(await ownPostgres({ fsync: false })), 2, env);
  const [here, there] = nodes as [Node, Node];
  const done = async (method: string, path: string, body?: object) => {
    const { status, words } = await ask(here, { token, method, path, ...(body === undefined ? {} : { body }) });
    expect({ status, words }).toMatchObject({ status: 200 });
    return JSON.parse(words);
  };
  const said = { name: 'builds', issuer: ISSUER, audiences: [AUDIENCE], jwksUri: `http://127.0.0.1:${port}/keys` };
  const rules = { ...said, algorithms: ['ES256'], emailClaim: 'email' };
  const { provider } = await done('POST', PROVIDERS, rules);
  await done('POST', `${SVC}/users/register`, { email: EMAIL });
  const manifest = { type: 'virtual-account', name: 'builder', ownedBy: null };
  const mapped = { ...manifest, identity_provider_mapping: [{ identity_provider: 'builds', value: 'svc' }] };
  const { data } = await done('PUT', `${SVC}/virtual-accounts`, { manifest: mapped });
  const undo = () => done('PUT', `${SVC}/virtual-accounts`, { manifest: mapped });
  return { here, there, done, rules, manifest, provider: `${PROVIDERS}/${provider.id}`, account: data.id, undo };
}
type Opened = Awaited<ReturnType<typeof opened>>;

const CHANGES: readonly (readonly [
  what: string,
  claims: object,
  act: (world: Opened) => Promise<unknown>,
  undo: (world: Opened) => Promise<unknown>,
])[] = [
  [
    'a mapping is taken away',
    { sub: 'svc' },
    ({ done, manifest }) => done('PUT', `${SVC}/virtual-accounts`, { manifest }),
    ({ undo }) => undo(),
  ],
  [
    'the account is frozen',
    { sub: 'svc' },
    ({ done, account }) => done('POST', `/api/v1/virtual-accounts/${account}/freeze`),
    ({ done, account }) => done('POST', `/api/v1/virtual-accounts/${account}/thaw`),
  ],
  [
    'the provider is disabled',
    { sub: 'svc' },
    ({ done, provider, rules }) => done('PUT', provider, { ...rules, enabled: false }),
    ({ done, provider, rules }) => done('PUT', provider, rules),
  ],
  [
    'the user is deactivated',
    { sub: 'x', email: EMAIL },
    ({ done }) => done('PATCH', `${SVC}/users/deactivate`, { email: EMAIL }),
    ({ done }) => done('PATCH', `${SVC}/users/activate`, { email: EMAIL }),
  ],
  [
    'the provider is removed',
    { sub: 'svc' },
    ({ done, provider }) => done('DELETE', `${provider}?force=true`),
    async () => {},
  ],
];

describe.skipIf(!isPostgresHere)(
  needingPostgres('a token of an identity provider that two nodes have lately accepted'),
  () => {
    test(`is refused by both within the bound after ${CHANGES.map(([what]) => what).join('; ')} (I3)`, {
      timeout: 300_000,
    }, async () => {
      const world = await opened();
      const lags: string[] = [];
      for (const [what, claims, act, undo] of CHANGES) {
        const token = tokenOf(claims);
        const standing = () => Promise.all([world.here, world.there].map((node) => standingAt(node, token)));
        expect([what, await standing(), await standing()]).toEqual([what, [ACCEPTED, ACCEPTED], [ACCEPTED, ACCEPTED]]);
        await act(world);
        const since = performance.now();
        expect([what, await standingAt(world.here, token)]).toEqual([what, REFUSED]);
        while ((await standingAt(world.there, token)) !== REFUSED)
          expect(performance.now() - since, what).toBeLessThan(REVOCATION_BOUND_MS);
        lags.push(`${what}: ${Math.round(performance.now() - since)} ms`);
        await undo(world);
      }
      console.log(lags.join('\n'));
    });
  },
);
