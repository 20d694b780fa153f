import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { instance } from '../clients/instance.ts';
import { countersign, pipeline } from './program.ts';

const server = await instance();
const env = pipeline(server);
const run = (...args: readonly string[]) => countersign(args, { env });
const json = async (...args: readonly string[]) => JSON.parse((await run(...args, '--json')).out);

const [ISSUER, AUDIENCE] = ['https://idp.example', 'https://countersign.example'];
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEYS = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] };

function fileOf(text: string): string {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, text);
  return file;
}

/** For the audience of the provider of this name: each has its own. */
function tokenOf(name: string, claims: object = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const said = { iss: ISSUER, aud: `${AUDIENCE}/${name}`, sub: 'build-7', iat: now, exp: now + 600, ...claims };
  const encoded = [{ alg: 'ES256', kid: 'one' }, said].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const input = encoded.join('.');
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

async function added(name: string, ...options: readonly string[]) {
  const where = ['--issuer', ISSUER, '--audience', `${AUDIENCE}/${name}`, '--jwks-file', fileOf(JSON.stringify(KEYS))];
  const outcome = await run('idp', 'add', name, ...where, ...options);
  expect(outcome).toMatchObject({ code: 0, err: '' });
  return outcome.out;
}

describe('an identity provider', () => {
  test('is added as it is wished, shown, and told apart in a list', async () => {
    const out = await added('ci-builds', '--algorithms', 'ES256,RS256', '--subject-claim', 'sub', '--lifetime', '3600');
    expect(out).toMatch(/^Keys: +1 uploaded$/m);
    expect(out).toMatch(/^Lifetime at most: +3600 s$/m);
    expect((await run('idp', 'list')).out).toMatch(/^\| ci-builds +\| \w{24} \| enabled \| https:\/\/idp\.example \|/m);
    const provider = await json('idp', 'get', 'ci-builds');
    expect(provider).toMatchObject({ algorithms: ['RS256', 'ES256'], clockSkewSeconds: 60, jwksUri: null });
    expect((await json('idp', 'get', provider.id)).name).toBe('ci-builds');
  });

  test.each<[what: string, args: readonly string[], told: RegExp]>([
    ['no issuer', ['--audience', 'x', '--jwks-uri', 'https://x'], /--issuer/],
    ['no audience', ['--issuer', ISSUER, '--jwks-uri', 'https://x'], /--audience/],
    ['no keys', ['--issuer', ISSUER, '--audience', 'x'], /--jwks-uri/],
    [
      'keys both ways',
      ['--issuer', ISSUER, '--audience', 'x', '--jwks-uri', 'https://x', '--jwks-file', 'y'],
      /not both/,
    ],
    [
      'an algorithm that is none',
      ['--issuer', ISSUER, '--audience', 'x', '--jwks-uri', 'https://x', '--algorithms', 'HS256'],
      /--algorithms/,
    ],
    [
      'a time that is none',
      ['--issuer', ISSUER, '--audience', 'x', '--jwks-uri', 'https://x', '--lifetime', '1h'],
      /--lifetime/,
    ],
  ])('is not added by %s, before anybody is asked', async (_, args, told) => {
    expect(await run('idp', 'add', 'ci-nothing', ...args)).toMatchObject({ code: 2, err: expect.stringMatching(told) });
  });

  test('explains a token that is read from standard input or a file, and never says it again', async () => {
    await added('explains', '--algorithms', 'ES256');
    const manifest = { type: 'virtual-account', name: 'cli-builder' };
    const mapping = [{ identity_provider: 'explains', value: 'build-7' }];
    const permissions = [{ resource_type: 'tenant', resource_fqn: 'default', role_id: 'metrics-reader' }];
    const answer = await fetch(`${server.origin}/api/svc/v1/virtual-accounts`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${server.token.reveal()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ manifest: { ...manifest, permissions, identity_provider_mapping: mapping } }),
    });
    expect(answer.status).toBe(200);
    const token = tokenOf('explains');
    const good = await countersign(['idp', 'test', 'explains'], { env, input: `${token}\n` });
    expect(good).toMatchObject({ code: 0, out: expect.stringMatching(/^Accepted, as cli-builder\.$/m), err: '' });
    const expired = tokenOf('explains', { iat: 1, exp: 2 });
    const bad = await run('idp', 'test', 'explains', '--token-file', fileOf(expired));
    expect(bad).toMatchObject({ code: 1, out: expect.stringMatching(/^failed {2}expiry: It has expired\.$/m) });
    expect(good.out + bad.out + bad.err).not.toMatch(/eyJ|build-7/);
    expect(await run('idp', 'test', 'explains', '--token', token)).toMatchObject({ code: 2 });
  });

  test('is disabled and enabled with all else as it was', async () => {
    await added('turned', '--team-claim', 'groups');
    const before = await json('idp', 'get', 'turned');
    expect((await run('idp', 'disable', 'turned')).code).toBe(0);
    const disabled = await json('idp', 'get', 'turned');
    expect(disabled).toEqual({ ...before, enabled: false, updatedAt: disabled.updatedAt });
    expect((await run('idp', 'enable', 'turned')).code).toBe(0);
    const enabled = await json('idp', 'get', 'turned');
    expect(enabled).toEqual({ ...before, updatedAt: enabled.updatedAt });
  });

  test('is deleted where that is meant', async () => {
    await added('unwanted');
    expect(await run('idp', 'rm', 'unwanted')).toMatchObject({ code: 1 });
    expect(await run('idp', 'rm', 'unwanted', '--yes')).toMatchObject({
      code: 0,
      out: expect.stringContaining('deleted'),
    });
    expect(await run('idp', 'get', 'unwanted')).toMatchObject({ code: 1, err: expect.stringContaining('idp list') });
  });
});
