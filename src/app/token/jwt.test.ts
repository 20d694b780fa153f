import { createHmac, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { signingKey, signJwt } from '#crypto/jwt.ts';
import type { Caller } from '#domain/caller.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { type Core, ISSUER, openCore } from '#support/core.ts';
import { statementsOf } from '#support/statements.ts';
import type { Deps } from '../deps.ts';
import { keySet } from '../signing-key/key-set.ts';
import { createPat } from './create.ts';
import { getOrCreatePat } from './get-or-create.ts';
import { revokePat } from './revoke.ts';

const DAY_MS = 86_400_000;
const NEVER = Date.UTC(2999, 11, 31) / 1000;

let core: Core;
let deps: Deps;
let ada: Caller;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  ada = await core.user('ada', 'tenant-member');
});

const jwt = (name = 'deploy', expiresAt?: number) => core.pat(ada, name, expiresAt, 'jwt');
const costOf = async (token: Sensitive) => {
  const { result, statements } = await statementsOf(() => core.standing(token));
  return { standing: result, statements: statements.length };
};
/** As a client reads it, who has no key. */
const said = (token: Sensitive) =>
  token
    .reveal()
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64').toString()));
const claimsIn = (token: Sensitive) => said(token)[1];

describe('a JWT', () => {
  test('is an access token like any other: good, listed by a preview that tells nothing, in the audit by it', async () => {
    const { view, value } = await createPat(deps, ada, { name: parseTokenName('deploy'), format: 'jwt' });
    expect(await core.callerBy(value)).toMatchObject({
      ...{ principal: ada.principal, rights: ada.rights },
      credential: { kind: 'token', id: view.tokens[0]?.id, pat: view.pat.id, name: 'deploy' },
    });
    const preview = `eyJ…${value.reveal().slice(-4)}`;
    expect(view.tokens).toMatchObject([{ format: 'jwt', signedBy: signingKey(deps.keyring, 0).id, preview }]);
    expect((await core.audit()).at(-1)?.details).toEqual({ preview });
  });

  test('says what public clients read in it, and nothing else (contract 8.2)', async () => {
    const { view, value } = await createPat(deps, ada, { name: parseTokenName('deploy'), format: 'jwt' });
    const kid = signingKey(deps.keyring, 0).id;
    expect(said(value)).toEqual([
      { alg: 'RS256', typ: 'access+jwt', kid },
      {
        ...{ iss: ISSUER, aud: ISSUER, sub: ada.principal.id, jti: view.tokens[0]?.id },
        ...{ rnd: expect.stringMatching(/^[0-9A-Za-z]{43}$/), iat: core.clock.now() / 1000, exp: NEVER },
        tenantName: 'default',
        ...{ subjectType: 'serviceaccount', userType: 'user', username: 'ada@example.com', email: 'ada@example.com' },
      },
    ]);
  });

  test('is verified without us by whoever has the key set', async () => {
    const keys = createLocalJWKSet({ keys: (await keySet(deps)).map((key) => ({ ...key })) });
    const options = { issuer: ISSUER, audience: ISSUER, typ: 'access+jwt', algorithms: ['RS256'] };
    const at = (ms: number) => ({ ...options, currentDate: new Date(core.clock.now() + ms) });
    const token = (await jwt('short', core.clock.now() + 60_000)).reveal();
    expect((await jwtVerify(token, keys, at(59_999))).payload.sub).toBe(ada.principal.id);
    await expect(jwtVerify(token, keys, at(60_000))).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  });

  test('does not follow from all that is kept and every key of ours (I1)', async () => {
    const { view, value } = await createPat(deps, ada, { name: parseTokenName('deploy'), format: 'jwt' });
    const [token] = view.tokens;
    const [, claims] = said(value);
    const { rnd: _, ...kept } = claims as Record<string, string>;
    for (const made of [kept, { ...kept, rnd: '' }]) {
      const forged = await signJwt(signingKey(deps.keyring, 0), made);
      expect(await core.standing(forged)).toBe('unknown');
    }
    expect(await core.standing(value)).toBe('ok');
    const stored = JSON.stringify([
      await core.rows('select * from token'),
      await core.rows('select * from audit_entry'),
      token,
    ]);
    expect(stored).not.toContain(claims?.rnd);
  });

  test('its value is in no file, nor any part of it from which one could be made (I1)', async () => {
    const parts = (await jwt()).reveal().split('.');
    const files = await core.onDisk();
    expect(files.includes('deploy')).toBe(true);
    for (const part of parts) {
      for (const text of [part, Buffer.from(part, 'base64url')]) expect(files.includes(text)).toBe(false);
    }
  });

  test('is read once and then remembered by its digest, as an opaque one is', async () => {
    const token = await jwt();
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 2 });
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 0 });
    core.clock.advance(61_000);
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 2 });
  });

  test('that is revoked is refused by the very next verification, whatever it says of its end (I3)', async () => {
    const { view, value } = await createPat(deps, ada, { name: parseTokenName('deploy'), format: 'jwt' });
    expect(await core.standing(value)).toBe('ok');
    await revokePat(deps, ada, view.pat.id);
    expect([await core.standing(value), claimsIn(value).exp]).toEqual(['revoked', NEVER]);
  });

  test('of somebody who was deactivated is refused', async () => {
    const token = await jwt();
    await core.deactivate(ada);
    expect(await core.standing(token)).toBe('revoked');
  });

  test('of a row that was purged is as unknown as one that was never issued', async () => {
    const token = await jwt();
    await core.tamper('delete from token');
    expect(await costOf(token)).toEqual({ standing: 'unknown', statements: 1 });
  });

  test('that cannot be verified is an outage too, remembered by nobody as unknown: the next ask is answered (I8)', async () => {
    const token = await jwt();
    const fails = vi.spyOn(crypto.subtle, 'verify').mockRejectedValue(new Error('out of memory'));
    onTestFinished(() => fails.mockRestore());
    for (let at = 0; at < 300; at++) await expect(core.standing(token)).rejects.toThrow();
    fails.mockRestore();
    expect(deps.strangers.total).toBe(0);
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 2 });
  });

  test('that cannot be looked up is an outage, though its signature is good (I8)', async () => {
    const token = await jwt();
    await deps.store.close();
    await expect(core.standing(token)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('what it says of its end', () => {
  test.each([1, 999, 1_000, 1_001, 59_999, DAY_MS + 1])(
    'is never later than the end on file, and less than a second earlier: created for %i ms',
    async (lives) => {
      core.clock.advance(1); // no whole second
      const expiresAt = core.clock.now() + lives;
      const { exp, iat } = claimsIn(await jwt('short', expiresAt));
      expect(exp * 1000).toBeLessThanOrEqual(expiresAt);
      expect(exp * 1000).toBeGreaterThan(expiresAt - 1_000);
      expect(iat).toBe(Math.floor(core.clock.now() / 1000));
    },
  );

  test.each([
    { settings: { ageDaysMax: 30 }, days: 30 },
    { settings: { lifeDaysDefault: 7 }, days: 7 },
    { settings: { ageDaysMax: 30, lifeDaysDefault: 7 }, days: 7 },
  ])('is the tenant’s where nobody gave one: $settings', async ({ settings, days }) => {
    const put = { ...TOKEN_SETTINGS, ...settings, formatDefault: 'jwt' } as const;
    await deps.store.transact((tx) => tx.tokenSettings.put(core.tenant.id, put));
    const got = await getOrCreatePat(deps, ada, parseTokenName('console'));
    const exp = (core.clock.now() + days * DAY_MS) / 1000;
    expect([await jwt('deploy'), got.value].map((token) => claimsIn(token).exp)).toEqual([exp, exp]);
  });

  test('is no later than its age allows, where it is another value of a token without a date', async () => {
    await core.pat(ada, 'console');
    const put = { ...TOKEN_SETTINGS, ageDaysMax: 30, formatDefault: 'jwt' } as const;
    await deps.store.transact((tx) => tx.tokenSettings.put(core.tenant.id, put));
    core.clock.advance(DAY_MS);
    const { value, view } = await getOrCreatePat(deps, ada, parseTokenName('console'));
    const endsAt = core.clock.now() + 30 * DAY_MS;
    expect([claimsIn(value).exp * 1000, view.tokens[0]?.endsAt, view.pat.expiresAt]).toEqual([
      ...[endsAt, endsAt, undefined],
    ]);
  });

  test('is that of the token that owns it, which a new value does not outlive', async () => {
    const expiresAt = core.clock.now() + DAY_MS;
    await core.pat(ada, 'console', expiresAt);
    await deps.store.transact((tx) =>
      tx.tokenSettings.put(core.tenant.id, { ...TOKEN_SETTINGS, ageDaysMax: 30, formatDefault: 'jwt' }),
    );
    const { value } = await getOrCreatePat(deps, ada, parseTokenName('console'));
    expect(claimsIn(value).exp * 1000).toBe(expiresAt);
    core.clock.advance(DAY_MS);
    expect(await core.standing(value)).toBe('expired');
  });
});

describe('what we did not issue costs no statement, unless our own key signed it', () => {
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const ourKey = () => signingKey(deps.keyring, core.clock.now());
  const rsa = (key: KeyObject) => (input: string) => sign('sha256', Buffer.from(input), key);
  const forged = (token: Sensitive, own: object, other: object, signed = rsa(ourKey().key)): string => {
    const [header, claims] = said(token);
    const input = `${encoded({ ...header, ...own })}.${encoded({ ...claims, ...other })}`;
    return `${input}.${signed(input).toString('base64url')}`;
  };
  /** The same text with one letter of a part changed to one that means other bits, or, at the very end, the same. */
  const withLast = (text: string, letters: string) => [...letters].map((last) => text.slice(0, -1) + last);

  test.each<[string, (token: Sensitive) => string | readonly string[]]>([
    [
      'a last letter that means the same',
      (token) => withLast(token.reveal(), 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'),
    ],
    ['padding', (token) => `${token.reveal()}==`],
    ['whitespace', (token) => [` ${token.reveal()}`, `${token.reveal()}\n`]],
    [
      'other claims under the old signature',
      (token) => {
        const [header, , signature] = token.reveal().split('.');
        return `${header}.${encoded({ ...claimsIn(token), sub: 'root' })}.${signature}`;
      },
    ],
    [
      'no algorithm',
      (token) => [forged(token, { alg: 'none' }, {}, () => Buffer.from('x')), forged(token, { alg: 'none' }, {})],
    ],
    [
      'the public key for a shared secret',
      (token) => {
        const secret = createPublicKey(ourKey().key).export({ type: 'spki', format: 'pem' });
        return forged(token, { alg: 'HS256' }, {}, (input) => createHmac('sha256', secret).update(input).digest());
      },
    ],
    [
      'another hash',
      (token) => forged(token, { alg: 'RS384' }, {}, (input) => sign('sha384', Buffer.from(input), ourKey().key)),
    ],
    ['another purpose', (token) => [forged(token, { typ: 'JWT' }, {}), forged(token, { typ: 'refresh+jwt' }, {})]],
    ['an unknown key', (token) => [forged(token, { kid: 'u'.repeat(24) }, {}), forged(token, { kid: undefined }, {})]],
    [
      'the id of a key that is no pair',
      (token) =>
        (['token-pepper', 'row-mac'] as const).map((purpose) =>
          forged(token, { kid: deps.keyring.current(purpose).id }, {}),
        ),
    ],
    [
      'more than any of ours has',
      (token) => [forged(token, {}, { more: 'x'.repeat(5_000) }), `eyJ${'a'.repeat(1_000_000)}.a.b`],
    ],
  ])('%s', async (title, texts) => {
    // Where other processes make keys as well, it is asked once whether one of them has made this.
    const asked = deps.store.isShared && ['an unknown key', 'the id of a key that is no pair'].includes(title) ? 1 : 0;
    const token = await jwt();
    const wrong = [texts(token)].flat().filter((text) => text !== token.reveal());
    expect(wrong.length).toBeGreaterThan(0);
    for (const text of wrong) {
      const { standing, statements } = await costOf(new Sensitive(text));
      expect([['malformed', 'unknown'].includes(standing), statements]).toEqual([true, asked]);
    }
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 2 });
  });

  test('signed by our key, and never issued: unknown, by one statement', async () => {
    const token = await jwt();
    const more = forged(token, {}, { exp: NEVER + 1 });
    expect(await costOf(new Sensitive(more))).toEqual({ standing: 'unknown', statements: 1 });
    expect(await costOf(new Sensitive(more))).toEqual({ standing: 'unknown', statements: 0 });
    expect(deps.strangers.total).toBe(2);
  });

  test('and is in nobody’s way: beyond what one address may present it is limited, and what is known is served', async () => {
    const token = await jwt();
    await core.standing(token);
    for (let at = 0; at < 200; at++) await core.standing(new Sensitive(`eyJ${at}.a.b`));
    await expect(core.standing(new Sensitive('eyJx.a.b'))).rejects.toMatchObject({ code: 'rate_limited' });
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 0 });
  });
});
