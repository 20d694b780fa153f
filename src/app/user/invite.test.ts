import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { parsePassword } from '#domain/password.ts';
import { parseEmail } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { type Core, ORIGIN, openCore } from '#support/core.ts';
import { acceptInvitation } from '../invitation/accept.ts';
import type { SignedIn } from '../session/issue.ts';
import { signIn } from '../session/sign-in.ts';
import { verifySession } from '../token/verify.ts';
import { inviteUser, issuePasswordCode } from './invite.ts';

const FIRST = parsePassword('the first password');
const SECOND = parsePassword('the second password');

let core: Core;
let admin: Caller;
let ada: Caller;
beforeEach(async () => {
  core = await openCore();
  admin = await core.user('root', 'tenant-admin');
  ada = await core.user('ada', 'tenant-member');
});

const emailOf = (user: Caller) => parseEmail(user.principal.name);
const invite = (user: Caller, by = admin) => inviteUser(core.deps, by, emailOf(user));
const passwordCode = (user: Caller) => issuePasswordCode(core.deps, core.tenant, emailOf(user));
const accept = (code: Sensitive, password = FIRST) =>
  acceptInvitation(core.deps, core.tenant, { code, password, email: undefined }, ORIGIN);
const signedIn = (user: Caller, password: Sensitive) =>
  signIn(core.deps, core.tenant, { email: emailOf(user), password }, ORIGIN);
const standing = async ({ cookie }: SignedIn) => (await verifySession(core.deps, cookie, ORIGIN)).ok;
const codes = async () => (await core.rows('select used_at from invitation order by id')).map(({ used_at }) => used_at);

describe('an invitation', () => {
  test('lets a user set their first password, once; an earlier code stops working', async () => {
    const [earlier, code] = [await invite(ada), await invite(ada)];
    await expect(accept(earlier)).rejects.toMatchObject({ code: 'not_found' });
    expect(await standing(await accept(code))).toBe(true);
    await expect(accept(code)).rejects.toMatchObject({ code: 'not_found' });
    expect(await standing(await signedIn(ada, FIRST))).toBe(true);
  });

  /** Whoever had an administrator’s token could make themselves a session of it, or take over anybody’s account. */
  test.each([
    { whose: 'somebody else', user: () => ada },
    { whose: 'the administrator themselves', user: () => admin },
  ])('is a conflict for who has a password, as $whose, and leaves no code and no entry', async ({ user }) => {
    const session = await accept(await passwordCode(user()));
    const before = [await codes(), await core.audit()];
    await expect(invite(user())).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('countersign password-link EMAIL'),
    });
    expect([await codes(), await core.audit()]).toEqual(before);
    expect(await standing(session)).toBe(true);
  });

  test('by a token is no way around it: it is the same answer', async () => {
    await accept(await invite(ada));
    const byToken = await core.callerBy(await core.pat(admin, 'deploy'));
    await expect(invite(ada, byToken)).rejects.toMatchObject({ code: 'conflict' });
  });

  test.each([
    { by: 'a member', caller: () => ada, email: 'root@example.com', code: 'forbidden' },
    { by: 'a member', caller: () => ada, email: 'nobody@example.com', code: 'forbidden' },
    { by: 'an administrator', caller: () => admin, email: 'nobody@example.com', code: 'not_found' },
  ])('by $by for $email is $code', async ({ caller, email, code }) => {
    await expect(inviteUser(core.deps, caller(), parseEmail(email))).rejects.toMatchObject({ code });
    expect(await codes()).toEqual([]);
  });

  test('stands in the audit with whom it is for', async () => {
    await invite(ada);
    expect(await core.audit()).toMatchObject([{ action: 'user:ManageUsers', resource: `user/${ada.principal.id}` }]);
  });
});

describe('a code for another password', () => {
  test('replaces the one there is, and ends every earlier session and code', async () => {
    const sessions = [await accept(await invite(ada)), await signedIn(ada, FIRST)];
    const [earlier, code] = [await passwordCode(ada), await passwordCode(ada)];
    expect(await Promise.all(sessions.map(standing))).toEqual([true, true]); // until it is used
    await expect(accept(earlier, SECOND)).rejects.toMatchObject({ code: 'not_found' });
    const renewed = await accept(code, SECOND);
    expect(await Promise.all([...sessions, renewed].map(standing))).toEqual([false, false, true]);
    await expect(accept(code, SECOND)).rejects.toMatchObject({ code: 'not_found' });
    await expect(signedIn(ada, FIRST)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await standing(await signedIn(ada, SECOND))).toBe(true);
  });

  test('ends an invitation too, and leaves everybody else’s sessions and codes', async () => {
    const bob = await core.user('bob', 'tenant-member');
    const [invitation, bobs, admins] = [await invite(ada), await invite(bob), await accept(await passwordCode(admin))];
    await accept(await passwordCode(ada), SECOND);
    await expect(accept(invitation)).rejects.toMatchObject({ code: 'not_found' });
    expect(await standing(admins)).toBe(true);
    expect(await standing(await accept(bobs))).toBe(true);
  });

  test('is the operator’s act, and stands in the audit as that', async () => {
    await passwordCode(ada);
    expect(await core.audit()).toMatchObject([
      {
        ...{ action: 'user:IssuePasswordLink', resource: `user/${ada.principal.id}`, decision: 'allowed' },
        ...{ principalKind: 'operator', surface: 'operator' },
      },
    ]);
  });

  test('of an address that nobody has is `not_found`, and an entry', async () => {
    const asked = issuePasswordCode(core.deps, core.tenant, parseEmail('nobody@example.com'));
    await expect(asked).rejects.toMatchObject({ code: 'not_found' });
    expect(await core.audit()).toMatchObject([
      { action: 'user:IssuePasswordLink', resource: 'user/', decision: 'denied' },
    ]);
  });
});
