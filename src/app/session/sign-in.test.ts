import { beforeEach, describe, expect, test } from 'vitest';
import { hashPassword } from '#crypto/password.ts';
import type { Caller } from '#domain/caller.ts';
import { parsePassword } from '#domain/password.ts';
import { parseEmail } from '#domain/principal.ts';
import { type Core, ORIGIN, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import { acceptInvitation } from '../invitation/accept.ts';
import { verifySession } from '../token/verify.ts';
import { issuePasswordCode } from '../user/invite.ts';
import type { SignedIn } from './issue.ts';
import { signIn } from './sign-in.ts';

const OLD = parsePassword('the old password');
const NEW = parsePassword('the new password');
const WRONG = { code: 'unauthenticated', message: 'The e-mail address or the password is wrong.' };

let core: Core;
let ada: Caller;
beforeEach(async () => {
  core = await openCore();
  ada = await core.user('ada', 'tenant-member');
  const hash = await hashPassword(OLD, core.random);
  await core.deps.store.transact((tx) => tx.principals.setPassword(core.tenant.id, ada.principal.id, hash, 1));
});

const email = () => parseEmail(ada.principal.name);
const withPassword = (password = OLD, by: Deps = core.deps) =>
  signIn(by, core.tenant, { email: email(), password }, ORIGIN);
const sessionStands = async ({ cookie }: SignedIn) => (await verifySession(core.deps, cookie, ORIGIN)).ok;
async function renewed(): Promise<SignedIn> {
  const code = await issuePasswordCode(core.deps, core.tenant, email());
  return acceptInvitation(core.deps, core.tenant, { code, password: NEW, email: undefined }, ORIGIN);
}

/** The real store; a sign-in that has read the hash says so, and waits until it is let go. */
function heldBack() {
  const [reached, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { store } = core.deps;
  const passwordOf: Deps['store']['principals']['passwordOf'] = async (tenant, id) => {
    const hash = await store.principals.passwordOf(tenant, id);
    reached.resolve();
    await held.promise;
    return hash;
  };
  const by: Deps = { ...core.deps, store: { ...store, principals: { ...store.principals, passwordOf } } };
  return { by, reached: reached.promise, letGo: held.resolve };
}

test('whoever knows the password has a session, and the audit names it', async () => {
  const signedIn = await withPassword();
  expect(await sessionStands(signedIn)).toBe(true);
  expect(await core.audit()).toMatchObject([
    { action: 'session:Create', resource: `session/${signedIn.session.id}`, decision: 'allowed' },
  ]);
});

test('of a wrong one the audit says whose account it was', async () => {
  await expect(withPassword(NEW)).rejects.toMatchObject(WRONG);
  expect(await core.audit()).toMatchObject([
    { action: 'session:Create', resource: `user/${ada.principal.id}`, decision: 'denied' },
  ]);
});

describe('what happens while the password is being checked', () => {
  test.each([
    { what: 'the password is replaced', act: renewed },
    { what: 'the user is deactivated', act: async () => core.deactivate(ada) },
  ])('counts: where $what, the old one makes no session', async ({ act }) => {
    const { by, reached, letGo } = heldBack();
    const asked = withPassword(OLD, by);
    await reached;
    await act();
    const before = (await core.rows('select id from session')).length;
    letGo();
    await expect(asked).rejects.toMatchObject(WRONG);
    expect(await core.rows('select id from session')).toHaveLength(before);
    const entries = (await core.audit()).filter(({ action }) => action === 'session:Create');
    const ofAda = { decision: 'denied', resource: `user/${ada.principal.id}` };
    expect(entries).toMatchObject([ofAda]);
  });

  test('and is nothing, is nothing', async () => {
    const { by, reached, letGo } = heldBack();
    const asked = withPassword(OLD, by);
    await reached;
    letGo();
    expect(await sessionStands(await asked)).toBe(true);
  });

  /** More acceptances than one, at more moments than one: of each race the sign-ins may win or lose. */
  test.each([0, 1, 2])('no session made with the old password outlives its replacement: race %i', async (started) => {
    const sooner = Array.from({ length: started * 2 }, () => withPassword());
    const replaced = renewed();
    const later = Array.from({ length: 4 }, () => withPassword());
    const asked = await Promise.allSettled([...sooner, ...later]);
    const byNew = await replaced;
    const made = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(asked.filter(({ status }) => status === 'rejected')).toMatchObject(
      Array.from({ length: asked.length - made.length }, () => ({ reason: WRONG })),
    );
    expect(await Promise.all(made.map(sessionStands))).toEqual(made.map(() => false));
    expect(await sessionStands(byNew)).toBe(true);
    const standing = (await core.rows('select id from session where ended_at is null')).map(({ id }) => id);
    expect(standing).toEqual([byNew.session.id]);
    await expect(withPassword()).rejects.toMatchObject(WRONG);
    expect(await sessionStands(await withPassword(NEW))).toBe(true);
  });
});

test('an outage is nobody’s guess: it costs no attempt', async () => {
  const { store } = core.deps;
  const passwordOf = async () => {
    throw new Error('no database');
  };
  const by: Deps = { ...core.deps, store: { ...store, principals: { ...store.principals, passwordOf } } };
  for (let at = 0; at < 20; at++) await expect(withPassword(OLD, by)).rejects.toThrow('no database');
  expect(await sessionStands(await withPassword())).toBe(true);
});
