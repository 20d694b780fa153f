import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { statusOf } from '../asked.ts';
import { post } from '../provoked.ts';
import { ABSENT, ACCOUNTS, accounting, DAY_MS, ON_TENANT } from './accounts.ts';

let world: World;
let admin: ReturnType<typeof accounting>;
let member: ReturnType<typeof accounting>;
beforeEach(async () => {
  world = await openWorld();
  admin = accounting(world, (await world.person('admin', 'tenant-admin')).token);
  member = accounting(world, (await world.person('ada', 'tenant-member')).token);
});
const rows = () => world.rows('select id from virtual_account');
const dayIn = (days: number) => new Date(world.clock.now() + days * DAY_MS).toISOString().slice(0, '2026-09-01'.length);

test('a manifest makes an account that is as it says, with a token that is said once, and says it back', async () => {
  await admin.make({ name: 'platform' });
  const manifest = {
    ...{ name: 'ci-gateway', permissions: [ON_TENANT], expiration_date: dayIn(500), token_type: 'opaque' },
    ...{
      auto_rotate: { auto_rotate_interval: 90, grace_period: 7 },
      ownedBy: { account: 'default', team: 'platform' },
    },
    tags: { purpose: 'CI', owner: { name: 'Zoë', on: ['call', 7, null, true] }, '': '', é: '😀' },
  };
  const { status, body } = await admin.put(manifest);
  const id = expect.stringMatching(/^[a-z][a-z0-9]{23}$/);
  const preview = expect.stringMatching(/^tfy_va_\w{4}…\w{4}$/);
  const at = new Date(world.clock.now()).toISOString();
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      token: expect.stringMatching(/^tfy_va_\w{49}$/),
      data: {
        ...{ id, name: 'ci-gateway', type: 'virtual-account', tenantName: 'default', accountId: world.tenant.id },
        manifest: { type: 'virtual-account', ...manifest },
        ...{ jwtId: id, createdBy: 'admin@example.com', createdAt: at, updatedAt: at, isExpired: false },
        createdBySubject: expect.objectContaining({ subjectType: 'user', subjectSlug: 'admin@example.com' }),
        nextScheduledRotation: `${dayIn(90)}${at.slice('2026-09-01'.length)}`,
        jwts: [
          {
            ...{ id: body.data.jwtId, subjectType: 'serviceaccount', subjectId: body.data.id, tokenType: 'opaque' },
            ...{ expiry: `${dayIn(500)}T00:00:00.000Z`, createdAt: at, updatedAt: at },
            metadata: { preview, generation: 1, state: 'current' },
          },
        ],
        roleIds: ['metrics-reader'],
        rolesWithResource: [
          {
            ...{ roleId: 'metrics-reader', roleName: 'metrics-reader' },
            ...{ resourceType: 'tenant', resourceId: world.tenant.id },
          },
        ],
        metadata: { preview, isFrozen: false },
      },
    },
  });
  expect((await admin.account(body.data.id)).body).toEqual({ data: body.data });
  expect(await statusOf(world, body.token)).toBe(200);
});

test('an account of the least: nothing that is not there is null, and what never ends says a day far away', async () => {
  const { body } = await admin.put({ name: 'bare' });
  expect(JSON.stringify(body)).not.toContain('null');
  expect(body.data).toMatchObject({ manifest: { permissions: [] }, jwts: [{ expiry: '2999-12-31T00:00:00.000Z' }] });
  for (const absent of ['nextScheduledRotation', 'lastAccessedAt']) expect(body.data).not.toHaveProperty(absent);
});

test('the same name again is the same account, without a token; what is left out is taken away, but for permissions', async () => {
  const made = await admin.put({ name: 'ci-gw', permissions: [ON_TENANT], tags: { a: 1 }, expiration_date: dayIn(9) });
  world.clock.advance(1_000);
  const again = await admin.put({ name: 'ci-gw' });
  expect(again.body).not.toHaveProperty('token');
  expect(again.body.data).toMatchObject({ id: made.body.data.id, jwtId: made.body.data.jwtId });
  expect(again.body.data.manifest).toEqual({ type: 'virtual-account', name: 'ci-gw', permissions: [ON_TENANT] });
  expect(await statusOf(world, made.body.token)).toBe(200);
  const admins = { ...ON_TENANT, role_id: 'tenant-member' };
  const changed = await admin.put({ name: 'ci-gw', permissions: [admins] });
  expect(changed.body.data.manifest.permissions).toEqual([admins]);
});

test('POST with a manifest is a PUT; without one it is a mistake that says so', async () => {
  const manifest = { type: 'virtual-account', name: 'posted' };
  expect(await admin.ask(post(ACCOUNTS, { manifest }))).toMatchObject({
    ...{ status: 200, body: { token: expect.stringMatching(/^tfy_va_/), data: { name: 'posted' } } },
  });
  expect(await admin.ask(post(ACCOUNTS, { name: 'posted' }))).toMatchObject({
    ...{ status: 400, body: { message: 'manifest is missing; give an object.' } },
  });
});

test('a dry run answers the account as it would be, refuses what would be refused, and changes nothing', async () => {
  const dry = { dryRun: true };
  const made = await admin.put({ name: 'ci-gw', permissions: [ON_TENANT], tags: { a: 'b' } }, dry);
  expect(made).toMatchObject({
    status: 200,
    body: { data: { manifest: { permissions: [ON_TENANT], tags: { a: 'b' } } } },
  });
  expect(made.body).not.toHaveProperty('token');
  expect(await rows()).toEqual([]);
  expect(await member.put({ name: 'ci-gw' }, dry)).toMatchObject({ status: 403 });
  expect(await admin.put({ name: 'ci-gw', ownedBy: { team: 'nowhere' } }, dry)).toMatchObject({ status: 422 });
  const { body } = await admin.put({ name: 'ci-gw' });
  expect((await admin.put({ name: 'ci-gw', tags: { a: 'c' } }, dry)).body.data.manifest.tags).toEqual({ a: 'c' });
  expect((await admin.account(body.data.id)).body.data).toEqual(body.data);
});

const DEEP = { a: { b: { c: { d: { e: { f: { g: { h: { i: { j: { k: 1 } } } } } } } } } } };
const NOTICE = { type: 'slack-bot', notification_channel: 'acme:slack:ops', channels: ['#alerts'] };
const STORE = { integration_fqn: 'acme:aws:aws-prod:secret-store:prod-sm', secret_path: '/acme/ci/token' };
const MAPPING = { identity_provider: 'okta', value: 'x' };

test.each([
  {
    what: 'no permission',
    also: { permissions: [] },
    field: 'permissions',
    says: 'A virtual account needs at least one permission',
  },
  {
    what: 'a role that is not there',
    also: { permissions: [{ ...ON_TENANT, role_id: 'no-such' }] },
    field: 'role',
    says: 'no-such',
  },
  {
    what: 'a resource that is not there',
    also: { permissions: [{ ...ON_TENANT, resource_fqn: 'x' }] },
    field: 'resourceFqn',
    says: 'x',
  },
  {
    what: 'a type of resource that is not there',
    also: { permissions: [{ ...ON_TENANT, resource_type: 'provider-account' }] },
    field: 'resourceType',
    says: 'provider-account',
  },
  { what: 'a team that is not there', also: { ownedBy: { team: 'nowhere' } }, field: 'ownedBy.team', says: 'nowhere' },
  {
    what: 'another account',
    also: { ownedBy: { account: 'x', team: 'y' } },
    field: 'ownedBy.account',
    says: 'must be default',
  },
  {
    what: 'a rotation too often',
    also: { auto_rotate: { auto_rotate_interval: 7, grace_period: 1 } },
    field: 'auto_rotate.auto_rotate_interval',
    says: '30 days or more',
  },
  {
    what: 'a rotation without grace',
    also: { auto_rotate: { grace_period: 0 } },
    field: 'auto_rotate.grace_period',
    says: 'one day or more',
  },
  {
    what: 'a rotation of half a day',
    also: { auto_rotate: { auto_rotate_interval: 30.5 } },
    field: 'auto_rotate.auto_rotate_interval',
    says: 'whole days',
  },
  {
    what: 'a store',
    also: { secret_store_config: { type: 'secret-store', ...STORE } },
    field: 'secret_store_config',
    says: 'is not delivered yet: ',
  },
  {
    what: 'a store as older clients name it',
    also: { secret_store_config: STORE },
    field: 'secret_store_config',
    says: 'is not delivered yet: ',
  },
  {
    what: 'a secret group',
    also: { secret_store_config: { type: 'tfy-secrets', secret_group: 'g', key: 'K' } },
    field: 'secret_store_config',
    says: 'is not delivered yet: ',
  },
  {
    what: 'a notice',
    also: { notification_target: NOTICE },
    field: 'notification_target',
    says: 'is not delivered yet: ',
  },
  {
    what: 'a provider that is not there',
    also: { identity_provider_mapping: [MAPPING] },
    field: 'identity_provider_mapping',
    says: 'okta',
  },
  { what: 'a name of another form', also: { name: 'CI' }, field: 'name', says: '3 to 36 lower-case letters' },
])('$what is refused with its name (422), and nothing is made', async ({ also, field, says }) => {
  const { status, body } = await admin.put({ name: 'ci-gateway', ...also });
  expect({ status, fields: body.details.map((one: { field: string }) => one.field) }).toEqual({
    status: 422,
    fields: [field],
  });
  expect(body.message).toContain(says);
  expect(await rows()).toEqual([]);
});

test.each([
  { what: 'a date that has passed', also: { expiration_date: '2020-01-01' }, field: 'expiration_date' },
  { what: 'no date', also: { expiration_date: 'soon' }, field: 'manifest.expiration_date' },
  { what: 'another type', also: { type: 'team' }, field: 'manifest.type' },
  { what: 'a token of another type', also: { token_type: 'magic' }, field: 'manifest.token_type' },
  { what: 'tags that are a list', also: { tags: ['a'] }, field: 'manifest.tags' },
  { what: 'tags that are too large', also: { tags: { a: 'x'.repeat(8_192) } }, field: 'manifest.tags' },
  { what: 'tags that are too deep', also: { tags: DEEP }, field: 'manifest.tags' },
  { what: 'an owner without a team', also: { ownedBy: { account: 'default' } }, field: 'manifest.ownedBy.team' },
  {
    what: 'a store of no known kind',
    also: { secret_store_config: { type: 'vault' } },
    field: 'manifest.secret_store_config',
  },
  {
    what: 'a notice of no known kind',
    also: { notification_target: { type: 'pigeon' } },
    field: 'manifest.notification_target.type',
  },
  {
    what: 'a notice without its channel',
    also: { notification_target: { type: 'email', to_emails: [] } },
    field: 'manifest.notification_target.notification_channel',
  },
])('$what can never work (400), and nothing is made', async ({ also, field }) => {
  const { status, body } = await admin.put({ name: 'ci-gateway', ...also });
  expect({ status, fields: body.details.map((one: { field: string }) => one.field) }).toEqual({
    status: 400,
    fields: [field],
  });
  expect(await rows()).toEqual([]);
});

test('tags as deep as a body can be are refused, and break nothing', async () => {
  const deep = `{"manifest":{"type":"virtual-account","name":"ci-gw","tags":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}}`;
  const sent = { ...post(ACCOUNTS, {}), method: 'PUT', body: deep };
  expect(await admin.ask(sent)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expect(world.reported).toEqual([]);
});

test('tags hold whatever JSON holds, and come back as they were', async () => {
  const tags =
    '{"__proto__":{"a":1},"constructor":"x","\\u0000":"\\u0000","lone":"\\ud800","n":1.5e300,"rtl":"\\u202e","e":{}}';
  const body = `{"manifest":{"type":"virtual-account","name":"ci-gw","tags":${tags}}}`;
  const { status, body: answer } = await admin.ask({ ...post(ACCOUNTS, {}), method: 'PUT', body });
  expect(status).toBe(200);
  const { ['__proto__']: _, ...others } = JSON.parse(tags);
  expect(answer.data.manifest.tags).toEqual(expect.objectContaining(others));
  expect((await admin.account(answer.data.id)).body.data.manifest.tags).toEqual(answer.data.manifest.tags);
  expect(({} as { a?: unknown }).a).toBeUndefined();
});

test('an account that is mapped to an identity provider says so, and its token is neither regenerated nor rotated', async () => {
  const definition = { name: 'okta-main', issuer: 'https://idp.example', jwksUri: 'https://idp.example/keys' };
  expect(
    (await admin.ask(post('/api/v1/identity-providers', { ...definition, audiences: ['countersign'] }))).status,
  ).toBe(200);
  const mapped = { name: 'ci-gw', identity_provider_mapping: [{ identity_provider: 'okta-main', value: 'gateway' }] };
  const { status, body } = await admin.put(mapped);
  expect({ status, mapping: body.data.manifest.identity_provider_mapping }).toEqual({
    ...{ status: 200, mapping: mapped.identity_provider_mapping },
  });
  expect((await admin.ownAccount(body.data.id)).body.account.mappings).toEqual([
    { provider: 'okta-main', value: 'gateway' },
  ]);
  expect(await admin.regenerate(body.data.id, { gracePeriodInMinutes: 60 })).toMatchObject({
    status: 422,
    body: { message: 'The token of a virtual account with an identity provider mapping cannot be regenerated.' },
  });
  expect((await admin.put({ ...mapped, auto_rotate: {} })).status).toBe(422);
  expect((await admin.put({ ...mapped, name: 'other-gw' })).status).toBe(409);
  expect((await admin.put({ name: 'ci-gw' })).body.data.manifest).not.toHaveProperty('identity_provider_mapping');
  expect((await admin.regenerate(body.data.id, { gracePeriodInMinutes: 60 })).status).toBe(200);
});

test('null is as good as left out, in a manifest too; {} rotates as the public product’s clients do', async () => {
  const nothing = {
    permissions: null,
    expiration_date: null,
    auto_rotate: null,
    notification_target: null,
    tags: null,
  };
  const more = { secret_store_config: null, ownedBy: null, identity_provider_mapping: null, token_type: null };
  expect(await admin.put({ name: 'ci-gw', ...nothing, ...more })).toMatchObject({ status: 200 });
  const rotating = await admin.put({ name: 'ci-gw', auto_rotate: {} });
  expect(rotating.body.data.manifest.auto_rotate).toEqual({ auto_rotate_interval: 360, grace_period: 30 });
});

test('a date may be a time too, and is said back as it was meant', async () => {
  const at = `${dayIn(2)}T10:30:00Z`;
  const { body } = await admin.put({ name: 'ci-gw', expiration_date: at });
  expect(body.data.manifest.expiration_date).toBe(at.replace('Z', '.000Z'));
  world.clock.advance(3 * DAY_MS);
  const [row] = (await admin.accounts()).body.data;
  expect(row).toMatchObject({ isExpired: true, jwts: [{ metadata: { state: 'expired' } }] });
  expect(await statusOf(world, body.token)).toBe(401);
});

test('of many at once one makes the account and has its token; all the others change it', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => admin.put({ name: 'ci-gw', tags: { n } })));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
  expect(answers.filter(({ body }) => 'token' in body)).toHaveLength(1);
});

test('whoever may not make one is told the same whether or not it is there', async () => {
  await admin.put({ name: 'ci-gw' });
  expect(await member.put({ name: 'ci-gw' })).toEqual(await member.put({ name: 'new' }));
  expect(await member.put({ name: 'ci-gw' })).toMatchObject({
    status: 403,
    body: { message: expect.stringContaining('CreateVirtualAccount') },
  });
  expect((await member.exists('ci-gw')).body).toEqual({ exists: false });
  expect([(await admin.exists('ci-gw')).body, (await admin.exists('no-such')).body]).toEqual([
    { exists: true },
    { exists: false },
  ]);
  expect((await admin.exists('')).status).toBe(422);
});

test('one that is deleted is gone with its token, and its name is free', async () => {
  const { body } = await admin.put({ name: 'ci-gw', permissions: [ON_TENANT] });
  expect(await admin.remove(body.data.id)).toEqual({ status: 200, body: {} });
  expect(await statusOf(world, body.token)).toBe(401);
  for (const gone of [
    await admin.account(body.data.id),
    await admin.remove(body.data.id),
    await admin.read(body.data.id),
  ]) {
    expect(gone).toEqual(ABSENT);
  }
  const again = await admin.put({ name: 'ci-gw' });
  expect(again.body.data).toMatchObject({ manifest: { permissions: [] } });
  expect(again.body.data.id).not.toBe(body.data.id);
});
