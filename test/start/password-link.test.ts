import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { ADMIN_EMAIL, ADMIN_PASSWORD, type Served, serving, spawned, unattended } from '#support/process.ts';
import { rowsIn } from '../faults/database.ts';

const NEW_PASSWORD = 'another correct horse battery';

let data: string;
let served: Served;
beforeEach(async () => {
  data = join(temporaryFolder(), 'data');
  served = await serving(data, unattended(data));
});

const passwordLink = (...words: readonly string[]) => spawned(['password-link', ...words, '--data', data]).ended;

const form = (path: string, body: object, cookie = '') =>
  served.send({
    ...{ method: 'POST', path, body: JSON.stringify(body) },
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...(cookie ? { cookie } : {}) },
  });
const signIn = (password: string) => form('/auth/sign-in', { email: ADMIN_EMAIL, password });

test('whoever lost their password sets another by a link of the operator’s, once; the old one and its sessions end', async () => {
  const cookie = String((await signIn(ADMIN_PASSWORD)).headers['set-cookie']).split(';')[0] ?? '';
  const { code, said } = await passwordLink(ADMIN_EMAIL);
  expect({ code, said }).toEqual({
    code: 0,
    said: expect.stringMatching(new RegExp(`^${served.origin}/invitation#cs_invitation_\\w{49}\n$`)),
  });
  const given = { code: new URL(said.trim()).hash.slice(1), password: NEW_PASSWORD };
  expect((await form('/auth/accept-invitation', given)).status).toBe(200);
  expect((await form('/auth/accept-invitation', given)).status).toBe(404);
  expect([(await signIn(ADMIN_PASSWORD)).status, (await signIn(NEW_PASSWORD)).status]).toEqual([401, 200]);
  expect((await form('/auth/sign-out', {}, cookie)).status).toBe(401);
  const asked = `select json_extract(entry, '$.principalKind') as who, decision
    from audit_entry where action = 'user:IssuePasswordLink'`;
  expect(rowsIn(data, asked)).toEqual([{ who: 'operator', decision: 'allowed' }]);
});

test('for nobody there is no link, and it says so', async () => {
  const { code, said } = await passwordLink('nobody@example.com');
  expect({ code, said }).toEqual({ code: 1, said: 'countersign: There is no user with this e-mail address.\n' });
});

test.each([[], ['one@example.com', 'two@example.com'], ['--unknown']])(
  'words that are not one address are not understood: %s',
  async (...words) => {
    expect((await passwordLink(...words)).code).toBe(2);
  },
);

test('what breaks behind the socket is told and logged, and the server goes on', async () => {
  const raw = new DatabaseSync(join(data, 'countersign.db'), { timeout: 5_000 }); // the server writes now and then
  raw.exec('alter table invitation rename to away');
  const { code, said } = await passwordLink(ADMIN_EMAIL);
  expect({ code, said }).toEqual({
    code: 1,
    said: 'countersign: Something went wrong on the server: its log says what.\n',
  });
  raw.exec('alter table away rename to invitation');
  raw.close();
  expect(served.said()).toContain('no such table');
  expect((await passwordLink(ADMIN_EMAIL)).code).toBe(0);
});
