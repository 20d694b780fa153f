import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { ADMIN_EMAIL, ADMIN_PASSWORD, type Served, serving, spawned, unattended } from '#support/process.ts';
import { rowsIn } from '../faults/database.ts';

let data: string;
beforeEach(() => {
  data = join(temporaryFolder(), 'data');
});

const setupLink = () => spawned(['setup-link', '--data', data]).ended;
const codeIn = (text: string): string => /\/set-up#(\w+)\n/.exec(text)?.[1] ?? '';

async function printedBy(served: Served): Promise<string> {
  await expect.poll(() => served.said(), { timeout: 10_000 }).toMatch(/\/set-up#\w+\n/);
  return codeIn(served.said());
}

const accept = async (served: Served, code: string, email = ADMIN_EMAIL) =>
  (
    await served.send({
      method: 'POST',
      path: '/auth/accept-invitation',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ code, email, password: ADMIN_PASSWORD }),
    })
  ).status;

/** Whatever anybody who can open the socket may ask. */
const askedOnSocket = (method: string, path: string) =>
  new Promise<{ readonly status: number | undefined; readonly text: string }>((resolve, reject) => {
    const asked = request({ socketPath: join(data, 'control.sock'), method, path }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve({ status: answer.statusCode, text });
    });
    asked.on('error', reject).end();
  });

test('a new link is the running server’s; the older stops working, the new one works once', async () => {
  const served = await serving(data);
  const older = await printedBy(served);
  const { code, said } = await setupLink();
  expect([code, said]).toEqual([0, `${served.origin}/set-up#${codeIn(said)}\n`]);
  const newer = codeIn(said);
  expect(await accept(served, older)).toBe(404);
  expect(await accept(served, newer)).toBe(200);
  expect(await accept(served, newer, 'other@example.com')).toBe(404);
  expect(rowsIn(data, 'select name from principal')).toEqual([{ name: ADMIN_EMAIL }]);
  const asked = `select json_extract(entry, '$.principalKind') as who, json_extract(entry, '$.surface') as surface
    from audit_entry where action = 'tenant:IssueSetUpLink' order by rowid`;
  expect(rowsIn(data, asked)).toEqual([
    { who: 'setup', surface: 'setup' },
    { who: 'operator', surface: 'operator' },
  ]);
});

test('once there is an administrator it is refused with what to do, and makes none', async () => {
  await serving(data, unattended(data));
  expect(await setupLink()).toMatchObject({
    code: 1,
    said: 'countersign: This instance has an administrator already. Sign in, or ask them for an invitation.\n',
  });
  expect(rowsIn(data, 'select id from invitation')).toEqual([]);
});

test('without a server it is refused with what to do, and makes nothing', async () => {
  expect(await setupLink()).toMatchObject({ code: 1, said: expect.stringContaining(`No server runs on ${data}.`) });
  expect(existsSync(data)).toBe(false);
  const served = await serving(data);
  await printedBy(served);
  served.process.kill('SIGKILL');
  await served.ended;
  expect(existsSync(join(data, 'control.sock'))).toBe(true);
  expect(await setupLink()).toMatchObject({ code: 1, said: expect.stringContaining('No server runs on') });
  expect(rowsIn(data, 'select used_at from invitation')).toEqual([{ used_at: null }]);
});

test('the socket of a process that was killed does not stop a start, and is the new one’s from then on', async () => {
  const first = await serving(data);
  first.process.kill('SIGKILL');
  await first.ended;
  const second = await serving(data);
  await printedBy(second);
  expect((await setupLink()).said).toContain(`${second.origin}/set-up#`);
});

test('each start prints a link of its own, and the one before stops working', async () => {
  const first = await serving(data);
  const older = await printedBy(first);
  first.process.kill('SIGTERM');
  await first.ended;
  const second = await serving(data);
  const newer = await printedBy(second);
  expect([await accept(second, older), await accept(second, newer)]).toEqual([404, 200]);
});

test.each(['reset', 'SETUP-LINK', '__proto__', 'constructor', 'setup-link/', ''])(
  'the socket knows no command "%s"',
  async (command) => {
    const served = await serving(data);
    await printedBy(served);
    expect(await askedOnSocket('POST', `/${command}`)).toEqual({ status: 409, text: `${command} is not a command` });
    expect(rowsIn(data, 'select id from invitation')).toHaveLength(1);
  },
);
