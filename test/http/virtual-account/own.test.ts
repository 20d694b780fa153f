import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { statusOf } from '../asked.ts';
import { post } from '../provoked.ts';
import { ABSENT, accounting, DAY_MS, OWN_ACCOUNTS } from './accounts.ts';

let world: World;
let admin: ReturnType<typeof accounting>;
let member: ReturnType<typeof accounting>;
beforeEach(async () => {
  world = await openWorld();
  admin = accounting(world, (await world.person('admin', 'tenant-admin')).token);
  member = accounting(world, (await world.person('ada', 'tenant-member')).token);
});

const ROTATES = { intervalDays: 90, graceDays: 7 };
const at = (days = 0) => new Date(world.clock.now() + days * DAY_MS).toISOString();

test('an account is made as it is said, and shown with all that is known of it', async () => {
  await admin.make({ name: 'platform' });
  const said = { expiresAt: at(200), format: 'opaque', autoRotate: ROTATES, tags: { purpose: 'CI' } };
  const { status, body } = await admin.ownMake({
    name: 'ci-gateway',
    roles: ['metrics-reader'],
    team: 'platform',
    ...said,
  });
  const [id, person] = [
    expect.stringMatching(/^[a-z][a-z0-9]{23}$/),
    { id: expect.any(String), name: 'admin@example.com' },
  ];
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      value: expect.stringMatching(/^tfy_va_\w{49}$/),
      account: {
        ...{ id, name: 'ci-gateway', version: 1, state: 'live', createdAt: at(), createdBy: person, updatedAt: at() },
        ...{
          ...said,
          rotatesAt: at(90),
          team: { id, name: 'platform' },
          mappings: [],
          lastUsed: null,
          usedAfterEnd: null,
        },
        roles: [{ grant: id, role: { id: 'metrics-reader', name: 'metrics-reader' }, resource: '*', binding: null }],
        values: [
          {
            ...{ id, generation: 1, state: 'current', preview: expect.stringMatching(/^tfy_va_\w{4}…\w{4}$/) },
            ...{ format: 'opaque', createdAt: at(), expiresAt: at(200), lastUsed: null },
          },
        ],
      },
    },
  });
  expect((await admin.ownAccount(body.account.id)).body).toEqual({ account: body.account });
  expect((await admin.ownAccounts()).body).toEqual({
    ...{ data: [body.account], pagination: { total: 1, offset: 0, limit: 100 } },
  });
});

test('a name that is taken is a conflict, whoever has it, and changes nothing', async () => {
  const { body } = await admin.ownMake({ name: 'ci-gateway' });
  expect(await admin.ownMake({ name: 'ci-gateway', tags: { a: 1 } })).toMatchObject({
    ...{ status: 409, body: { code: 'conflict', message: expect.stringContaining('already exists') } },
  });
  expect((await admin.ownAccount(body.account.id)).body.account).toEqual(body.account);
  const many = await Promise.all(Array.from({ length: 6 }, () => admin.ownMake({ name: 'only-once' })));
  expect(many.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
});

test('an account is changed only as it was seen; the answer says the next version', async () => {
  const { account, value } = (await admin.ownMake({ name: 'ci-gateway', roles: ['metrics-reader'] })).body;
  const send = async (seen: string) => {
    const sent = post(`${OWN_ACCOUNTS}/${account.id}`, { name: 'ci-gateway', tags: { a: seen } });
    const { token } = await world.person(`p-${seen.replace(/\D/g, '')}`, 'tenant-admin');
    return world.send({ ...sent, method: 'PUT', headers: { ...sent.headers, 'if-match': seen }, token });
  };
  const seen = await world.send({
    method: 'GET',
    path: `${OWN_ACCOUNTS}/${account.id}`,
    token: (await world.person('bob', 'tenant-admin')).token,
  });
  expect(seen.headers.etag).toBe('"1"');
  const changed = await send('"1"');
  expect([changed.status, changed.headers.etag]).toEqual([200, '"2"']);
  const stale = await admin.ownPut(account.id, { name: 'ci-gateway' }, '"1"');
  expect(stale).toMatchObject({
    status: 412,
    body: { code: 'precondition_failed', message: expect.stringContaining('version 2') },
  });
  const now = (await admin.ownAccount(account.id)).body.account;
  expect(now).toMatchObject({ version: 2, tags: { a: '"1"' }, roles: [{ role: { name: 'metrics-reader' } }] });
  expect(await statusOf(world, value)).toBe(200);
});

test('of several who have seen the same version one changes it, and the others are told', async () => {
  const { account } = (await admin.ownMake({ name: 'ci-gateway' })).body;
  const puts = Array.from({ length: 6 }, (_, n) =>
    admin.ownPut(account.id, { name: 'ci-gateway', tags: { n } }, '"1"'),
  );
  const statuses = (await Promise.all(puts)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 412, 412, 412, 412, 412]);
});

test.each([
  { what: 'no version', seen: undefined },
  { what: 'any version', seen: '*' },
  { what: 'a number', seen: '1' },
  { what: 'a weak tag', seen: 'W/"1"' },
  { what: 'a list', seen: '"1", "2"' },
  { what: 'a text', seen: '"one"' },
])('$what is refused with what to do', async ({ seen }) => {
  const { account } = (await admin.ownMake({ name: 'ci-gateway' })).body;
  const { status, body } = await admin.ownPut(account.id, { name: 'ci-gateway' }, seen);
  expect({ status, details: body.details }).toEqual({
    status: 400,
    details: [
      { field: 'If-Match', problem: expect.stringMatching(/as its ETag says it: If-Match: "3"\. GET it first/) },
    ],
  });
});

test('what changes an account in other ways makes another version of it, too', async () => {
  const { account } = (await admin.ownMake({ name: 'ci-gateway' })).body;
  const { body } = await admin.ownRegenerate(account.id, 5);
  expect(body.account).toMatchObject({ version: 2, values: [{ generation: 2 }, { generation: 1, state: 'grace' }] });
  expect((await admin.ownPut(account.id, { name: 'ci-gateway' }, '"1"')).status).toBe(412);
});

test('a PUT says all of an account but its roles; without any it holds nothing by itself', async () => {
  const said = { expiresAt: at(99), format: 'jwt', autoRotate: ROTATES, tags: { a: 1 } };
  const { account } = (await admin.ownMake({ name: 'ci-gateway', roles: ['metrics-reader'], ...said })).body;
  const bare = (await admin.ownPut(account.id, { name: 'ci-gateway' }, '"1"')).body.account;
  expect(bare).toMatchObject({
    expiresAt: null,
    format: null,
    autoRotate: null,
    rotatesAt: null,
    tags: {},
    team: null,
  });
  expect(bare.roles).toEqual(account.roles);
  expect((await admin.ownPut(account.id, { name: 'ci-gateway', roles: [] }, '"2"')).body.account.roles).toEqual([]);
});

test.each([
  { what: 'another name', also: { name: 'renamed' }, field: 'name' },
  { what: 'a team that is not there', also: { team: 'nowhere' }, field: 'team' },
  { what: 'a role that is not there', also: { roles: ['no-such'] }, field: 'roles' },
  { what: 'a provider that is not there', also: { mappings: [{ provider: 'okta', value: 'x' }] }, field: 'mappings' },
  {
    what: 'a grace as long as the interval',
    also: { autoRotate: { intervalDays: 30, graceDays: 30 } },
    field: 'autoRotate.graceDays',
  },
  { what: 'a date that has passed', also: { expiresAt: '2020-01-01' }, field: 'expiresAt', status: 400 },
  { what: 'a field that is none', also: { expiration_date: '2099-01-01' }, field: 'body', status: 400 },
])('$what is refused by the name that it has here', async ({ also, field, status = 422 }) => {
  const { account } = (await admin.ownMake({ name: 'ci-gateway' })).body;
  const answer = await admin.ownPut(account.id, { name: 'ci-gateway', ...also }, '"1"');
  expect({ status: answer.status, fields: answer.body.details?.map((one: { field: string }) => one.field) }).toEqual({
    status,
    fields: [field],
  });
  expect((await admin.ownAccount(account.id)).body.account).toEqual(account);
});

test('whoever may not is told so, and one may not see what is not theirs', async () => {
  const { account } = (await admin.ownMake({ name: 'ci-gateway' })).body;
  const { id } = account;
  const absent = 'a00000000000000000000000';
  expect(await member.ownAccount(id)).toEqual(ABSENT);
  expect((await member.ownAccounts()).body.data).toEqual([]);
  const acts = [
    (on: string) => member.ownPut(on, { name: 'ci-gateway' }, '"1"'),
    (on: string) => member.ownRemove(on),
    (on: string) => member.ownRegenerate(on, 0),
    (on: string) => member.ownRead(on),
    (on: string) => member.ownEnd(on, account.values[0].id),
    (on: string) => member.turn(on, 'freeze'),
  ];
  for (const act of acts) {
    expect((await act(id)).status).toBe(403);
    expect(await act(id)).toEqual(await act(absent));
  }
  expect((await member.ownMake({ name: 'another' })).status).toBe(403);
  expect(await admin.ownRemove(id)).toEqual({ status: 200, body: {} });
  expect(await admin.ownAccount(id)).toEqual(ABSENT);
});
