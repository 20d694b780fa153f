import { afterAll, beforeAll, expect, test } from 'vitest';
import { ASK_AGAIN_MS } from '#app/identity-provider/key-sets.ts';
import type { ProviderInput } from '#domain/identity-provider.ts';
import { needing } from '#support/parts.ts';
import { accepting } from './accepting.ts';
import { type Keycloak, startKeycloak } from './keycloak.ts';

/** Of `npm run test:full`: a server that companies run, as it is configured there. */
let keycloak: Keycloak;
beforeAll(async () => {
  keycloak = await startKeycloak();
}, 510_000);
afterAll(() => keycloak?.stop(), 60_000);

const SVC = { client_id: 'svc', client_secret: 's3cret' };
const byItself = (client = 'svc') => keycloak.token({ ...SVC, client_id: client, grant_type: 'client_credentials' });
const forAnn = () =>
  keycloak.token({ ...SVC, grant_type: 'password', username: 'ann', password: 'pw', scope: 'openid' });
const against = (more: Partial<ProviderInput> = {}) =>
  accepting(keycloak.jwksUri, { issuer: keycloak.issuer, subjectClaim: 'azp', emailClaim: 'email', ...more });

test(needing('keycloak', 'the token of a service is accepted, with what it says within'), async () => {
  const { access_token } = await byItself();
  expect(await against({ teamClaim: 'realm_access/roles' }).verified(access_token)).toMatchObject({
    ...{ ok: true, subject: 'svc', email: undefined, teams: expect.arrayContaining(['default-roles-ci']) },
  });
});

test(needing('keycloak', 'the token of a person has their address'), async () => {
  const { access_token } = await forAnn();
  expect(await against().verified(access_token)).toMatchObject({ ok: true, email: 'ann@example.com' });
});

test(needing('keycloak', 'what it issues for something else is refused'), async () => {
  const { refresh_token = '', id_token = '' } = await forAnn();
  const { access_token } = await byItself('plain');
  const { verified } = against();
  expect(await verified(refresh_token)).toMatchObject({ ok: false, reason: 'algorithm_refused' }); // HS512
  expect(await verified(id_token)).toMatchObject({ ok: false, reason: 'audience_other' });
  expect(await verified(access_token)).toMatchObject({ ok: false, reason: 'audience_other' });
  expect(
    await against({ issuer: 'https://idp.example/realms/master' }).verified((await byItself()).access_token),
  ).toMatchObject({
    ...{ ok: false, reason: 'issuer_other' },
  });
});

test(needing('keycloak', 'its new key is followed'), async () => {
  const { verified, clock } = against();
  expect(await verified((await byItself()).access_token)).toMatchObject({ ok: true });
  await keycloak.addKey();
  const { access_token } = await byItself();
  expect(await verified(access_token)).toMatchObject({ ok: false, reason: 'key_unknown' });
  clock.advance(ASK_AGAIN_MS);
  expect(await verified(access_token)).toMatchObject({ ok: true });
});
