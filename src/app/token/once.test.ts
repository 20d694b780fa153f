import { beforeEach, describe, expect, test } from 'vitest';
import { openDelivery } from '#crypto/delivery.ts';
import { open } from '#crypto/envelope.ts';
import { keyFrom } from '#crypto/keys.ts';
import { mint } from '#crypto/opaque.ts';
import { replayId } from '#crypto/replay.ts';
import type { Caller } from '#domain/caller.ts';
import { parseEmail } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import type { KeyId } from '#ports/digest.ts';
import { type Core, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import { putTokenSettings } from '../settings/token-settings.ts';
import { type AskedPat, createPat, createPatFor } from './create.ts';
import type { CreatedPat } from './created.ts';
import type { Once } from './once.ts';
import { revokePat } from './revoke.ts';

const REPLAY_MS = 10 * 60 * 1000;

let core: Core;
let deps: Deps;
let ada: Caller;
let credential: Sensitive;
let caller: Caller;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  ada = await core.user('ada', 'tenant-member');
  credential = await core.pat(ada, 'first');
  caller = await core.callerBy(credential);
});

type Asked = { readonly key?: string; readonly name?: string; readonly by?: Sensitive };
const once = ({ key = 'key-1', name = 'deploy', by = credential }: Asked): Once => ({
  ...{ key, credential: by },
  request: ['POST', '/tokens', { name }],
});
const create = async (asked: Asked = {}, own: Partial<AskedPat> = {}): Promise<CreatedPat> => {
  const { name = 'deploy', by = credential } = asked;
  return createPat(deps, await core.callerBy(by), { name: parseTokenName(name), ...own }, once(asked));
};
const values = (made: readonly CreatedPat[]) => new Set(made.map(({ value }) => value.reveal()));
const named = (name: string) => core.rows('select id from personal_access_token where name = ?', name);
const patOf = ({ credential }: Caller) => (credential.kind === 'token' ? credential.pat : expect.unreachable());
const entries = async () => (await core.audit()).filter(({ credential }) => credential === caller.credential.id);

describe('a request that is sent again with its key', () => {
  test('has the same answer, value and all, and makes nothing more', async () => {
    const first = await create();
    core.clock.advance(REPLAY_MS - 1);
    const again = await create();
    expect([again.value.reveal(), again.view]).toEqual([first.value.reveal(), first.view]);
    expect(await named('deploy')).toHaveLength(1);
    expect(await core.standing(again.value)).toBe('ok');
  });

  test('twenty at the same moment: one token, and all have its value', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => create()));
    expect(values(made).size).toBe(1);
    expect([await named('deploy'), await core.rows('select id from replay')].map(({ length }) => length)).toEqual([
      1, 1,
    ]);
    expect((await entries()).filter(({ details }) => details.replayed !== true)).toHaveLength(1);
  });

  test.each(['opaque', 'jwt'] as const)('a value of the form %s comes back whole', async (format) => {
    const [first, again] = [await create({}, { format }), await create({}, { format })];
    expect(again.value.reveal()).toBe(first.value.reveal());
    expect(await core.standing(again.value)).toBe('ok');
  });

  test('each time is in the audit, and says that it was given again', async () => {
    const { view } = await create();
    await create();
    const act = { action: 'personal-access-token:Create', resource: `personal-access-token/${view.pat.id}` };
    expect(await entries()).toMatchObject([
      { ...act, decision: 'allowed', details: { preview: view.tokens[0]?.preview } },
      { ...act, decision: 'allowed', details: { replayed: true } },
    ]);
    expect((await entries())[0]?.details).not.toHaveProperty('replayed');
  });

  test('where the entry cannot be written, no value is given again (I2)', async () => {
    await create();
    const { mended } = await core.breakAudit();
    await expect(create()).rejects.toThrow();
    await mended();
    await create();
  });

  test('by a browser has it too, for the session that asked', async () => {
    const [browser, cookie] = [await core.signedIn(ada), mint('session', core.random)];
    const ask = () => createPat(deps, browser, { name: parseTokenName('deploy') }, once({ by: cookie }));
    expect(values([await ask(), await ask()]).size).toBe(1);
  });

  test('for another user has it too, with its owner', async () => {
    const root = await core.user('root', 'tenant-admin');
    const by = await core.pat(root, 'roots');
    const admin = await core.callerBy(by);
    const ask = () =>
      createPatFor(
        deps,
        admin,
        { email: parseEmail(ada.principal.name), name: parseTokenName('for-ada') },
        once({ by }),
      );
    const made = await Promise.all([ask(), ask(), ask()]);
    expect(values(made).size).toBe(1);
    expect(made.map(({ view }) => view.pat.owner)).toEqual(made.map(() => ada.principal.id));
  });
});

describe('no answer is given again', () => {
  test('to another request with that key: it is a mistake, and makes nothing', async () => {
    await create();
    await expect(create({ name: 'other' })).rejects.toMatchObject({
      ...{ code: 'unprocessable', message: expect.stringContaining('Use a new key for each request') },
    });
    expect(await named('other')).toEqual([]);
  });

  test('to twenty different requests with one key at the same moment: one is carried out', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 20 }, (_, at) => create({ name: `name-${at}` })));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = asked.filter((one) => one.status === 'rejected').map(({ reason }) => reason.code);
    expect(refused).toEqual(refused.map(() => 'unprocessable'));
  });

  test('to another credential of the same person: its request is another, and makes another token', async () => {
    const first = await create();
    const other = await core.pat(ada, 'second');
    await expect(create({ by: other })).rejects.toMatchObject({ code: 'conflict' }); // the name is taken
    const theirs = await create({ by: other, name: 'theirs' });
    expect(values([first, theirs]).size).toBe(2);
  });

  test('to another person with that key', async () => {
    await create();
    const bobs = await core.pat(await core.user('bob', 'tenant-member'), 'first');
    const { view } = await create({ by: bobs });
    expect(view.pat.owner).not.toBe(ada.principal.id);
  });

  test('after ten minutes: it is a new request, and says what stands', async () => {
    await create();
    core.clock.advance(REPLAY_MS);
    await expect(create()).rejects.toMatchObject({ code: 'conflict' });
    await expect(create({ name: 'new' })).resolves.toMatchObject({ view: { pat: { name: 'new' } } });
    expect(await core.rows('select expires_at from replay')).toEqual([{ expires_at: core.clock.now() + REPLAY_MS }]);
  });

  test('of what was revoked since: a conflict that says what to do', async () => {
    const { view } = await create();
    await revokePat(deps, ada, view.pat.id);
    await expect(create()).rejects.toMatchObject({
      ...{ code: 'conflict', message: expect.stringContaining('revoked since. Use a new Idempotency-Key') },
    });
  });

  test('of what has expired since: a conflict that says what to do', async () => {
    await create({}, { expiresAt: core.clock.now() + 1_000 });
    core.clock.advance(1_000);
    await expect(create({})).rejects.toMatchObject({
      ...{ code: 'conflict', message: expect.stringContaining('expired or been revoked since') },
    });
    expect(await entries()).toHaveLength(1);
  });

  test('to a token, where tokens may create none since: denied, and recorded', async () => {
    await create();
    await putTokenSettings(deps, await core.user('root', 'tenant-admin'), { ...TOKEN_SETTINGS, sessionOnly: true });
    await expect(create()).rejects.toMatchObject({ code: 'forbidden', isExact: true });
    expect((await entries()).at(-1)).toMatchObject({ action: 'personal-access-token:Create', decision: 'denied' });
  });

  test('where the right to it was lost since: denied, and recorded', async () => {
    await create();
    await core.tamper('delete from role_grant where subject = ?', ada.principal.id);
    deps.verified.forgetAll();
    await expect(create()).rejects.toMatchObject({ code: 'forbidden' });
    expect((await core.audit()).at(-1)).toMatchObject({
      ...{ action: 'personal-access-token:Create', decision: 'denied', principal: ada.principal.id },
    });
  });

  test('where the credential was revoked since', async () => {
    await create();
    if (caller.credential.kind === 'token') await revokePat(deps, ada, caller.credential.pat);
    await expect(create()).rejects.toThrow('a token that should be good is revoked');
  });

  type End = () => unknown;
  const CUT_OFF: readonly [how: string, end: End, code: string][] = [
    ['their token was revoked', () => revokePat(deps, ada, patOf(caller)), 'unauthenticated'],
    ['the right to it was lost', () => core.tamper('delete from role_grant'), 'forbidden'],
  ];
  test.each(CUT_OFF)('to whoever was verified before %s: no value, and no entry that says so', async (_, end, code) => {
    const ask = () => createPat(deps, caller, { name: parseTokenName('deploy') }, once({}));
    await ask();
    await end();
    await expect(ask()).rejects.toMatchObject({ code });
    expect((await entries()).filter(({ details }) => details.replayed === true)).toEqual([]);
  });

  test('of what failed: nothing is remembered, and the key is free', async () => {
    await putTokenSettings(deps, await core.user('root', 'tenant-admin'), { ...TOKEN_SETTINGS, countMax: 1 });
    await expect(create()).rejects.toMatchObject({ code: 'invalid_request' });
    await putTokenSettings(deps, await core.user('other', 'tenant-admin'), TOKEN_SETTINGS);
    await expect(create({ name: 'first' })).rejects.toMatchObject({ code: 'conflict' });
    expect(await core.rows('select id from replay')).toEqual([]);
    expect((await create({ name: 'other' })).view.pat.name).toBe('other');
  });
});

describe('what is kept to give it again', () => {
  test('goes, once it has expired, with the next request of the same key; those of others are swept by retention', async () => {
    for (const key of ['one', 'two']) await create({ key, name: `name-${key}` });
    core.clock.advance(REPLAY_MS);
    await create({ key: 'one', name: 'another' });
    const kept = await core.rows('select id from replay where expires_at > ?', core.clock.now());
    expect(kept).toEqual([{ id: replayId(String(caller.credential.id), 'one') }]);
    expect(await core.rows('select id from replay')).toHaveLength(2);
  });

  test('is opened neither by the database nor by any key of ours, nor by both (I1)', async () => {
    const { view } = await create();
    const [row] = await core.rows('select * from replay');
    const sealed = row?.sealed as Uint8Array;
    const { tenant, id: replay, expires_at } = row as { tenant: string; id: string; expires_at: number };
    const ids = { pat: view.pat.id, replay, expiresAt: String(expires_at) };
    const binding = { purpose: 'token-replay', tenant, ids } as const;
    const held = (['token-pepper', 'row-mac', 'tenant-kek'] as const).flatMap((purpose) => deps.keyring.all(purpose));
    expect(held.length).toBeGreaterThanOrEqual(3);
    for (const { key } of held) expect(() => open((id) => ({ id, key }), sealed, binding)).toThrow();
    for (const { digest } of await core.rows('select digest from token')) {
      const key = keyFrom('d'.repeat(24) as KeyId, digest as Uint8Array);
      expect(() => open(() => key, sealed, binding)).toThrow();
    }
    const to = { tenant: core.tenant.id, pat: view.pat.id, token: view.tokens[0]?.id as never };
    expect(() => openDelivery(deps.keyring, sealed, to)).toThrow();
  });

  test.each([
    { how: 'put under another key’s id', sql: 'update replay set id = ?', key: 'key-2' },
    {
      how: 'said to be of another token',
      sql: `update replay set pat = (select id from personal_access_token where name = 'first')`,
    },
    { how: 'given more time', sql: 'update replay set expires_at = expires_at + 1' },
    { how: 'cut short', sql: 'update replay set sealed = substr(sealed, 1, length(sealed) - 1)' },
  ])('and was $how in the database gives nobody a value', async ({ sql, key }) => {
    await create();
    const values = key === undefined ? [] : [replayId(String(caller.credential.id), key)];
    expect(await core.tamper(sql, ...values)).toBe(1);
    await expect(create(key === undefined ? {} : { key })).rejects.toThrow();
  });

  test('is kept only where a key was sent', async () => {
    await createPat(deps, caller, { name: parseTokenName('deploy') });
    expect(await core.rows('select id from replay')).toEqual([]);
  });
});
