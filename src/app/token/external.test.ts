import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { type IdentityProviderId, type ProviderInput, parseProvider } from '#domain/identity-provider.ts';
import type { Refusal } from '#domain/refusal.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { parseTeamName } from '#domain/team.ts';
import type { Fetched } from '#ports/outbound.ts';
import { permitted, wanting } from '#support/accounts.ts';
import { type Core, ORIGIN, openCore } from '#support/core.ts';
import { CLAIMS, encoded, GOOD, HEADER, ONE, PROVIDER, saying, token as signed } from '#support/hostile-jwts.ts';
import { statementsOf } from '#support/statements.ts';
import type { Deps } from '../deps.ts';
import { removeProvider } from '../identity-provider/remove.ts';
import { createProvider, updateProvider } from '../identity-provider/save.ts';
import { createTeam } from '../team/apply.ts';
import { createAccount } from '../virtual-account/apply.ts';
import { readAccountToken } from '../virtual-account/value.ts';
import type { WantedAccount } from '../virtual-account/wanted.ts';
import { getOrCreatePat } from './get-or-create.ts';
import { verifyToken } from './verify.ts';

/* Tokens of others on their way through verification: what they cost, what is asked of whom, and how it is counted. */

const EMAIL = 'ada@example.com';
const OURS = saying({}, { typ: 'access+jwt' });
const SUBJECT = { sub: 'x', email: EMAIL };

let core: Core;
let deps: Deps;
let admin: Caller;
let asked: string[];
let answer: Fetched;
beforeEach(async () => {
  asked = [];
  answer = { ok: true, value: ONE };
  const getJson = async (url: string) => {
    asked.push(url);
    return answer;
  };
  core = await openCore({ outbound: { getJson } });
  deps = core.deps;
  admin = await core.user('admin', 'tenant-admin');
  await core.user('ada', 'tenant-member');
});

const definition = (more: Partial<ProviderInput> = {}) => parseProvider({ ...PROVIDER, ...more });
const provided = (more: Partial<ProviderInput> = {}) => createProvider(deps, admin, definition(more));
const costOf = async (text: string) => {
  const { result, statements } = await statementsOf(() => core.standing(new Sensitive(text)));
  return { standing: result, statements: statements.length };
};

describe('what it costs to refuse a token that nobody here believes', () => {
  test.each([
    ['it says our own type', OURS],
    ['it has no issuer', signed({ ...CLAIMS, iss: undefined })],
    ['it is for nobody', signed({ ...CLAIMS, aud: undefined })],
    ['it is no JSON', `${encoded(HEADER)}.${encoded('x')}.AA`],
    ['it has a name twice', signed('{"iss":"a","iss":"b","aud":"c"}')],
  ])('is no statement and no request where %s', async (_, text) => {
    await provided();
    // Where other processes make keys as well, it is asked once whether one of them has made this.
    const statements = deps.store.isShared && text === OURS ? 1 : 0;
    expect(await costOf(text)).toEqual({ standing: 'unknown', statements });
    expect(asked).toEqual([]);
  });

  test('is one statement and no request where no provider is for it, and nothing when it comes again', async () => {
    await provided();
    const text = saying({ iss: 'https://stranger.example' });
    expect(await costOf(text)).toEqual({ standing: 'unknown', statements: 1 });
    expect(await costOf(text)).toEqual({ standing: 'unknown', statements: 0 });
    expect(asked).toEqual([]);
  });

  test('is no request where its provider is disabled, or is one of two', async () => {
    const provider = await provided({ isEnabled: false });
    expect((await costOf(GOOD)).standing).toBe('unknown');
    await updateProvider(deps, admin, provider.id, definition({ audiences: ['countersign'] }));
    await provided({ name: 'second', audiences: ['second'] });
    expect((await costOf(saying({ aud: ['countersign', 'second'] }))).standing).toBe('unknown');
    expect(asked).toEqual([]);
  });
});

test('a good one is verified once, and in memory after that; what is said of it is judged by what clocks differ by', async () => {
  await provided();
  const text = saying(SUBJECT);
  expect((await costOf(text)).standing).toBe('ok');
  expect(await costOf(text)).toEqual({ standing: 'ok', statements: 0 });
  expect(asked).toEqual([PROVIDER.jwksUri]);
  core.clock.advance((600 + 60) * 1000 - 1);
  expect((await costOf(text)).standing).toBe('ok');
  core.clock.advance(1);
  expect((await costOf(text)).standing).not.toBe('ok');
});

test('its caller is whom it names, by the word of the provider, until its own end', async () => {
  const { id, name } = await provided();
  expect(await core.callerBy(new Sensitive(saying({ ...SUBJECT, groups: ['dev'] })))).toMatchObject({
    ...{ tenant: core.tenant, principal: { kind: 'user', name: EMAIL } },
    credential: { kind: 'external', id, name, identity: { subject: 'x', email: EMAIL, teams: ['dev'] } },
  });
});

test.each<[what: string, end: (id: IdentityProviderId) => unknown]>([
  ['its provider is disabled', (id) => updateProvider(deps, admin, id, definition({ isEnabled: false }))],
  ['its provider is gone', (id) => removeProvider(deps, admin, { id, isForced: true })],
  ['its provider is for others', (id) => updateProvider(deps, admin, id, definition({ audiences: ['others'] }))],
  ['its time is over', () => core.clock.advance((600 + 60) * 1000)],
])('whoever was let in by it a moment ago changes nothing more once %s', async (_, end) => {
  const { id } = await provided();
  await core.user('eve', 'tenant-admin');
  const eve = await core.callerBy(new Sensitive(saying({ sub: 'x', email: 'eve@example.com' })));
  const make = (name: string) => createTeam(deps, eve, { name: parseTeamName(name), description: '' });
  await make('before');
  await end(id);
  await expect(make('after')).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(await core.rows('select name from team')).toEqual([{ name: 'before' }]);
});

test('refusals are counted by the step that found them, and an outage as one: it is no bad credential', async () => {
  await provided();
  for (const text of [saying({ exp: 1 }), saying({ sub: 7 }), `${GOOD.slice(0, -6)}AAAAAA`]) await costOf(text);
  expect(deps.counts.externalRefusals).toMatchObject({ expiry: 1, subject: 1, signature: 1, key: 0 });
  answer = { ok: false, reason: 'timeout' };
  await createProvider(
    deps,
    admin,
    definition({ name: 'second', audiences: ['second'], jwksUri: 'https://x.example/' }),
  );
  await expect(costOf(saying({ aud: 'second' }))).rejects.toMatchObject({
    ...{ code: 'unavailable', detail: 'keys_unavailable: timeout' },
  });
  expect(deps.counts.externalRefusals.key).toBe(1);
  expect(deps.counts.verifications).toMatchObject({ outage: 1 });
});

test('nobody makes a personal access token by it, in any way, and it is on the record', async () => {
  await provided();
  const ada = await core.callerBy(new Sensitive(saying(SUBJECT)));
  await expect(getOrCreatePat(deps, ada, 'longer-lived' as never)).rejects.toMatchObject({ code: 'forbidden' });
  expect((await core.audit()).at(-1)).toMatchObject({ decision: 'denied', credential: ada.credential.id });
});

describe('an account that a provider’s word names', () => {
  const wanted = (own: Partial<WantedAccount>) =>
    wanting('robot', { mappings: [{ provider: PROVIDER.name, value: 'x' }], ...own });

  test('is over at its own date, whatever the word says', async () => {
    await provided();
    await createAccount(deps, admin, wanted({ expiresAt: core.clock.now() + 60_000 }));
    const text = saying({ sub: 'x' });
    expect((await costOf(text)).standing).toBe('ok');
    core.clock.advance(60_000);
    expect((await costOf(text)).standing).toBe('expired');
  });

  test('gets no token that would outlive the word: none is made, and none is read', async () => {
    await provided();
    const permissions = permitted(core, 'tenant-admin');
    const { view } = await createAccount(deps, admin, wanted({ permissions }));
    const caller = await core.callerBy(new Sensitive(saying({ sub: 'x' })));
    const refused = { code: 'forbidden', message: expect.stringContaining('would outlive it') };
    await expect(readAccountToken(deps, caller, view.account.id)).rejects.toMatchObject(refused);
    await expect(createAccount(deps, caller, wanting('another'))).rejects.toMatchObject(refused);
  });

  test('is not found by an address that only looks like somebody’s', async () => {
    await provided();
    expect((await costOf(saying({ sub: 'nobody', email: 'ａda@example.com' }))).standing).toBe('unknown');
    expect((await costOf(saying({ sub: 'nobody', email: EMAIL }))).standing).toBe('ok');
  });
});

test('while a provider’s keys are out, what anybody can make up is bounded by where it comes from', async () => {
  await provided();
  answer = { ok: false, reason: 'unreachable' };
  const outcomes = new Set<string>();
  for (let n = 0; n < 210; n += 1) {
    const one = verifyToken(deps, new Sensitive(saying({ sub: `x${n}` })), ORIGIN);
    outcomes.add(
      await Promise.resolve(one).then(
        () => 'told',
        (error) => (error as Refusal).code,
      ),
    );
  }
  expect([...outcomes]).toEqual(['unavailable', 'rate_limited']);
});
