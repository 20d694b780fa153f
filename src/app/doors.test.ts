import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import type { Instant } from '#domain/instant.ts';
import { newUser, parseEmail } from '#domain/principal.ts';
import { SESSION_MS_MAX } from '#domain/session.ts';
import type { PatId } from '#domain/token.ts';
import type { Transaction } from '#ports/store.ts';
import { type Core, ORIGIN, openCore } from '#support/core.ts';
import { testOn } from '#support/database.ts';
import { statementsOf } from '#support/statements.ts';
import type { Deps } from './deps.ts';
import { change, made, reveal, view } from './doors.ts';
import { newId } from './new-id.ts';
import { signOut } from './session/sign-out.ts';
import { revokePat } from './token/revoke.ts';

const ACT = { action: 'personal-access-token:Create', resource: 'personal-access-token/x' } as const;
const CREATE = { ...ACT, locate: made } as const;
const LIST = { action: 'personal-access-token:List', collection: 'personal-access-token/' } as const;
const brokenAudit = 'audit is broken';

let core: Core;
let deps: Deps;
let member: Caller;
let nobody: Caller;
beforeEach(async () => {
  core = await openCore();
  deps = core.deps;
  member = await core.user('ada', 'tenant-member');
  nobody = await core.user('bob');
});

const entry = (own: Partial<AuditEntry>) => ({
  ...{ id: expect.any(String), at: core.clock.now(), tenant: core.tenant.id },
  ...{ principal: member.principal.id, principalKind: 'user', surface: 'rest', requestId: 'request-1' },
  ...{ decision: 'allowed', details: {} },
  ...own,
});

/** One thing written, so that what is left of it can be counted. */
async function writeUser(tx: Transaction) {
  await tx.principals.insert(core.tenant.id, newUser(newId(deps), parseEmail('new@example.com'), 1));
  return { result: 'done', details: { count: 1 }, moved: [{ kind: 'tenant', id: core.tenant.id }] } as const;
}
const traces = async () =>
  (
    await core.rows(`select (select count(*) from principal where name = 'new@example.com') as users,
    (select count(*) from audit_entry) as entries, (select count(*) from change_log) as changes`)
  )[0];

describe('a change', () => {
  test('commits with its audit entry and its number, as one', async () => {
    const commits = await statementsOf(() => change(deps, member, CREATE, writeUser));
    expect(commits.result).toBe('done');
    expect(commits.statements.filter((sql) => sql === 'commit')).toHaveLength(1);
    expect(await traces()).toEqual({ users: 1, entries: 1, changes: 1 });
    expect(await core.audit()).toEqual([entry({ ...ACT, details: { count: 1 } })]);
  });

  test('without its entry did not happen (I2)', async () => {
    await core.breakAudit();
    await expect(change(deps, member, CREATE, writeUser)).rejects.toThrow(brokenAudit);
    expect(await traces()).toEqual({ users: 0, entries: 0, changes: 0 });
  });

  test('whose body fails leaves no entry either (I2)', async () => {
    const fails = change(deps, member, CREATE, async (tx) => {
      await writeUser(tx);
      throw new Error('on purpose');
    });
    await expect(fails).rejects.toThrow('on purpose');
    expect(await traces()).toEqual({ users: 0, entries: 0, changes: 0 });
  });

  test('whose number cannot be given did not happen (I2)', async () => {
    await core.breakTable('change_log', 'feed is broken');
    await expect(change(deps, member, CREATE, writeUser)).rejects.toThrow('feed is broken');
    expect(await traces()).toEqual({ users: 0, entries: 0, changes: 0 });
  });

  test('is believed by every verifier here when it returns, and one that moved nothing reads no feed', async () => {
    const moved = await statementsOf(() => change(deps, member, CREATE, writeUser));
    expect(deps.verified.sequence).toBe(1);
    const still = await statementsOf(() => change(deps, member, CREATE, async () => ({ result: 1 })));
    const readsOfFeed = ({ statements }: typeof moved | typeof still) =>
      statements.filter((sql) => sql.startsWith('select') && sql.includes('change_log')).length;
    expect([readsOfFeed(moved), readsOfFeed(still)]).toEqual([1, 0]);
  });

  test('finds, decides, prepares, writes, commits: in this order, and only the writing inside the transaction', async () => {
    const order: string[] = [];
    const note = (what: string) => order.push(what);
    const { statements } = await statementsOf(() =>
      change(
        { ...deps, step: (label) => note(label) },
        member,
        {
          ...CREATE,
          locate: async () => note('located'),
          async prepare() {
            await new Promise(setImmediate); // it may wait: no transaction is open
            note('prepared');
            return 'sealed';
          },
        },
        async (_, found, prepared) => ({ result: note(`written from ${found}, ${prepared}`) }),
      ),
    );
    expect(order).toEqual([
      ...['located', `${CREATE.action}.decided`, 'prepared', 'written from 1, sealed'],
      ...[`${CREATE.action}.written`, `${CREATE.action}.committed`],
    ]);
    expect(statements.at(0)).toBe('begin');
    expect(statements.at(-1)).toBe('commit');
  });

  test('that is denied prepares nothing and writes nothing', async () => {
    const unreachable = async () => expect.unreachable('it was denied');
    const what = { ...CREATE, prepare: unreachable };
    await expect(change(deps, nobody, what, unreachable)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('names what only its transaction could tell', async () => {
    await change(deps, member, CREATE, async () => ({ result: 1, resource: 'personal-access-token/known-now' }));
    expect(await core.audit()).toEqual([entry({ ...ACT, resource: 'personal-access-token/known-now' })]);
  });

  test('keeps where it came from beside the entry, where it can be erased', async () => {
    await change(deps, member, CREATE, writeUser);
    const { address, userAgent } = ORIGIN;
    expect(await core.rows('select address, user_agent from audit_entry')).toEqual([
      { address, user_agent: userAgent },
    ]);
    expect(JSON.stringify(await core.audit())).not.toContain(address);
  });

  testOn('sqlite')('waits for nothing but the database, where others wait for it', async () => {
    const slow = change(deps, member, CREATE, async () => {
      await new Promise(setImmediate);
      return { result: 'too late' };
    });
    await expect(slow).rejects.toThrow('waited for something other than the database');
    expect(await traces()).toEqual({ users: 0, entries: 0, changes: 0 });
  });
});

describe('a change, or a reveal, by a caller who was cut off after they were verified', () => {
  const byToken = async (own?: Instant) => core.callerBy(await core.pat(member, 'deploy', own));
  const bySession = () => core.signedIn(member);
  const soon = () => core.clock.now() + 1_000;
  const itsPat = ({ credential }: Caller) => (credential.kind === 'token' ? credential.pat : expect.unreachable());

  type Way = {
    readonly how: string;
    readonly caller: () => Promise<Caller>;
    readonly end: (caller: Caller) => unknown;
  };
  /** Each kind of credential, and each way in which it can end. */
  const WAYS: readonly Way[] = [
    { how: 'their token was revoked', caller: byToken, end: (caller) => revokePat(deps, member, itsPat(caller)) },
    { how: 'their token expired', caller: () => byToken(soon()), end: () => core.clock.advance(1_000) },
    { how: 'their token is gone', caller: byToken, end: () => core.tamper('delete from token') },
    { how: 'they were deactivated, with a token', caller: byToken, end: (caller) => core.deactivate(caller) },
    { how: 'their session ended', caller: bySession, end: (caller) => signOut(deps, caller) },
    { how: 'their session expired', caller: bySession, end: () => core.clock.advance(SESSION_MS_MAX) },
    { how: 'their session is gone', caller: bySession, end: () => core.tamper('delete from session') },
    { how: 'they were deactivated, with a session', caller: bySession, end: (caller) => core.deactivate(caller) },
  ];

  /** What is left of the change itself, whatever the cut-off left. */
  const written = async () => ({ users: (await traces())?.users, entries: (await core.audit()).filter(isOfChange) });
  const isOfChange = ({ resource }: AuditEntry) => resource === ACT.resource;

  test.each(WAYS)('is `unauthenticated` and leaves nothing, when $how meanwhile', async ({ end, ...way }) => {
    const caller = await way.caller();
    const what = { ...CREATE, prepare: async () => void (await end(caller)) };
    await expect(change(deps, caller, what, writeUser)).rejects.toMatchObject({
      ...{ code: 'unauthenticated', message: 'The API key is missing or not valid. Check your API key.' },
    });
    expect(await written()).toEqual({ users: 0, entries: [] });
  });

  const read = async () => expect.unreachable('it was read');

  test.each(WAYS)('is `unauthenticated` and shows nothing, when $how meanwhile', async ({ end, ...way }) => {
    const caller = await way.caller();
    const locate = async () => {
      await end(caller);
      return 'found';
    };
    await expect(reveal(deps, caller, { ...ACT, locate }, read)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await written()).toEqual({ users: 0, entries: [] });
  });

  test('shows nothing, with an entry of the denial, when they lost the right meanwhile', async () => {
    const caller = await byToken();
    const locate = async () => core.tamper('delete from role_grant where subject = ?', member.principal.id);
    await expect(reveal(deps, caller, { ...ACT, locate }, read)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await written()).toMatchObject({ entries: [{ decision: 'denied', action: ACT.action }] });
  });

  test('is denied, with its entry, when they lost the right meanwhile', async () => {
    const caller = await byToken();
    const lose = () => core.tamper('delete from role_grant where subject = ?', member.principal.id);
    const what = { ...CREATE, prepare: async () => void (await lose()) };
    await expect(change(deps, caller, what, writeUser)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await written()).toMatchObject({ users: 0, entries: [{ decision: 'denied', action: CREATE.action }] });
  });

  test('is a use of a dead token like any other: noted once', async () => {
    const caller = await byToken();
    const ended = { at: core.clock.now(), by: member.principal.id, reason: 'deleted' } as const;
    const revoke = () =>
      deps.store.transact((tx) => tx.pats.revoke(core.tenant.id, member.principal.id, itsPat(caller), ended));
    const what = { ...CREATE, prepare: async () => void (await revoke()) };
    await expect(change(deps, caller, what, writeUser)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(deps.uses.takeDead(10)).toMatchObject([{ known: { credential: { id: caller.credential.id } } }]);
  });

  test.each([
    { how: 'token', caller: byToken },
    { how: 'session', caller: bySession },
  ])('is carried out while their $how stands', async ({ caller }) => {
    await change(deps, await caller(), CREATE, writeUser);
    expect(await written()).toMatchObject({ users: 1, entries: [{ decision: 'allowed' }] });
  });

  testOn('sqlite')('sees a revocation that is committed just before it, in the very same commit', async () => {
    const caller = await byToken();
    const ended = { at: core.clock.now(), by: member.principal.id, reason: 'deleted' } as const;
    const { result, statements } = await statementsOf(() =>
      Promise.allSettled([
        deps.store.transact((tx) => tx.pats.revoke(core.tenant.id, member.principal.id, itsPat(caller), ended)),
        change(deps, caller, CREATE, writeUser),
      ]),
    );
    expect(statements.filter((sql) => sql === 'commit')).toHaveLength(1);
    expect(result).toMatchObject([
      { status: 'fulfilled', value: true },
      { status: 'rejected', reason: { code: 'unauthenticated' } },
    ]);
    expect(await written()).toEqual({ users: 0, entries: [] });
  });

  test('does not take the neighbours in its commit with it', async () => {
    const [caller, other] = [await byToken(), await bySession()];
    await core.deps.store.transact((tx) =>
      tx.pats.revoke(core.tenant.id, member.principal.id, itsPat(caller), {
        ...{ at: core.clock.now(), by: member.principal.id, reason: 'deleted' },
      }),
    );
    const both = [caller, other].map((by) => change(deps, by, CREATE, async () => ({ result: 'done' })));
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  test('whose row proves itself no more is `internal`: neither good nor gone (I9)', async () => {
    const caller = await byToken(soon());
    await core.tamper('update token set expires_at = null');
    await expect(change(deps, caller, CREATE, writeUser)).rejects.toMatchObject({ code: 'internal' });
    expect(await written()).toEqual({ users: 0, entries: [] });
  });
});

describe('a reveal', () => {
  test('is recorded, durably, before the value is read (I2)', async () => {
    const read = async (found: string) => [found, (await core.audit()).length];
    expect(await reveal(deps, member, { ...ACT, locate: async () => 'found' }, read)).toEqual(['found', 1]);
    expect(await core.audit()).toEqual([entry(ACT)]);
  });

  test('that cannot be recorded reads nothing (I2)', async () => {
    await core.breakAudit();
    const read = async () => expect.unreachable('it was read');
    await expect(reveal(deps, member, { ...ACT, locate: async () => 'found' }, read)).rejects.toThrow(brokenAudit);
  });

  test.each([
    { rights: 'without rights', located: 'found', code: 'forbidden' },
    { rights: 'with rights', located: undefined, code: 'not_found' },
    { rights: 'without rights', located: undefined, code: 'forbidden' },
  ])('of $located, $rights, is $code and reads nothing', async ({ rights, located, code }) => {
    const caller = rights === 'with rights' ? member : nobody;
    const read = async () => expect.unreachable('it was read');
    await expect(reveal(deps, caller, { ...ACT, locate: async () => located }, read)).rejects.toMatchObject({ code });
    expect(await core.audit()).toEqual([entry({ ...ACT, principal: caller.principal.id, decision: 'denied' })]);
  });
});

describe('a view', () => {
  test('decides once, then reads; being allowed to look is no entry', async () => {
    expect(await view(deps, member, LIST, async () => 'seen')).toBe('seen');
    expect(await core.audit()).toEqual([]);
  });

  test('that is denied is an entry, and reads nothing', async () => {
    const read = async () => expect.unreachable('it was read');
    await expect(view(deps, nobody, LIST, read)).rejects.toMatchObject({ code: 'forbidden' });
    const { action, collection: resource } = LIST;
    expect(await core.audit()).toEqual([
      entry({ action, resource, principal: nobody.principal.id, decision: 'denied' }),
    ]);
  });
});

describe('a denial', () => {
  const denied = () => change(deps, nobody, CREATE, writeUser);

  test('says what is missing to the caller, and on what to the log alone', async () => {
    await expect(denied()).rejects.toMatchObject({
      ...{ code: 'forbidden', message: 'This needs personal-access-token:Create.' },
      detail: 'personal-access-token:Create denied on personal-access-token/x',
    });
  });

  test('that cannot be recorded is an outage, not a denial; the next one is tried again', async () => {
    const { mended } = await core.breakAudit();
    await expect(denied()).rejects.toThrow(brokenAudit);
    await mended();
    await expect(denied()).rejects.toMatchObject({ code: 'forbidden' });
    expect(await core.audit()).toEqual([entry({ ...ACT, principal: nobody.principal.id, decision: 'denied' })]);
  });

  test('of a closed database is `unavailable`', async () => {
    await deps.store.close();
    await expect(denied()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('what is not there and what is not the caller’s (I6)', () => {
  const absent = 'a'.repeat(24) as PatId;
  /** The answer, what the engine was asked to do, and the entry without what must differ. */
  async function askedBy(caller: Caller, id: PatId) {
    const before = (await core.audit()).length;
    const { result, statements } = await statementsOf(() =>
      revokePat(deps, caller, id).then(
        () => 'revoked',
        (error) => ({ code: error.code, message: error.message }),
      ),
    );
    core.clock.advance(60_000); // a minute in which the next denial is the first
    const entries = (await core.audit()).slice(before);
    return { result, statements, entries: entries.map(({ id, at, resource, ...same }) => ({ ...same })) };
  }

  test('are one answer by the same statements and the same entry', async () => {
    const carol = await core.user('carol', 'tenant-member');
    await core.pat(carol, 'deploy');
    const [theirs] = (
      await deps.store.pats.list(core.tenant.id, carol.principal.id, { limit: 1, offset: 0, nameContains: '' })
    ).rows;
    await askedBy(member, absent); // whatever happens once has happened
    const ofAnother = await askedBy(member, theirs?.pat.id as PatId);
    expect(ofAnother.result).toEqual({ code: 'not_found', message: 'There is nothing of that name or id.' });
    expect(ofAnother).toEqual(await askedBy(member, absent));
    expect(ofAnother.entries).toMatchObject([{ decision: 'denied' }]);
  });

  test('cost a caller without rights the same, found or not', async () => {
    const rights = member.rights;
    const owner = { ...member, rights: nobody.rights };
    await core.pat({ ...member, rights }, 'deploy');
    const [own] = await core.rows('select id from personal_access_token');
    await askedBy(owner, absent);
    expect(await askedBy(owner, own?.id as PatId)).toEqual(await askedBy(owner, absent));
  });

  test('take the way of a denial: the same work, and an entry', async () => {
    const denied = { ...member, rights: nobody.rights };
    await askedBy(denied, absent);
    const [absence, denial] = [await askedBy(member, absent), await askedBy(denied, absent)];
    expect({ ...absence, result: '' }).toEqual({ ...denial, result: '' });
  });
});
