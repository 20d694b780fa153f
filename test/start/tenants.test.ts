import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { ADMIN_EMAIL, ADMIN_PASSWORD, type Served, serve, serving, spawned, unattended } from '#support/process.ts';
import { rowsIn } from '../faults/database.ts';
import { doctor } from './doctor.ts';

const ACME = 'https://acme.example';

let data: string;
beforeEach(() => {
  data = join(temporaryFolder(), 'data');
});

const run = (...words: readonly string[]) => spawned([...words, '--data', data]).ended;
const tenants = (...words: readonly string[]) => run('tenants', ...words);
const listed = async () => JSON.parse((await tenants('list', '--json')).said);
const codeIn = (said: string): string => /#(cs_invitation_\w{49})\n$/.exec(said)?.[1] ?? '';

/** From one of our pages, as it is served under this host. */
const form = async (served: Served, host: string, path: string, body: object) =>
  (
    await served.send({
      ...{ method: 'POST', path, body: JSON.stringify(body) },
      headers: { host, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    })
  ).status;

describe('a tenant that an operator makes', () => {
  test('is reached at its address, where its first administrator is made by the link that is printed', async () => {
    const served = await serving(data, unattended(data));
    const { code, said } = await tenants('create', 'acme', '--origin', ACME);
    expect([code, said]).toEqual([
      0,
      `The tenant acme is there. To make its administrator, within 15 minutes: ${ACME}/set-up#${codeIn(said)}\n`,
    ]);
    const given = { code: codeIn(said), email: ADMIN_EMAIL, password: 'another horse of another colour' };
    const home = new URL(served.origin).host;
    expect(await form(served, home, '/auth/accept-invitation', given)).toBe(404);
    expect(await form(served, 'acme.example', '/auth/accept-invitation', given)).toBe(200);
    const { email, password } = given;
    expect(await form(served, 'acme.example', '/auth/sign-in', { email, password })).toBe(200);
    expect(await form(served, home, '/auth/sign-in', { email, password })).toBe(401);
    expect(await form(served, home, '/auth/sign-in', { email, password: ADMIN_PASSWORD })).toBe(200);
    const acts = rowsIn(
      data,
      `select action, json_extract(entry, '$.principalKind') as who from audit_entry where action = 'tenant:Create'`,
    );
    expect(acts).toEqual([{ action: 'tenant:Create', who: 'operator' }]);
  });

  test('without an address is told how to get one; links are made for it from then on', async () => {
    await serving(data, unattended(data));
    const { code, said } = await tenants('create', 'acme');
    expect([code, said]).toEqual([0, expect.stringContaining('  countersign tenants origin acme URL\n')]);
    expect(await run('setup-link', '--tenant', 'acme')).toMatchObject({
      ...{ code: 1, said: expect.stringContaining('has no address') },
    });
    expect(await tenants('origin', 'acme', ACME)).toMatchObject({ code: 0, said: `${ACME} is an address of acme.\n` });
    expect(await tenants('alias', 'acme', 'acme-old')).toMatchObject({ code: 0 });
    const link = await run('setup-link', '--tenant', 'acme-old');
    expect(link).toMatchObject({ code: 0, said: `${ACME}/set-up#${codeIn(link.said)}\n` });
    expect(await run('setup-link')).toMatchObject({
      code: 1,
      said: expect.stringContaining('an administrator already'),
    });
  });
});

test('lists tenants, as a table and for programs, with all that was named and taken away', async () => {
  const served = await serving(data, unattended(data));
  for (const words of [
    ['create', 'acme', '--origin', ACME, '--origin', 'https://acme.example.org'],
    ['alias', 'acme', 'acme-old'],
    ['alias', 'acme', 'acme-new'],
    ['alias', 'acme', 'acme-old', '--remove'],
    ['origin', 'acme', 'https://acme.example.org', '--remove'],
    ['disable', 'acme'],
  ])
    expect(await tenants(...words)).toMatchObject({ code: 0 });
  const id = expect.any(String);
  expect(await listed()).toEqual([
    { id, name: 'acme', origins: [ACME], aliases: ['acme-new'], disabledAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    { id, name: 'default', origins: [served.origin], aliases: [], disabledAt: null },
  ]);
  expect((await tenants('list')).said).toMatch(
    /^\| Name +\| Origins +\| Aliases +\| Disabled At +\|\n\|[-|]+\|\n\| acme +\| https:\/\/acme\.example +\| acme-new \| \d{4}-/,
  );
  expect(await tenants('enable', 'acme')).toMatchObject({ code: 0 });
  expect((await listed())[0]).toMatchObject({ disabledAt: null });
});

test('a password link is for somebody of the tenant that is named', async () => {
  await serving(data, unattended(data));
  const made = await tenants('create', 'acme', '--origin', ACME);
  expect(made.code).toBe(0);
  const home = await run('password-link', ADMIN_EMAIL);
  expect(home).toMatchObject({ code: 0, said: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/invitation#/) });
  expect(await run('password-link', ADMIN_EMAIL, '--tenant', 'acme')).toMatchObject({
    ...{ code: 1, said: expect.stringContaining('There is no user with this e-mail address.') },
  });
});

test.each([
  [['disable', 'default'], 'own tenant'],
  [['disable', 'nobody'], 'There is no tenant nobody. To see those that there are: countersign tenants list'],
  [['create', 'default'], 'is taken already'],
  [['create', 'No'], 'A tenant name has'],
  [['create', 'acme', '--origin', 'acme.example'], 'An origin has the form'],
  [['origin', 'default', 'https://x.example', '--remove'], 'is no address of default'],
])('what cannot be done is refused with why, and nothing happens: %j', async (words, why) => {
  await serving(data, unattended(data));
  const before = await listed();
  expect(await tenants(...words)).toMatchObject({ code: 1, said: expect.stringContaining(why) });
  expect(await listed()).toEqual(before);
});

test('no other tenant gets the address of the server itself', async () => {
  const served = await serving(data, unattended(data));
  const { port } = new URL(served.origin);
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
    expect(await tenants('create', 'acme', '--origin', `http://${host}:${port}`)).toMatchObject({
      ...{ code: 1, said: expect.stringContaining("another tenant's address already") },
    });
  }
});

test('a server that is moved to the address of another tenant does not start, and doctor says what to do', async () => {
  const served = await serving(data, unattended(data));
  await tenants('create', 'acme', '--origin', ACME);
  served.process.kill();
  await served.ended;
  const told = expect.stringMatching(/tenant acme,.*countersign tenants origin acme https:\/\/acme\.example --remove/);
  const theirs = { env: { COUNTERSIGN_PUBLIC_URL: ACME } };
  expect(await serve(data, theirs)).toMatchObject({ code: 1, said: told });
  expect((await doctor(data, theirs)).checks['public-url']).toMatchObject({ state: 'failed', found: told });
  const env = { COUNTERSIGN_PUBLIC_URL: 'https://other.example' };
  expect((await doctor(data, { env })).checks['public-url']).toMatchObject({ state: 'ok' });
  await serving(data, { env });
  expect(await tenants('origin', 'acme', ACME, '--remove')).toMatchObject({ code: 0 });
});

test.each([
  [['tenants'], 'Usage: countersign tenants list|create|disable|enable|origin|alias'],
  [['tenants', 'reset'], 'Usage: countersign tenants list|'],
  [['tenants', 'list', 'x'], 'Usage: countersign tenants list [--data DIR]'],
  [['tenants', 'create'], 'Usage: countersign tenants create NAME [--origin URL]… [--data DIR]'],
  [['tenants', 'create', 'a', 'b'], 'Usage: countersign tenants create NAME [--origin URL]… [--data DIR]'],
  [['tenants', 'alias', 'a'], 'Usage: countersign tenants alias NAME ALIAS [--remove] [--data DIR]'],
  [['tenants', 'origin', 'a'], 'Usage: countersign tenants origin NAME URL [--remove] [--data DIR]'],
  [['tenants', 'disable', 'a', '--remove'], "Unknown option '--remove'"],
  [['setup-link', 'a'], 'Usage: countersign setup-link [--tenant NAME] [--data DIR]'],
  [['password-link'], 'Usage: countersign password-link EMAIL [--tenant NAME] [--data DIR]'],
])('says how it is used where it is asked %j', async (words, usage) => {
  expect(await run(...words)).toMatchObject({ code: 2, said: expect.stringContaining(usage) });
});

test('needs a server that runs', async () => {
  expect(await tenants('list')).toMatchObject({ code: 1, said: expect.stringContaining('No server runs on') });
});

test('a server does not start as a tenant that is disabled', async () => {
  const served = await serving(data, unattended(data));
  expect(await tenants('create', 'acme', '--origin', ACME)).toMatchObject({ code: 0 });
  expect(await tenants('disable', 'acme')).toMatchObject({ code: 0 });
  served.process.kill('SIGTERM');
  await served.ended;
  const again = await spawned(['serve', '--listen', '127.0.0.1:0', '--data', data, '--tenant', 'acme']).ended;
  expect(again).toMatchObject({ code: 1, said: expect.stringContaining('The tenant acme is disabled.') });
});
