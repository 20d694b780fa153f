import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { OAuth2Server } from 'oauth2-mock-server';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ASK_AGAIN_MS, KeySets } from '#app/identity-provider/key-sets.ts';
import { verifyExternalJwt } from '#crypto/external-jwt.ts';
import { type ProviderInput, parseProvider } from '#domain/identity-provider.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { fixedClock } from '#support/fixed.ts';
import { listening, outboundHere } from './listening.ts';
import { oidcProvider } from './oidc-provider.ts';

const ID = 'a'.repeat(24) as never;

/** What is made of the tokens of a real issuer, by keys fetched from it as it publishes them. */
function accepting(jwksUri: string, provider: Partial<ProviderInput>) {
  const clock = fixedClock(Date.now());
  const rules = parseProvider({
    ...{ name: 'real', issuer: 'https://issuer.example', audiences: ['https://countersign.example'], jwksUri },
    ...provider,
  });
  const keys = new KeySets(outboundHere(), clock).of({ id: ID, keys: rules.keys });
  const verified = (token: string) =>
    verifyExternalJwt(new Sensitive(token), { rules, keys, ours: new Set(), now: clock.now() });
  return { verified, clock };
}

type Shape = {
  readonly shape: string;
  readonly iss: string;
  readonly aud: string | readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  readonly subjectClaim: string;
  readonly subject: string;
};
const SHAPES: readonly Shape[] = [
  {
    shape: 'GitHub',
    iss: 'https://token.actions.githubusercontent.com',
    aud: 'https://github.com/octo-org',
    claims: {
      sub: 'repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main',
      ...{
        repository: 'octo-org/octo-repo',
        repository_id: '456789',
        job_workflow_ref: 'octo-org/x/.github/w.yml@main',
      },
    },
    subjectClaim: 'repository_id',
    subject: '456789',
  },
  {
    shape: 'GitLab',
    iss: 'https://gitlab.example',
    aud: 'https://countersign.example',
    claims: { sub: 'project_path:acme/app:ref_type:branch:ref:main', project_id: '22', ref_protected: 'true' },
    subjectClaim: 'project_id',
    subject: '22',
  },
  {
    shape: 'Kubernetes',
    iss: 'https://kubernetes.default.svc.cluster.local',
    aud: ['https://countersign.example'],
    claims: {
      sub: 'system:serviceaccount:ci:builder',
      'kubernetes.io': { namespace: 'ci', serviceaccount: { name: 'builder', uid: 'v' } },
    },
    subjectClaim: 'kubernetes.io/serviceaccount/name',
    subject: 'builder',
  },
];

async function mockServer(alg = 'RS256') {
  const server = new OAuth2Server();
  await server.issuer.keys.generate(alg);
  await server.start(0, '127.0.0.1');
  onTestFinished(() => server.stop());
  const jwksUri = `http://127.0.0.1:${server.address().port}/jwks`;
  const token = (claims: object, header: object = {}) =>
    server.issuer.buildToken({
      scopesOrTransform: (ownHeader, payload) => {
        Object.assign(ownHeader, header);
        Object.assign(
          payload,
          { iss: 'https://issuer.example', aud: 'https://countersign.example', sub: 'svc' },
          claims,
        );
      },
    });
  return { server, jwksUri, token };
}

describe('oauth2-mock-server', () => {
  test.each(SHAPES)(
    'its token in the shape of $shape is accepted',
    async ({ iss, aud, claims, subjectClaim, subject }) => {
      const { jwksUri, token } = await mockServer();
      const audiences = [aud].flat() as readonly string[];
      const { verified } = accepting(jwksUri, { issuer: iss, audiences, subjectClaim });
      expect(await verified(await token({ iss, aud, ...claims }))).toMatchObject({ ok: true, subject });
    },
  );

  test.each(['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'])('its %s is ours', async (alg) => {
    const { jwksUri, token } = await mockServer(alg);
    const { verified } = accepting(jwksUri, { algorithms: [alg] });
    expect(await verified(await token({}))).toMatchObject({ ok: true, subject: 'svc' });
  });

  test.each<[what: string, claims: object, header: object, reason: string]>([
    ['for somebody else', { aud: 'https://other.example' }, {}, 'audience_other'],
    ['of another issuer', { iss: 'https://evil.example' }, {}, 'issuer_other'],
    ['that has expired', { iat: 1, nbf: 1, exp: 2 }, {}, 'expired'],
    ['without an end', { exp: undefined }, {}, 'expiry_missing'],
    ['without a beginning', { iat: undefined }, {}, 'issue_missing'],
    ['of tomorrow', { iat: 9_000_000_000, exp: 9_000_000_600 }, {}, 'issued_later'],
    ['without a subject', { sub: undefined }, {}, 'subject_missing'],
    ['of a key that is not there', {}, { kid: 'forged' }, 'key_unknown'],
    ['that says another type', {}, { typ: 'logout+jwt' }, 'type_other'],
  ])('its token %s is refused', async (_, claims, header, reason) => {
    const { jwksUri, token } = await mockServer();
    const { verified } = accepting(jwksUri, {});
    expect(await verified(await token(claims, header))).toMatchObject({ ok: false, reason });
  });

  test('its new key is followed', async () => {
    const { server, jwksUri, token } = await mockServer();
    const { verified, clock } = accepting(jwksUri, {});
    expect(await verified(await token({}))).toMatchObject({ ok: true });
    const { kid } = await server.issuer.keys.generate('RS256');
    const signedAnew = await server.issuer.buildToken({
      kid,
      scopesOrTransform: (_, payload) =>
        Object.assign(payload, { iss: 'https://issuer.example', aud: 'https://countersign.example', sub: 'svc' }),
    });
    expect(await verified(signedAnew)).toMatchObject({ ok: false, reason: 'key_unknown' });
    clock.advance(ASK_AGAIN_MS);
    expect(await verified(signedAnew)).toMatchObject({ ok: true, subject: 'svc' });
  });

  test('gone, its keys are told to be out of reach', async () => {
    const { server, jwksUri, token } = await mockServer();
    const { verified } = accepting(jwksUri, {});
    const good = await token({});
    await server.stop();
    onTestFinished(async () => void (await server.start(0, '127.0.0.1'))); // for its own stop
    expect(await verified(good)).toMatchObject({ ok: false, reason: 'keys_unavailable', failure: 'unreachable' });
  });
});

describe('oidc-provider', () => {
  const CLIENT = { client_id: 'build-7', client_secret: 's3cret' };

  async function granted(alg: string, audience = 'https://countersign.example') {
    const pair = alg === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2_048 }) : ecPair();
    const jwk = { ...pair.privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: 'one' };
    const { port } = await listening(createServer(oidcProvider({ jwk, audience, client: CLIENT })));
    const answer = await fetch(`http://127.0.0.1:${port}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', ...CLIENT }),
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    return { token: access_token, jwksUri: `http://127.0.0.1:${port}/jwks` };
  }
  const ecPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

  test.each(['RS256', 'ES256'])('its access token by %s is accepted', async (alg) => {
    const { token, jwksUri } = await granted(alg);
    const { verified } = accepting(jwksUri, { subjectClaim: 'client_id' });
    expect(await verified(token)).toMatchObject({ ok: true, subject: 'build-7' });
  });

  test('its access token for another service is refused', async () => {
    const { token, jwksUri } = await granted('RS256', 'https://other.example');
    expect(await accepting(jwksUri, {}).verified(token)).toMatchObject({ ok: false, reason: 'audience_other' });
  });
});
