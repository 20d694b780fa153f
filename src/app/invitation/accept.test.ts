import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { INVITATION_MS_MAX } from '#domain/invitation.ts';
import { parsePassword } from '#domain/password.ts';
import { parseEmail } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { type Core, ORIGIN, openCore } from '#support/core.ts';
import type { Deps } from '../deps.ts';
import { issuePasswordCode } from '../user/invite.ts';
import { acceptInvitation } from './accept.ts';

const PASSWORD = parsePassword('a password of some length');

let core: Core;
let ada: Caller;
let code: Sensitive;
beforeEach(async () => {
  core = await openCore();
  ada = await core.user('ada', 'tenant-member');
  code = await issuePasswordCode(core.deps, core.tenant, parseEmail(ada.principal.name));
});

/** The real store; what is given happens after the decision, while the password is being hashed. */
function meanwhile(act: () => unknown): Deps {
  const { store } = core.deps;
  let done: unknown;
  const step: Deps['step'] = (label) => {
    if (label === 'invitation:Accept.decided') done = act();
  };
  const transact: Deps['store']['transact'] = async (body) => {
    await done;
    return store.transact(body);
  };
  return { ...core.deps, step, store: { ...store, transact } };
}
const accept = (by: Deps = core.deps) =>
  acceptInvitation(by, core.tenant, { code, password: PASSWORD, email: undefined }, ORIGIN);
const left = () => core.rows('select (select count(*) from session) + (select count(*) from password) as made');

test('whoever holds the code has a password and a session', async () => {
  await accept();
  expect(await left()).toEqual([{ made: 2 }]);
});

test.each([
  { what: 'the code expires', act: () => core.clock.advance(INVITATION_MS_MAX) },
  { what: 'the user is deactivated', act: () => core.deactivate(ada) },
])('when $what while the password is being hashed, nothing is set and nobody is signed in', async ({ act }) => {
  await expect(accept(meanwhile(act))).rejects.toMatchObject({
    code: 'not_found',
    message: 'This link does not work: it was used, replaced by a newer one, or is too old. Ask for a new one.',
  });
  expect(await left()).toEqual([{ made: 0 }]);
});
