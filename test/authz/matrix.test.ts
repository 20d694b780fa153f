import { expect, test } from 'vitest';
import { newInvitation } from '#app/invitation/issue.ts';
import { newId } from '#app/new-id.ts';
import { ENTRANCES, type EntranceId } from '#contract/entrances.ts';
import { OPERATION_IDS, OPERATIONS, type OperationId } from '#contract/operations.ts';
import { mint } from '#crypto/opaque.ts';
import { hashPassword } from '#crypto/password.ts';
import type { Caller } from '#domain/caller.ts';
import { INVITATION_MS_MAX } from '#domain/invitation.ts';
import { ACTIONS, PERMISSIONS, type Permission } from '#domain/permission.ts';
import { newUser, parseEmail } from '#domain/principal.ts';
import { compile, tenantWide } from '#domain/rights.ts';
import { type BuiltInRoleId, builtIn } from '#domain/role.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { statementsOf } from '#support/statements.ts';
import { type Answer, openWorld, type World } from '#support/world.ts';
import { inWords } from './in-words.ts';
import { ANY_ON, ENTRANCE_IDS, entryFor, type Keys, type Kind, MATRIX, requestFor } from './matrix.ts';
import { secondTenant } from './second-tenant.ts';
import { accountOf, bindingOf, give, providerOf, roleOf, teamOf } from './things.ts';

const UNKNOWN = mint('pat', { bytes: (length) => Buffer.alloc(length, 3) });
const MALFORMED = new Sensitive('tfy_pat_of-no-known-form');
const PASSWORD = 'correct horse battery staple';
const MINUTE_MS = 60_000;
/** Stands for a header that browsers too old to know it leave out. */
const NOT_SENT = '';

type Presented = { readonly token?: Sensitive; readonly headers?: Readonly<Record<string, string>> };
type Objects = Readonly<Record<'own' | 'others' | 'absent', Readonly<Record<Exclude<Kind, 'none'>, string>>>>;
type Asking = Presented & { readonly objects: Objects };

test('who may do what to whose, by which credential, through the real server', async () => {
  const lines: string[] = [];
  const once = await askersIn(await openWorld()); // for what is on nothing, or only looks, and so leaves them as they are
  for (const id of OPERATION_IDS) {
    const isOver = MATRIX[id].of === 'none' || OPERATIONS[id].effect === 'reads';
    lines.push(...(await linesOf(id, isOver ? once : await askersIn(await openWorld()))));
  }
  for (const id of ENTRANCE_IDS) lines.push(...(await entranceLinesOf(id)));
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('matrix.golden.txt');
  await expect(inWords(lines)).toMatchFileSnapshot('matrix.golden.md');
}, 300_000);

test('every action is taken by an operation or an entrance, except those of the program itself', () => {
  const taken = new Set<string>([
    ...OPERATION_IDS.map((id) => OPERATIONS[id].action),
    ...ENTRANCE_IDS.map((id) => ENTRANCES[id].action),
  ]);
  const yetToCome = /^(secret-group|provider-account|mcp-server):/; // held in roles already
  expect(ACTIONS.filter((action) => !taken.has(action) && !yetToCome.test(action))).toEqual([
    'personal-access-token:Deliver', // an unattended first start
    'personal-access-token:UseAfterEnd', // nobody’s act: an event that its owner sees
    'personal-access-token:Purge', // a job, of what has been over for long
    'user:IssuePasswordLink', // an operator on the control socket
    'token:RevokeItself', // whoever holds the very token that is to end
    'signing-key:Rotate', // an operator on the control socket
    'tenant:SetUp', // the first start
    'tenant:IssueSetUpLink', // the start, and an operator on the control socket
    ...['List', 'Create', 'Disable', 'Enable', 'NameOrigin', 'NameAlias'].map((act) => `tenant:${act}`), // the same
    'virtual-account:Rotate', // a job, of those that are due
    'virtual-account:UseAfterRetirement', // nobody’s act: an event that whoever manages it sees
    'virtual-account:Contain', // what a tenant has decided to follow
    'job:List', // an operator on the control socket
    'job:Retry', // an operator on the control socket
  ]);
});

test.each(OPERATION_IDS.filter((id) => !['self', 'none'].includes(OPERATIONS[id].action)))(
  'whoever may not do %s is denied the very action that its row names, on the record',
  async (id) => {
    const world = await openWorld();
    const token = await heldBy(world, await world.user('nobody'));
    const before = (await world.audit()).length;
    expect((await world.send({ ...requestFor(id), token })).status).toBe(statusOfDenial(id));
    const written = (await world.audit()).slice(before);
    expect(written.map(({ action, decision }) => ({ action, decision }))).toEqual([
      { action: OPERATIONS[id].action, decision: 'denied' },
    ]);
  },
);

test.each<{ id: EntranceId; body: object }>([
  { id: 'signIn', body: { email: 'alice@example.com', password: 'not the password' } },
  { id: 'acceptInvitation', body: { code: mint('invitation', fixed(5)).reveal(), password: PASSWORD } },
])('whoever may not pass $id is denied the very action that its row names, on the record', async ({ id, body }) => {
  const world = await openWorld();
  await world.user('alice', 'tenant-member');
  await world.send({ ...entryFor(id, NO_KEYS), body: JSON.stringify(body) });
  expect((await world.audit()).at(-1)).toMatchObject({ action: ENTRANCES[id].action, decision: 'denied' });
});

test.each(OPERATION_IDS.filter((id) => 'existence' in OPERATIONS[id] && OPERATIONS[id].existence === 'hide'))(
  '%s does the same for a denial and an absence, whoever asks: the same bytes, the same statements, an entry among them (I6)',
  async (id) => {
    const world = await openWorld();
    const [nobody, admin] = [await world.user('nobody'), await world.user('admin', 'tenant-admin')];
    const { person } = await secondTenant(world);
    const foreigner = await person('foreigner', 'tenant-admin');
    const [tokenOfNobody, tokenOfAdmin] = [await heldBy(world, nobody), await heldBy(world, admin)];
    const kind = MATRIX[id].of as Exclude<Kind, 'none'>;
    const others = (await ownOf(world, admin, 'first'))[kind];
    const attempt = async (token: Sensitive, on: string) => {
      world.clock.advance(MINUTE_MS); // each is the first denial of its minute
      await world.send({ method: 'GET', path: '/api/svc/v1/session', token }); // from here on in memory
      const { result, statements } = await statementsOf(() => world.send({ ...requestFor(id, on), token }));
      return { statements, ...comparable(result) };
    };
    const denied = await attempt(tokenOfNobody, others);
    expect(denied).toMatchObject({
      status: 404,
      statements: expect.arrayContaining([expect.stringContaining('into "audit_entry"')]),
    });
    expect(await attempt(tokenOfNobody, ANY_ON[kind])).toEqual(denied);
    expect(await attempt(tokenOfAdmin, ANY_ON[kind])).toEqual(denied);
    expect(await attempt(foreigner.token, others)).toEqual(denied);
    if (kind === 'token') {
      const own = await idOf(world, nobody); // whoever lost their rights, and an administrator, who has none to others' tokens
      expect(await attempt(tokenOfNobody, own)).toEqual(denied);
      expect(await attempt(tokenOfAdmin, own)).toEqual(denied);
    }
    const impossible = await attempt(tokenOfAdmin, 'an id of no known form');
    expect({ ...impossible, statements: denied.statements }).toEqual(denied); // refused before, with the same bytes
  },
);

test.each(OPERATION_IDS.filter((id) => OPERATIONS[id].access === 'caller'))(
  '%s answers a malformed, an unknown, an expired and a revoked token with the same bytes',
  async (id) => {
    const world = await openWorld();
    const { expired, revoked } = await deadTokens(world, 'alice');
    const answers: ReturnType<typeof comparable>[] = [];
    for (const token of [MALFORMED, UNKNOWN, expired, revoked]) {
      answers.push(comparable(await world.send({ ...requestFor(id), token })));
    }
    expect(answers[0]).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } });
    expect(answers).toEqual(answers.map(() => answers[0]));
    const { text } = await world.send(requestFor(id));
    expect(text).toBe(answers[0]?.text);
  },
);

test('what one tenant has, another neither sees, takes, names nor ends, whatever is called the same', async () => {
  const world = await openWorld();
  const ours = await world.person('alice', 'tenant-admin');
  await world.pat(ours.caller, 'deploy');
  const { tenant, person } = await secondTenant(world);
  const theirs = await person('alice', 'tenant-admin', 'deploy');
  const json = async (token: Sensitive, id: OperationId, on?: string) =>
    JSON.parse((await world.send({ ...requestFor(id, on), token })).text);
  const held = async (token: Sensitive) =>
    (await json(token, 'wireListPats')).data as { id: string; tenantName: string }[];
  const [ourRows, theirRows] = [await held(ours.token), await held(theirs.token)];
  const owners = (rows: typeof ourRows) => rows.map(({ tenantName }) => tenantName);
  expect([owners(ourRows), owners(theirRows)]).toEqual([
    ['default', 'default'],
    [tenant.name, tenant.name],
  ]);
  expect(ourRows.filter(({ id }) => theirRows.some((row) => row.id === id))).toEqual([]);

  for (const { id } of theirRows) {
    for (const operation of ['wireDeletePat', 'ownGetToken', 'ownRenameToken', 'ownRevokeToken'] as const)
      expect(await json(ours.token, operation, id)).toMatchObject({ statusCode: 404 });
  }
  expect(await json(theirs.token, 'ownPutTokenSettings')).toMatchObject({ settings: { lifeDaysDefault: 90 } });
  expect(await json(ours.token, 'ownGetTokenSettings')).toMatchObject({ lifeDaysDefault: null });
  const { data, created } = await json(theirs.token, 'wireGetOrCreatePat', 'deploy');
  expect({ id: data.id, created }).toEqual({ id: await idOf(world, theirs.caller, 'deploy'), created: false });
  expect(await json(ours.token, 'wireRevokeAllPats', 'alice@example.com')).toEqual({});
  expect((await world.send({ ...requestFor('ownWhoami'), token: ours.token })).status).toBe(401);
  expect(await json(theirs.token, 'ownWhoami')).toMatchObject({ tenant: { id: tenant.id, name: tenant.name } });
  expect((await held(theirs.token)).map(({ id }) => id)).toEqual(theirRows.map(({ id }) => id));

  const bob = await world.person('bob', 'tenant-member');
  expect(await json(theirs.token, 'wireRevokeAllPats', 'bob@example.com')).toMatchObject({ statusCode: 404 });
  expect(await json(theirs.token, 'wireInviteUser', 'bob@example.com')).toMatchObject({ statusCode: 404 });
  expect(await json(theirs.token, 'wireCreatePatForUser', 'bob@example.com')).toMatchObject({ statusCode: 404 });
  expect(await json(theirs.token, 'wireRegisterUser', 'bob@example.com')).toEqual({});
  expect(await world.standing(bob.token)).toBe('ok');
});

type Asker = { readonly world: World; readonly who: string; readonly asking: Asking };

/** One for each credential; people and objects of its own for each, in one world. */
async function askersIn(world: World): Promise<readonly Asker[]> {
  const askers: Asker[] = [];
  for (const [at, [who, asking]] of Object.entries(CREDENTIALS).entries()) {
    askers.push({ world, who, asking: await asking(world, `user${at}`) });
  }
  return askers;
}

/** One line for each credential. */
async function linesOf(id: OperationId, askers: readonly Asker[]): Promise<readonly string[]> {
  const lines: Line[] = [];
  for (const { world, who, asking } of askers) {
    const { objects, ...presented } = asking;
    const kind = MATRIX[id].of;
    const targets = kind === 'none' ? { '-': ANY_ON.none } : pick(objects, kind);
    const cells = [];
    for (const [whose, on] of Object.entries(targets)) {
      cells.push(`${whose} ${await statusOf(world, requestFor(id, on), presented)}`);
    }
    lines.push({ who, cells: cells.join('  ') });
  }
  return printed(id, lines);
}

/** One’s own last: some of these acts end the very token they are asked with. */
const pick = (objects: Objects, kind: Exclude<Kind, 'none'>) => ({
  others: objects.others[kind],
  absent: objects.absent[kind],
  own: objects.own[kind],
});

/** An entrance is passed by keys, not by credentials; what a browser says of the page counts. */
async function entranceLinesOf(id: EntranceId): Promise<readonly string[]> {
  const world = await openWorld();
  const lines: Line[] = [];
  for (const [at, [who, asking]] of Object.entries(CREDENTIALS).entries()) {
    const { objects: _, ...presented } = await asking(world, `user${at}`);
    const request = entryFor(id, await keysIn(world, `guest${at}`));
    lines.push({ who, cells: `- ${await statusOf(world, request, presented)}` });
  }
  for (const site of ['cross-site', 'same-site', 'none']) {
    const request = entryFor(id, await keysIn(world, `guest-${site}`));
    const browser = await world.browserOf(await world.user(`member-${site}`, 'tenant-member'));
    const headers = { ...browser, 'sec-fetch-site': site };
    lines.push({ who: `member, session, from ${site}`, cells: `- ${await statusOf(world, request, { headers })}` });
  }
  return printed(id, lines);
}

async function statusOf(world: World, request: ReturnType<typeof requestFor>, presented: Presented): Promise<number> {
  const all = Object.entries({ ...request.headers, ...presented.headers });
  const headers = Object.fromEntries(all.filter(([, value]) => value !== NOT_SENT));
  return (await world.send({ ...request, ...presented, headers })).status;
}

type Line = { readonly who: string; readonly cells: string };

/** Where everybody gets the same, one line says so. */
function printed(id: string, lines: readonly Line[]): readonly string[] {
  const same = lines.every(({ cells }) => cells === lines[0]?.cells);
  const shown = same ? lines.slice(0, 1).map(({ cells }) => ({ who: 'everybody', cells })) : lines;
  return shown.map(({ who, cells }) => `${id.padEnd(30)}${who.padEnd(34)}${cells}`);
}

const NO_KEYS: Keys = { email: '', password: '', code: '' };

/** An address with a password, and a code for somebody else. */
async function keysIn({ deps, tenant, user }: World, name: string): Promise<Keys> {
  const { principal } = await user(name, 'tenant-member');
  const invited = newUser(newId(deps), parseEmail(`${name}-invited@example.com`), deps.clock.now());
  const { code, digest, invitation } = newInvitation(deps, invited.id, INVITATION_MS_MAX);
  hash ??= await hashPassword(new Sensitive(PASSWORD), deps.random);
  const kept = hash;
  await deps.store.transact(async (tx) => {
    await tx.principals.insert(tenant.id, invited);
    await tx.principals.setPassword(tenant.id, principal.id, kept, deps.clock.now());
    await tx.invitations.insert(tenant.id, invitation, digest);
  });
  return { email: principal.name, password: PASSWORD, code: code.reveal() };
}
let hash: Awaited<ReturnType<typeof hashPassword>> | undefined;

/** Every credential there is, each with what is its holder’s own. */
const CREDENTIALS: Readonly<Record<string, (world: World, name: string) => Promise<Asking>>> = {
  'no credential': async (world, name) => ({ objects: await objectsOf(world, name) }),
  'a malformed token': async (world, name) => ({ token: MALFORMED, objects: await objectsOf(world, name) }),
  'an unknown token': async (world, name) => ({ token: UNKNOWN, objects: await objectsOf(world, name) }),
  'an expired token': async (world, name) => {
    const { expired } = await deadTokens(world, `${name}-dead`);
    return { token: expired, objects: await objectsOf(world, name) };
  },
  'a revoked token': async (world, name) => {
    const { revoked } = await deadTokens(world, `${name}-dead`);
    return { token: revoked, objects: await objectsOf(world, name) };
  },
  'another tenant’s admin, token': async (world, name) => {
    const { tenant: _, person } = await secondTenant(world, name);
    const { caller, token } = await person(name, 'tenant-admin', 'spare');
    const objects = await objectsOf(world, `ours-${name}`);
    return { token, objects: { ...objects, own: await ownOf(world, caller), others: objects.own } };
  },
  'nobody, token': (world, name) => withToken(world, name),
  'member, token': (world, name) => withToken(world, name, 'tenant-member'),
  'manager of a team, token': async (world, name) => {
    const { caller, objects } = await holderOf(world, name, 'tenant-member');
    return {
      token: await heldBy(world, caller),
      objects: { ...objects, own: await ownOf(world, caller, 'spare', true) },
    };
  },
  'viewer, token': (world, name) =>
    withCustom(
      world,
      name,
      PERMISSIONS.filter((one) => LOOKS.test(one)),
    ),
  'editor, token': (world, name) =>
    withCustom(
      world,
      name,
      PERMISSIONS.filter((one) => !ADMINISTERS.test(one)),
    ),
  'admin, token': (world, name) => withToken(world, name, 'tenant-admin'),
  'nobody, session': (world, name) => withSession(world, name),
  'member, session': (world, name) => withSession(world, name, 'tenant-member'),
  'admin, session': (world, name) => withSession(world, name, 'tenant-admin'),
  'admin, session, no Sec-Fetch-Site': async (world, name) => {
    const { headers, objects } = await withSession(world, name, 'tenant-admin');
    return { objects, headers: { cookie: headers?.cookie ?? '', 'sec-fetch-site': NOT_SENT } };
  },
};

async function withToken(world: World, name: string, ...roles: readonly BuiltInRoleId[]): Promise<Asking> {
  const { caller, objects } = await holderOf(world, name, ...roles);
  return { token: await heldBy(world, caller), objects };
}

const LOOKS = /:(List|Read)/;
const ADMINISTERS =
  /:(AssignRole|ManageRoles|ManageUsers|ManageSettings|RevokeAll|CreateForUser|Introspect|RevokePresented)$/;

/** A role that the tenant has made, and no other. */
async function withCustom(world: World, name: string, permissions: readonly Permission[]): Promise<Asking> {
  const { caller, objects } = await holderOf(world, name);
  await give(world, caller, await roleOf(world, caller, `${name}-custom`, permissions));
  return { token: await heldBy(world, caller), objects };
}

async function withSession(world: World, name: string, ...roles: readonly BuiltInRoleId[]): Promise<Asking> {
  const { caller, objects } = await holderOf(world, name, ...roles);
  return { headers: await world.browserOf(caller), objects };
}

async function holderOf(world: World, name: string, ...roles: readonly BuiltInRoleId[]) {
  const caller = await world.user(name, ...roles);
  await heldBy(world, caller, 'spare');
  const objects = await objectsOf(world, `${name}-other`);
  return { caller, objects: { ...objects, own: await ownOf(world, caller), others: objects.own } };
}

/** Somebody who once had rights still has what they made by them. */
const heldBy = (world: World, caller: Caller, name = 'first'): Promise<Sensitive> =>
  world.pat({ ...caller, rights: compile(tenantWide(builtIn('tenant-member'))) }, name);

const objectsOf = async (world: World, name: string): Promise<Objects> => {
  const [own, others] = [await holdingOf(world, `${name}-a`), await holdingOf(world, `${name}-b`)];
  return {
    own,
    others,
    absent: {
      ...ANY_ON,
      name: `${name}-new`,
      user: `${name}-new@example.com`,
      accountName: `${name}-new`,
      providerName: `${name}-idp`,
    },
  };
};

async function holdingOf(world: World, name: string): Promise<Objects['own']> {
  const caller = await world.user(name, 'tenant-member');
  await world.pat(caller, `${name}-pat`);
  return ownOf(world, caller, `${name}-pat`);
}

/** One's own team is one to which one belongs; a virtual account of it; of a role, a role binding and an identity provider, one that one has made. */
async function ownOf(world: World, caller: Caller, name = 'spare', isManager = false): Promise<Objects['own']> {
  const { principal } = caller;
  const short = `t${principal.id.slice(-12)}${isManager ? 'm' : ''}`;
  const team = await teamOf(world, caller, short, { isMember: true, isManager });
  return {
    ...{ token: await idOf(world, caller, name), name, user: principal.name, userId: principal.id },
    ...{ team: team.id, teamName: team.name, role: (await roleOf(world, caller, short, [])).id },
    binding: (await bindingOf(world, caller, short)).id,
    ...(await accountIn(world, caller, short)),
    ...(await providerIn(world, caller, short)),
  };
}

async function providerIn(world: World, caller: Caller, name: string) {
  const provider = await providerOf(world, caller, `p-${name}`);
  return { provider: provider.id, providerName: provider.name };
}

async function accountIn(world: World, caller: Caller, team: string) {
  const { account, values } = (await accountOf(world, caller, `a-${team}`, team)).view;
  return { account: account.id, accountName: account.name, accountValue: `${account.id}/${values[0]?.id}` };
}

async function idOf({ rows }: World, { principal }: Caller, name = 'first'): Promise<string> {
  const [row] = await rows('select id from personal_access_token where owner = ? and name = ?', principal.id, name);
  return String(row?.id);
}

/** Both of one user, who is a member. */
async function deadTokens(world: World, name: string) {
  const caller = await world.user(name, 'tenant-member');
  const expired = await world.pat(caller, 'expiring', world.clock.now() + 1);
  const revoked = await world.pat(caller, 'revoked');
  world.clock.advance(1);
  const done = await world.send({
    ...requestFor('wireDeletePat', await idOf(world, caller, 'revoked')),
    token: revoked,
  });
  expect(done.status).toBe(200);
  return { expired, revoked };
}

function statusOfDenial(id: OperationId): number {
  const row = OPERATIONS[id];
  return 'existence' in row && row.existence === 'hide' ? 404 : 403;
}

function comparable({ status, headers, text }: Answer) {
  const { 'x-request-id': _, date: __, ...rest } = headers;
  return { status, headers: rest, text };
}

function fixed(byte: number) {
  return { bytes: (length: number) => Buffer.alloc(length, byte) };
}
