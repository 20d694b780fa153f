import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { type IdentityProvider, parseProvider } from '#domain/identity-provider.ts';
import { Refusal } from '#domain/refusal.ts';
import { type Core, openCore } from '#support/core.ts';
import { PROVIDER } from '#support/hostile-jwts.ts';
import { plannedMappings, putMappings, shownMappings } from './mapping.ts';
import { createProvider } from './save.ts';

let core: Core;
let admin: Caller;
let provider: IdentityProvider;
beforeEach(async () => {
  core = await openCore();
  admin = await core.user('admin', 'tenant-admin');
  provider = await createProvider(core.deps, admin, parseProvider(PROVIDER));
});

const planned = (...wanted: readonly (readonly [provider: string, value: string])[]) =>
  plannedMappings(
    core.deps.store,
    admin,
    wanted.map(([name, value]) => ({ provider: name, value })),
  );
const TEAM = { kind: 'team', id: 't'.repeat(24) as never } as const;
const put = (...values: readonly string[]) =>
  core.deps.store.transact((tx) =>
    putMappings(
      tx,
      admin,
      TEAM,
      values.map((value) => ({ provider: provider.id, value })),
    ),
  );

describe('what a manifest says', () => {
  test('is looked up by name or by FQN, and each once', async () => {
    expect(await planned(['build', 'a'], ['default:build', 'a'], ['build', 'b'])).toEqual([
      { provider: provider.id, value: 'a' },
      { provider: provider.id, value: 'b' },
    ]);
  });

  test.each<[what: string, wanted: readonly (readonly [string, string])[], message: RegExp]>([
    ['a provider that is not there', [['other', 'a']], /no identity provider other/],
    ['one of another tenant', [['acme:build', 'a']], /no identity provider acme:build/],
    ['a name that is none', [['BUILD', 'a']], /no identity provider BUILD/],
    ['no value', [['build', '']], /1 to 500 characters/],
    ['a value that no claim has', [['build', 'x'.repeat(501)]], /1 to 500 characters/],
    [
      'more than anybody has',
      Array.from({ length: 51 }, (_, at) => ['build', `${at}`] as const),
      /50 mappings at most/,
    ],
  ])('is refused where it is %s', async (_, wanted, message) => {
    const refused = await planned(...wanted).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refusal);
    expect(refused).toMatchObject({ code: 'unprocessable', message: expect.stringMatching(message) });
    expect((refused as Refusal).problems.map(({ field }) => field)).toEqual(['identity_provider_mapping']);
  });
});

test('what was mapped before and what is from now on is looked at anew; it is shown with what its provider is called', async () => {
  expect(await put('a')).toEqual([{ kind: 'provider', id: provider.id }]);
  const shown = async () => (await shownMappings(core.deps.store, admin, [TEAM.id])).get(TEAM.id);
  expect(await shown()).toMatchObject([{ provider: { id: provider.id, name: 'build' }, value: 'a' }]);
  expect(await put()).toEqual([{ kind: 'provider', id: provider.id }]);
  expect([await shown(), await put()]).toEqual([undefined, []]);
});
