import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { parseEmail } from '#domain/principal.ts';
import { type Core, openCore } from '#support/core.ts';
import { registerUser } from './register.ts';

const email = parseEmail('new@example.com');

let core: Core;
let admin: Caller;
beforeEach(async () => {
  core = await openCore();
  admin = await core.user('root', 'tenant-admin');
});

const register = (own = {}, by = admin) =>
  registerUser(core.deps, by, { email, skipIfExists: false, dryRun: false, ...own });
const resources = async () =>
  (await core.audit()).map(({ action, resource, decision }) => [action, resource, decision]);

test('the audit names the user by id, made now or found; a denial names none', async () => {
  await expect(register({}, await core.user('bob'))).rejects.toMatchObject({ code: 'forbidden' });
  await register();
  await register({ skipIfExists: true });
  const [row] = await core.rows('select id from principal where name = ?', email);
  expect(await resources()).toEqual([
    ['user:ManageUsers', 'user/', 'denied'],
    ['user:ManageUsers', `user/${row?.id}`, 'allowed'],
    ['user:ManageUsers', `user/${row?.id}`, 'allowed'],
  ]);
});
