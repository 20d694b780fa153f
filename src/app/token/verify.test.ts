import { beforeEach, describe, expect, test } from 'vitest';
import { mint } from '#crypto/opaque.ts';
import type { Caller } from '#domain/caller.ts';
import { parseEmail } from '#domain/principal.ts';
import { Sensitive } from '#domain/sensitive.ts';
import type { PatId } from '#domain/token.ts';
import type { TokenReads } from '#ports/tokens.ts';
import { addKey, type Core, ORIGIN, openCore } from '#support/core.ts';
import { statementsOf } from '#support/statements.ts';
import type { Deps } from '../deps.ts';
import { newSession } from '../session/issue.ts';
import { signOut } from '../session/sign-out.ts';
import { catchUp } from './catch-up.ts';
import { revokeAllPats, revokePat } from './revoke.ts';
import { VerifiedCredentials } from './verified-credentials.ts';
import { verifySession, verifyToken } from './verify.ts';

let core: Core;
let deps: Deps;
let ada: Caller;
let admin: Caller;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  ada = await core.user('ada', 'tenant-member');
  admin = await core.user('root', 'tenant-admin');
});

const costOf = async (token: Sensitive, by = deps) => {
  const { result, statements } = await statementsOf(() => core.standing(token, by));
  return { standing: result, statements: statements.length };
};
const never = () => mint('pat', core.random);
const patIdOf = async (token: Sensitive) => {
  const { credential } = await core.callerBy(token);
  return credential.kind === 'token' ? credential.pat : expect.unreachable();
};
/** As another process on the same database: nothing is remembered here, and no change is heard of until it catches up. */
const elsewhere = async (): Promise<Deps> => ({
  ...deps,
  verified: new VerifiedCredentials('other salt', await deps.store.changes.latest()),
});

/** The real store; every lookup is counted, and held back until it is let go. */
function heldBack() {
  let letGo = () => {};
  let reads = 0;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const byDigest: TokenReads['byDigest'] = async (digests) => {
    reads += 1;
    const known = await deps.store.tokens.byDigest(digests);
    await held;
    return known;
  };
  const by: Deps = { ...deps, store: { ...deps.store, tokens: { ...deps.store.tokens, byDigest } } };
  return { by, letGo, reads: () => reads };
}

describe('a credential', () => {
  test('that is good says who asks: tenant, principal, credential, rights, and from where', async () => {
    const expiresAt = core.clock.now() + 1_000;
    const token = await core.pat(ada, 'deploy', expiresAt);
    const preview = expect.stringMatching(/^tfy_pat_.{4}….{4}$/);
    expect(await verifyToken(deps, token, ORIGIN)).toEqual({
      ok: true,
      caller: {
        ...{ tenant: core.tenant, principal: ada.principal, rights: ada.rights, origin: ORIGIN },
        credential: {
          ...{ kind: 'token', id: expect.any(String), pat: expect.any(String), generation: 1 },
          ...{ name: 'deploy', preview, expiresAt },
        },
      },
    });
  });

  test.each(['', 'garbage', 'tfy_pat_', `tfy_pat_${'0'.repeat(49)}`, 'tfy-pat-x', 'x'.repeat(100_000)])(
    'that is malformed costs nothing (I8): case %#',
    async (text) => {
      expect(await costOf(new Sensitive(text))).toEqual({ standing: 'malformed', statements: 0 });
    },
  );

  test('of another kind is malformed: a session’s cookie is no token, a token no cookie', async () => {
    const token = await core.pat(ada, 'deploy');
    expect(await verifySession(deps, token, ORIGIN)).toEqual({ ok: false, reason: 'malformed' });
    for (const kind of ['session', 'invitation'] as const) {
      expect(await core.standing(mint(kind, core.random))).toBe('malformed');
    }
  });

  test('that was never issued and one that was purged are one answer by the same one statement (I6)', async () => {
    const purged = await core.pat(ada, 'deploy');
    await core.tamper('delete from token');
    const stranger = await statementsOf(() => core.standing(never()));
    expect([stranger.result, stranger.statements.length]).toEqual(['unknown', 1]);
    expect(await statementsOf(() => core.standing(purged))).toEqual(stranger);
  });
});

describe('what was read once', () => {
  test('costs no statement again, and verifying never writes', async () => {
    const token = await core.pat(ada, 'deploy');
    const { result, statements } = await statementsOf(() => core.standing(token));
    expect([result, statements.map((sql) => sql.split(' ')[0])]).toEqual(['ok', ['select', 'select']]);
    for (let use = 0; use < 3; use++) expect(await costOf(token)).toEqual({ standing: 'ok', statements: 0 });
  });

  test('is asked for once, however many ask at once', async () => {
    const token = await core.pat(ada, 'deploy');
    const ask = () => Promise.all(Array.from({ length: 50 }, () => core.standing(token)));
    const { result, statements } = await statementsOf(ask);
    expect([new Set(result), statements.length]).toEqual([new Set(['ok']), 2]);
  });

  test('is read again after a minute: the second line of defence', async () => {
    const token = await core.pat(ada, 'deploy');
    await core.standing(token);
    core.clock.advance(59_999);
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 0 });
    core.clock.advance(1);
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 2 });
  });

  test('expires at the exact instant, though it is remembered (I3)', async () => {
    const token = await core.pat(ada, 'short', core.clock.now() + 1_000);
    expect(await core.standing(token)).toBe('ok');
    core.clock.advance(999);
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 0 });
    core.clock.advance(1);
    expect(await costOf(token)).toEqual({ standing: 'expired', statements: 0 });
  });

  test('nobody knows is believed for five seconds, and not longer', async () => {
    const stranger = never();
    expect(await costOf(stranger)).toEqual({ standing: 'unknown', statements: 1 });
    core.clock.advance(4_999);
    expect(await costOf(stranger)).toEqual({ standing: 'unknown', statements: 0 });
    core.clock.advance(1);
    expect(await costOf(stranger)).toEqual({ standing: 'unknown', statements: 1 });
  });

  test('is not made young by a clock that was turned back', async () => {
    const [token, stranger] = [await core.pat(ada, 'deploy'), never()];
    for (const one of [token, stranger]) await core.standing(one);
    core.clock.advance(-1);
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 2 });
    expect(await costOf(stranger)).toEqual({ standing: 'unknown', statements: 1 });
  });

  test('and could not be read is an outage, is nobody’s bad credential, and is kept for nobody (I8)', async () => {
    const token = await core.pat(ada, 'deploy');
    let broken = true;
    const byDigest: TokenReads['byDigest'] = async (digests) => {
      if (broken) throw new Error('no database');
      return deps.store.tokens.byDigest(digests);
    };
    const by: Deps = { ...deps, store: { ...deps.store, tokens: { ...deps.store.tokens, byDigest } } };
    const asked = await Promise.allSettled([1, 2, 3].map(() => core.standing(token, by)));
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    broken = false;
    expect(await core.standing(token, by)).toBe('ok');
  });

  test('still verifies while the database is closed; what was not is `unavailable` (I8)', async () => {
    const [read, unread] = [await core.pat(ada, 'read'), await core.pat(ada, 'unread')];
    await core.standing(read);
    await deps.store.close();
    expect(await core.standing(read)).toBe('ok');
    await expect(core.standing(unread)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(core.standing(never())).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('and proves itself no more is `internal` for whoever reads it, never unknown and never good (I9)', async () => {
    const token = await core.pat(ada, 'deploy', core.clock.now() + 1_000);
    await core.tamper('update token set expires_at = null');
    await expect(core.standing(token)).rejects.toMatchObject({ code: 'internal' });
    await expect(core.standing(token)).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('a revocation', () => {
  test('is seen by the very next verification here (I3)', async () => {
    const [token, other] = [await core.pat(ada, 'deploy'), await core.pat(ada, 'other')];
    expect([await core.standing(token), await core.standing(other)]).toEqual(['ok', 'ok']);
    await revokePat(deps, ada, await patIdOf(token));
    expect(await core.standing(token)).toBe('revoked');
    expect(await costOf(other)).toEqual({ standing: 'ok', statements: 0 });
  });

  test('of everything a user holds is seen for each of their tokens, and nobody else’s (I3)', async () => {
    const own = [await core.pat(ada, 'one'), await core.pat(ada, 'two')];
    const others = await core.pat(admin, 'others');
    for (const token of [...own, others]) expect(await core.standing(token)).toBe('ok');
    expect(await revokeAllPats(deps, admin, parseEmail(ada.principal.name))).toBe(2);
    for (const token of own) expect(await core.standing(token)).toBe('revoked');
    expect(await costOf(others)).toEqual({ standing: 'ok', statements: 0 });
  });

  test('of a session ends it at once', async () => {
    const { cookie, session, digest } = newSession(deps, ada.principal.id);
    await deps.store.transact((tx) => tx.sessions.insert(core.tenant.id, session, digest));
    const verified = await verifySession(deps, cookie, ORIGIN);
    if (!verified.ok) expect.unreachable('a fresh session is good');
    else await signOut(deps, verified.caller);
    expect(await verifySession(deps, cookie, ORIGIN)).toEqual({ ok: false, reason: 'revoked' });
  });

  test('reaches another process when it catches up, and what it reads until then is as good as it was', async () => {
    const token = await core.pat(ada, 'deploy');
    const there = await elsewhere();
    expect(await core.standing(token, there)).toBe('ok');
    await revokePat(deps, ada, await patIdOf(token));
    expect(await core.standing(token, there)).toBe('ok');
    await catchUp(there);
    expect(await core.standing(token, there)).toBe('revoked');
  });

  test('that overtakes a lookup leaves nothing of it: not kept, and not shared with who asks later (I3)', async () => {
    const token = await core.pat(ada, 'deploy');
    const id = (await deps.store.pats.byName(core.tenant.id, ada.principal.id, 'deploy' as never))?.id;
    const { by, letGo } = heldBack();
    const asked = core.standing(token, by);
    await revokePat(deps, ada, id as never);
    expect(await core.standing(token)).toBe('revoked');
    letGo();
    expect(await asked).toBe('revoked'); // read again: nobody knows which came first
    expect(await core.standing(token)).toBe('revoked');
  });

  /** Whoever can write the database, and has no key, sets the counter before each revocation. */
  test.each([
    { how: 'raised', counters: [1_000_000] },
    { how: 'lowered', counters: [0] },
    { how: 'raised, used, and lowered', counters: [1_000_000, 5_000] },
    { how: 'raised, used, and put back to where it was', counters: [1_000_000, 0] },
    { how: 'turned back to a number that was given', counters: [7, 7] },
    { how: 'made negative', counters: [-1_000_000] },
  ])('is seen at once, though the counter was $how in the database (I3, I9)', async ({ counters }) => {
    const decoys = await Promise.all(counters.slice(1).map((_, at) => core.pat(ada, `decoy-${at}`)));
    const victim = await core.pat(ada, 'victim');
    const revoked = [...decoys, victim];
    const ids = await Promise.all(revoked.map(patIdOf));
    for (const [at, token] of revoked.entries()) {
      expect(await core.standing(token)).toBe('ok');
      expect(await core.tamper('update change_counter set sequence = ?', counters[at] ?? 0)).toBe(1);
      await revokePat(deps, ada, ids[at] as PatId);
      expect(await core.standing(token)).toBe('revoked');
    }
    expect(await Promise.all(revoked.map((token) => core.standing(token)))).toEqual(revoked.map(() => 'revoked'));
  });

  test('whose feed cannot be read is seen here; alone with the database nothing else is believed either', async () => {
    const [token, other] = [await core.pat(ada, 'deploy'), await core.pat(ada, 'other')];
    const id = await patIdOf(token);
    await core.standing(other);
    const since = async () => {
      throw new Error('no feed');
    };
    const deaf: Deps = { ...deps, store: { ...deps.store, changes: { ...deps.store.changes, since } } };
    await revokePat(deaf, ada, id);
    expect(await core.standing(token)).toBe('revoked');
    expect(await costOf(other)).toEqual({ standing: 'ok', statements: deps.store.isShared ? 0 : 2 });
  });

  test('and another, caught up with side by side, are both applied', async () => {
    const tokens = await Promise.all(['one', 'two', 'three'].map((name) => core.pat(ada, name)));
    const there = await elsewhere();
    for (const token of tokens) expect(await core.standing(token, there)).toBe('ok');
    const ids = await Promise.all(tokens.map(patIdOf));
    await Promise.all(ids.map((id) => revokePat(deps, ada, id).then(() => catchUp(there))));
    await Promise.all([catchUp(there), catchUp(there)]);
    expect(there.verified.sequence).toBe(await deps.store.changes.latest());
    for (const token of tokens) expect(await core.standing(token, there)).toBe('revoked');
  });
});

describe('unknown credentials', () => {
  const MAX = 200;
  const from = (token: Sensitive, address: string | undefined) => verifyToken(deps, token, { ...ORIGIN, address });
  const flood = async () => {
    for (let at = 0; at < MAX; at++) expect(await core.standing(never())).toBe('unknown');
  };

  test('beyond two hundred from one address in ten seconds nothing more is read for it, and nothing is called bad', async () => {
    const [remembered, unread] = [await core.pat(ada, 'remembered'), await core.pat(ada, 'unread')];
    await core.standing(remembered);
    await flood();
    const { result, statements } = await statementsOf(() =>
      Promise.allSettled([never(), unread].map((token) => core.standing(token))),
    );
    const limited = { status: 'rejected', reason: { code: 'rate_limited', retryAfterSeconds: 10 } };
    expect([result, statements]).toMatchObject([[limited, limited], []]);
    expect(await costOf(remembered)).toEqual({ standing: 'ok', statements: 0 });
    expect(deps.strangers.total).toBe(MAX);
    core.clock.advance(10_000);
    expect(await core.standing(unread)).toBe('ok');
  });

  test.each([
    { what: 'is too old', age: () => core.clock.advance(61_000) },
    { what: 'may not be believed', age: () => deps.verified.forgetAll() },
  ])('are in no way of one that was known, when what is remembered of it $what', async ({ age }) => {
    const token = await core.pat(ada, 'deploy');
    await core.standing(token);
    age();
    await flood();
    expect(await costOf(token)).toEqual({ standing: 'ok', statements: 2 });
  });

  test('of one address are in nobody else’s way', async () => {
    const token = await core.pat(ada, 'deploy');
    await flood();
    expect(await from(token, '192.0.2.8')).toMatchObject({ ok: true });
  });

  test('are counted each time; one that comes again and again is read once, and stands in nobody’s way', async () => {
    const [token, unread, stranger] = [await core.pat(ada, 'deploy'), await core.pat(ada, 'unread'), never()];
    for (let at = 0; at < MAX + 1; at++) expect(await core.standing(token)).toBe('ok');
    for (let at = 0; at < MAX + 1; at++) expect(await core.standing(new Sensitive('garbage'))).toBe('malformed');
    expect(deps.strangers.total).toBe(0);
    for (let at = 0; at < MAX + 1; at++) expect(await core.standing(stranger)).toBe('unknown');
    expect(deps.strangers.total).toBe(MAX + 1);
    expect(await core.standing(unread)).toBe('ok');
  });

  test('of sessions count like those of tokens', async () => {
    const cookie = () => verifySession(deps, mint('session', core.random), ORIGIN);
    for (let at = 0; at < MAX; at++) expect(await cookie()).toEqual({ ok: false, reason: 'unknown' });
    await expect(cookie()).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(core.standing(never())).rejects.toMatchObject({ code: 'rate_limited' });
  });
});

describe('peppers', () => {
  test('an old token verifies while its pepper is held, and a new one under the newest', async () => {
    const old = await core.pat(ada, 'old');
    await addKey(deps, 'token-pepper');
    const young = await core.pat(ada, 'young');
    const there = await elsewhere();
    expect([await core.standing(old, there), await core.standing(young, there)]).toEqual(['ok', 'ok']);
    expect(await costOf(never(), there)).toEqual({ standing: 'unknown', statements: 1 });
    const peppers = await core.rows('select distinct pepper from token');
    expect(peppers).toHaveLength(2);
  });
});

describe('a use', () => {
  test('that is accepted is noted with its surface and address, one that is refused as that, an unknown one not at all', async () => {
    const token = await core.pat(ada, 'short', core.clock.now() + 1_000);
    const { credential } = await core.callerBy(token);
    const at = core.clock.now();
    const { surface, address } = ORIGIN;
    expect(deps.uses.takeLive(9)).toEqual([{ tenant: core.tenant.id, token: credential.id, at, surface, address }]);
    core.clock.advance(1_000);
    for (const one of [token, never()]) await core.standing(one);
    expect(deps.uses.takeLive(9)).toEqual([]);
    expect(deps.uses.takeDead(9).map(({ known, at }) => [known.credential.id, at])).toEqual([
      [credential.id, at + 1_000],
    ]);
  });
});
