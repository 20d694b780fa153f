import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { type IdentityProvider, type ProviderInput, parseProvider } from '#domain/identity-provider.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { type Core, openCore } from '#support/core.ts';
import { GOOD, HOSTILE, NOW, ONE, PROVIDER, saying } from '#support/hostile-jwts.ts';
import { EXPLAINED_STEPS, explainToken } from './explain.ts';
import { createProvider, updateProvider } from './save.ts';

let core: Core;
let admin: Caller;
beforeEach(async () => {
  core = await openCore();
  admin = await core.user('admin', 'tenant-admin');
});

const { jwksUri: _, ...SAID } = PROVIDER;
const definition = (more: Partial<ProviderInput> = {}) => parseProvider({ ...SAID, jwks: ONE, ...more });
const provided = (more: Partial<ProviderInput> = {}) => createProvider(core.deps, admin, definition(more));
const explained = ({ id }: IdentityProvider, text: string) => explainToken(core.deps, admin, id, new Sensitive(text));
const lastOf = async (provider: IdentityProvider, text: string) => (await explained(provider, text)).steps.at(-1);

test('a token that is taken has passed every step, and says whom it names', async () => {
  const ada = await core.user('ada', 'tenant-member');
  const provider = await provided();
  expect(await explained(provider, saying({ email: 'ada@example.com', groups: ['dev'] }))).toEqual({
    accepted: true,
    steps: EXPLAINED_STEPS.map((step) => ({ step, passed: true, about: undefined })),
    identity: { subject: 'build-7', email: 'ada@example.com', teams: ['dev'], expiresAt: NOW + 660_000 },
    principal: ada.principal,
  });
});

test('one that is not has passed the steps before, and none after is told of, nor what it says', async () => {
  const provider = await provided();
  const { accepted, steps, identity, principal } = await explained(provider, saying({ exp: 1 }));
  expect({ accepted, identity, principal }).toEqual({ accepted: false, identity: undefined, principal: undefined });
  const at = EXPLAINED_STEPS.indexOf('expiry');
  expect(steps.map(({ step, passed }) => [step, passed])).toEqual(
    EXPLAINED_STEPS.slice(0, at + 1).map((step) => [step, step !== 'expiry']),
  );
});

test('what is believed and still leads to nobody is told with why', async () => {
  const provider = await provided();
  expect(await lastOf(provider, GOOD)).toMatchObject({
    step: 'principal',
    about: expect.stringMatching(/^No virtual account/),
  });
  const bob = await core.user('bob', 'tenant-member');
  await core.deactivate(bob);
  const shutOut = await explained(provider, saying({ email: 'bob@example.com' }));
  expect(shutOut).toMatchObject({ accepted: false, principal: bob.principal });
  expect(shutOut.steps.at(-1)).toMatchObject({ step: 'principal', about: expect.stringContaining('deactivated') });
  await provided({ name: 'second', audiences: ['second'] });
  expect(await lastOf(provider, saying({ aud: ['countersign', 'second'] }))).toMatchObject({ step: 'provider' });
  const disabled = await updateProvider(core.deps, admin, provider.id, definition({ isEnabled: false }));
  expect(await lastOf(disabled, GOOD)).toMatchObject({ step: 'provider', about: expect.stringContaining('disabled') });
});

test('it takes managing providers; nothing is written, counted or remembered by it', async () => {
  const provider = await provided();
  const member = await core.user('ada', 'tenant-member');
  await expect(explainToken(core.deps, member, provider.id, new Sensitive(GOOD))).rejects.toMatchObject({
    code: 'forbidden',
  });
  const before = await core.audit();
  for (const [, text] of HOSTILE) await explained(provider, text);
  expect(await core.audit()).toEqual(before);
  expect(Object.values(core.deps.counts.externalRefusals).every((count) => count === 0)).toBe(true);
  expect(core.deps.verified.sizes).toEqual({ known: 0, strangers: 0 });
});
