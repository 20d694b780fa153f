import { describe, expect, onTestFinished, test } from 'vitest';
import { ASK_AGAIN_MS } from '#app/identity-provider/key-sets.ts';
import { accepting } from './accepting.ts';
import { granted, mockServer } from './issuers.ts';

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
