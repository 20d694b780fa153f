import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { openKeyring } from '#crypto/keyring.ts';
import type { Caller } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { type PatId, parseTokenName, type TokenFormat } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import type { KeyId } from '#ports/digest.ts';
import type { WrappedKey } from '#ports/keys.ts';
import { nodeBeside } from '#support/beside.ts';
import { type Core, ISSUER, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import { createPat } from '../token/create.ts';
import { getOrCreatePat } from '../token/get-or-create.ts';
import { listPats } from '../token/list.ts';
import { revokePat } from '../token/revoke.ts';
import { shown } from '../token/shown.ts';
import { VerifiedCredentials } from '../token/verified-credentials.ts';
import { keySet } from './key-set.ts';
import { rotateSigningKey, withdrawSigningKeys } from './rotate.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let core: Core;
let deps: Deps;
let ada: Caller;
let made = 0;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  ada = await core.user('ada', 'tenant-member');
});

const rotate = () => rotateSigningKey(deps, core.tenant);
const jwt = (expiresAt?: number) => core.pat(ada, `token-${made++}`, expiresAt, 'jwt');
const kidOf = (token: Sensitive) => decodeProtectedHeader(token.reveal()).kid as KeyId;
const published = async (by = deps) => (await keySet(by)).map(({ kid }) => kid);
/** What is remembered does not count: the signature is looked at again. */
const standing = (token: Sensitive, by = deps) =>
  core.standing(token, { ...by, verified: new VerifiedCredentials('other salt', 0) });
const verifiesElsewhere = async (token: Sensitive) => {
  const keys = createLocalJWKSet({ keys: (await keySet(deps)).map((key) => ({ ...key })) });
  const options = { issuer: ISSUER, audience: ISSUER, typ: 'access+jwt', currentDate: new Date(core.clock.now()) };
  return jwtVerify(token.reveal(), keys, options).then(
    () => true,
    () => false,
  );
};

/** The keys as the next start unwraps them. */
async function restarted(change: (row: WrappedKey) => WrappedKey = (row) => row): Promise<Deps> {
  const rows = (await core.rows('select * from wrapped_key order by created_at, id')).map(
    ({ tenant, created_at, ...row }) => ({ ...row, tenant: tenant ?? undefined, createdAt: created_at }) as WrappedKey,
  );
  return { ...deps, keyring: await openKeyring(deps.wrapper, rows.map(change)) };
}

test('a new key is published at once and signs an hour later, to the millisecond', async () => {
  const before = await jwt();
  const rotated = await rotate();
  expect(await published()).toEqual([rotated.made, kidOf(before)]);
  expect([rotated.signsAt, rotated.dropped]).toEqual([core.clock.now() + HOUR_MS, []]);
  core.clock.advance(HOUR_MS - 1);
  expect(kidOf(await jwt())).toBe(kidOf(before));
  core.clock.advance(1);
  const after = await jwt();
  expect(kidOf(after)).toBe(rotated.made);
  expect((await core.rows('select signed_by from token')).map(({ signed_by }) => signed_by).sort()).toEqual(
    [kidOf(before), kidOf(before), rotated.made].sort(),
  );
});

test('what the old key signed lives on, for us and for whoever verifies elsewhere', async () => {
  const tokens = [await jwt(), await jwt(core.clock.now() + 90 * DAY_MS)];
  for (let round = 0; round < 5; round++) {
    await rotate();
    core.clock.advance(DAY_MS);
    tokens.push(await jwt());
  }
  expect(new Set(tokens.map(kidOf)).size).toBe(6);
  for (const token of tokens) {
    expect([await standing(token), await verifiesElsewhere(token)]).toEqual(['ok', true]);
  }
});

test('an old key is dropped only 90 days after the last life that it signed; then that is unknown, and never taken', async () => {
  const [short, forever] = [await jwt(core.clock.now() + 2 * DAY_MS), await jwt()];
  const old = kidOf(short);
  await rotate();
  core.clock.advance(DAY_MS);
  expect((await rotate()).dropped).not.toContain(old); // both live
  core.clock.advance(DAY_MS);
  expect((await rotate()).dropped).not.toContain(old); // one lives, without an end
  const id = (await core.rows(`select pat from token where expires_at is null`))[0]?.pat as PatId;
  await revokePat(deps, ada, id);
  expect([await standing(short), await standing(forever)]).toEqual(['expired', 'revoked']);
  core.clock.advance(90 * DAY_MS - 1);
  expect((await rotate()).dropped).not.toContain(old); // a use of it would still be shown to its owner
  expect([await standing(short), await standing(forever)]).toEqual(['expired', 'revoked']);
  core.clock.advance(1);
  const { dropped } = await rotate();
  expect(dropped).toContain(old);
  expect(await published()).not.toContain(old);
  expect(await core.rows('select id from wrapped_key where id = ?', old)).toEqual([]);
  expect((await core.audit()).at(-1)?.details).toEqual({ dropped, count: 0 });
  expect([await standing(short), await standing(forever)]).toEqual(['unknown', 'unknown']);
});

test('no key is dropped while another than the one that signs may still be signing', async () => {
  await rotate();
  core.clock.advance(HOUR_MS);
  expect((await rotate()).dropped).toEqual([]); // the new one has signed since this moment
  core.clock.advance(HOUR_MS - 1);
  expect((await rotate()).dropped).toEqual([]);
});

test('of many rotations of which none was used, few keys are left', async () => {
  for (let round = 0; round < 6; round++) {
    await rotate();
    core.clock.advance(3 * HOUR_MS);
  }
  await rotate();
  expect((await published()).length).toBeLessThanOrEqual(3);
  const token = await jwt();
  expect([await standing(token), await verifiesElsewhere(token)]).toEqual(['ok', true]);
});

test('a restart keeps the keys: the same sign, the same are published, the same are believed', async () => {
  const old = await jwt();
  core.clock.advance(1);
  await rotate();
  core.clock.advance(HOUR_MS);
  const young = await jwt();
  const next = await restarted();
  expect(await published(next)).toEqual(await published());
  expect([await standing(old, next), await standing(young, next)]).toEqual(['ok', 'ok']);
});

test('the private half is in no file but wrapped', async () => {
  const { made: id } = await rotate();
  const key = deps.keyring.byId('token-signing', id)?.key;
  const der = key?.export({ type: 'pkcs8', format: 'der' }) as Buffer;
  const [row] = await core.rows('select wrapped from wrapped_key where id = ?', id);
  expect(Buffer.from(row?.wrapped as Uint8Array).includes(der.subarray(40, 80))).toBe(false);
});

test.each<[string, (row: WrappedKey) => WrappedKey]>([
  ['was put under another id', (row) => ({ ...row, id: 'x'.repeat(24) as KeyId })],
  ['was said to be for another purpose', (row) => ({ ...row, purpose: 'token-pepper' })],
  ['was given to a tenant', (row) => ({ ...row, tenant: core.tenant.id })],
  [
    'was changed in one bit',
    (row) => ({ ...row, wrapped: row.wrapped.map((byte, at) => (at === 99 ? byte ^ 1 : byte)) }),
  ],
  ['was made at another time, so that it signs sooner or never', (row) => ({ ...row, createdAt: row.createdAt + 1 })],
  ['was cut short', (row) => ({ ...row, wrapped: row.wrapped.subarray(0, -1) })],
])('a key that %s in the database does not unwrap, and nothing starts with it', async (_, change) => {
  const all = restarted((row) => (row.purpose === 'token-signing' ? change(row) : row));
  await expect(all).rejects.toThrow();
});

test('is in the audit, by the operator', async () => {
  const { made: id } = await rotate();
  expect((await core.audit()).at(-1)).toMatchObject({
    ...{ action: 'signing-key:Rotate', resource: `signing-key/${id}`, decision: 'allowed', principalKind: 'operator' },
  });
});

test('where the entry cannot be written there is no new key, here or in the database (I2)', async () => {
  const before = await published();
  const { mended } = await core.breakAudit();
  await expect(rotate()).rejects.toThrow();
  await mended();
  expect(await published()).toEqual(before);
  expect(await published(await restarted())).toEqual(before);
});

test('twice at the same moment makes two keys, of which both are published', async () => {
  const both = await Promise.all([rotate(), rotate()]);
  expect(await published()).toEqual(expect.arrayContaining(both.map(({ made }) => made)));
  expect(await published(await restarted())).toHaveLength(3);
});

describe('withdrawn keys', () => {
  const withdraw = () => withdrawSigningKeys(deps, core.tenant);
  const get = (name: string) => getOrCreatePat(deps, ada, parseTokenName(name));
  const put = (formatDefault: TokenFormat) =>
    deps.store.transact((tx) => tx.tokenSettings.put(core.tenant.id, { ...TOKEN_SETTINGS, formatDefault }));

  test('are gone at once, with all that they signed, wherever that is remembered; a new key signs at once', async () => {
    const tokens = [await jwt(), await jwt(core.clock.now() + DAY_MS)];
    await rotate();
    core.clock.advance(HOUR_MS);
    tokens.push(await jwt());
    const opaque = await core.pat(ada, 'opaque');
    for (const token of [...tokens, opaque]) expect(await core.standing(token)).toBe('ok');
    const { made: id, dropped, ended } = await withdraw();
    expect([await published(), [...dropped].sort(), ended]).toEqual([[id], [...new Set(tokens.map(kidOf))].sort(), 3]);
    for (const token of tokens) {
      expect([await core.standing(token), await verifiesElsewhere(token)]).toEqual(['unknown', false]);
    }
    expect(await core.standing(opaque)).toBe('ok');
    const next = await jwt();
    expect([kidOf(next), await core.standing(next), await verifiesElsewhere(next)]).toEqual([id, 'ok', true]);
    expect(await published(await restarted())).toEqual([id]);
  });

  test('end the tokens of which nothing is left: they are shown as revoked, by whom and why, and their names are free', async () => {
    await jwt();
    const { rows: before } = await listPats(deps, ada, { limit: 9, offset: 0, nameContains: '' });
    await withdraw();
    const { rows } = await listPats(deps, ada, { limit: 9, offset: 0, nameContains: '', isRevokedToo: true });
    const [one] = await shown(deps, ada, rows);
    expect(one).toMatchObject({
      ...{ state: 'revoked', endedBy: { kind: 'operator' }, tokens: before[0]?.tokens },
      pat: { ended: { at: core.clock.now(), reason: 'leaked' } },
    });
    await core.pat(ada, String(one?.pat.name));
  });

  test('end one value of many, and leave the token with the others', async () => {
    const first = await get('mixed');
    await put('jwt');
    const second = await get('mixed');
    await put('opaque');
    const third = await get('mixed');
    await withdraw();
    expect(await Promise.all([first, second, third].map(({ value }) => core.standing(value)))).toEqual([
      ...['ok', 'unknown', 'ok'],
    ]);
    const { rows } = await listPats(deps, ada, { limit: 9, offset: 0, nameContains: '' });
    expect(rows.map(({ tokens }) => tokens.map(({ generation }) => generation))).toEqual([[3, 1]]);
    expect((await get('mixed')).view.tokens[0]?.generation).toBe(4);
  });

  test('of which each signed a value of one token end it once', async () => {
    await put('jwt');
    const got = [await get('both')];
    await rotate();
    core.clock.advance(HOUR_MS);
    got.push(await get('both'));
    expect(new Set(got.map(({ value }) => kidOf(value))).size).toBe(2);
    expect((await withdraw()).ended).toBe(2);
    const { rows } = await listPats(deps, ada, { limit: 9, offset: 0, nameContains: '', isRevokedToo: true });
    expect(rows.map(({ pat, tokens }) => [pat.ended?.reason, tokens.length])).toEqual([['leaked', 1]]);
  });

  test('leave what had ended before as it was', async () => {
    await jwt();
    const id = (await core.rows('select pat from token'))[0]?.pat as PatId;
    await revokePat(deps, ada, id, 'unused');
    const before = await core.rows('select * from personal_access_token');
    core.clock.advance(1_000);
    expect((await withdraw()).ended).toBe(0);
    expect(await core.rows('select * from personal_access_token')).toEqual(before);
  });

  test('are all that stand by then: also one that another process has made since they were read', async () => {
    const beside = await nodeBeside(core);
    const transact: Deps['store']['transact'] = async (body) => {
      await rotateSigningKey(beside, core.tenant);
      return deps.store.transact(body);
    };
    const { made: id, dropped } = await withdrawSigningKeys(
      { ...deps, store: { ...deps.store, transact } },
      core.tenant,
    );
    expect(dropped).toHaveLength(2);
    expect(await published(await restarted())).toEqual([id]);
  });

  test('come after what one of their JWTs is just creating: after the answer nothing is made by it', async () => {
    const caller = await core.callerBy(await jwt());
    const { by, reached, letGo } = beforeCommit();
    const creating = createPat(by, caller, { name: parseTokenName('lasting'), format: 'opaque' });
    await reached;
    let isAnswered = false;
    const withdrawing = withdrawSigningKeys(await nodeBeside(core), core.tenant).finally(() => {
      isAnswered = true;
    });
    if (deps.store.isShared) while (!isAnswered && (await waiting()) === 0); // elsewhere one writer is enough
    expect(isAnswered).toBe(false);
    letGo();
    await Promise.all([creating, withdrawing]);
    await expect(createPat(deps, caller, { name: parseTokenName('late') })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  test('end all that proves itself; a row that was changed by hand is named, in the answer and in the audit', async () => {
    const tokens = [await jwt(), await jwt(), await jwt()];
    const [row] = await core.rows('select id, pat from token order by id');
    await core.tamper(`update token set expires_at = 9 where id = '${row?.id}'`);
    const { ended, unproved, dropped } = await withdraw();
    expect([ended, unproved]).toEqual([2, [row?.id]]);
    expect((await core.audit()).at(-1)?.details).toEqual({ dropped, count: 2, unproved });
    for (const token of tokens) expect(await core.standing(token)).toBe('unknown');
  });

  test('are in the audit, with how many values ended; where it cannot be written nothing happens (I2)', async () => {
    const token = await jwt();
    const { mended } = await core.breakAudit();
    await expect(withdraw()).rejects.toThrow();
    await mended();
    expect([await published(), await core.standing(token)]).toEqual([[kidOf(token)], 'ok']);
    await withdraw();
    expect((await core.audit()).at(-1)).toMatchObject({
      ...{ action: 'signing-key:Rotate', principalKind: 'operator', decision: 'allowed' },
      details: { dropped: [kidOf(token)], count: 1 },
    });
  });
});

/** The real store; its next body is held back when it has written everything. */
function beforeCommit() {
  const [written, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const transact: Deps['store']['transact'] = (body) =>
    deps.store.transact(async (tx) => {
      const result = await body(tx);
      written.resolve();
      await held.promise;
      return result;
    });
  return { by: { ...deps, store: { ...deps.store, transact } }, reached: written.promise, letGo: held.resolve };
}

const waiting = async (): Promise<number> => Number((await core.rows(WAITING))[0]?.n);
const WAITING = `select count(*) as n from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;
