import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { issueFor } from '#app/token/issue.ts';
import { OPERATION_IDS, OPERATIONS } from '#contract/operations.ts';
import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import { type Id, parseId } from '#domain/id.ts';
import type { Instant } from '#domain/instant.ts';
import { newUser, parseEmail } from '#domain/principal.ts';
import { compile, tenantWide } from '#domain/rights.ts';
import { type BuiltInRoleId, builtIn } from '#domain/role.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { parseTeamName } from '#domain/team.ts';
import { parseTenantOrigin } from '#domain/tenant.ts';
import { parseTokenName } from '#domain/token.ts';
import { NO_REQUEST_LIMITS } from '#http/request-limits.ts';
import { NOBODYS, ORIGIN } from '#support/core.ts';
import { type Answer, JSON_TYPE, openWorld, type World } from '#support/world.ts';
import { NOT_SERVED, NOT_SERVED_MAX } from '../contract/not-served.ts';
import { differences } from '../contract/shape.ts';
import { ACCOUNTS_IN, virtualAccountIn } from './example-accounts.ts';

type Pair = {
  readonly line: number;
  readonly method: string;
  readonly path: string;
  readonly request: unknown;
  readonly status: number;
  readonly response: unknown;
};

const EXAMPLES = 'test/contract/examples.jsonl';
/** Where the contract itself lies, beside a checkout. */
const SHARED = '../shared/contract/examples.jsonl';

const PAIRS: readonly Pair[] = readFileSync(EXAMPLES, 'utf8')
  .trimEnd()
  .split('\n')
  .map((text, at) => ({ line: at + 1, ...JSON.parse(text) }));
const lines = new Set(NOT_SERVED.map(({ line }) => line));
const named = (pairs: readonly Pair[]) =>
  pairs.map((pair) => [`${pair.line}: ${pair.method} ${pair.path}`, pair] as const);

describe('an example of the contract that is served is answered so', () => {
  test.each(named(PAIRS.filter(({ line }) => !lines.has(line))))('%s', async (_, pair) => {
    const answer = await answerTo(pair);
    expect(answer.status, answer.text).toBe(pair.status);
    expect(differences(pair.response, JSON.parse(answer.text))).toEqual([]);
    if (pair.status === 429) expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  });
});

test('the examples that are not served stand on the list, by what they ask, and the list only shrinks', () => {
  const asked = NOT_SERVED.map(({ line, request }) => [line, request]);
  const listed = PAIRS.filter(({ line }) => lines.has(line));
  expect(asked).toEqual(listed.map(({ line, method, path }) => [line, `${method} ${short(path)}`]));
  expect(NOT_SERVED.length).toBeLessThanOrEqual(NOT_SERVED_MAX);
  expect([PAIRS.length, NOT_SERVED_MAX]).toEqual([102, NOT_SERVED.length]); // lower the bound with the list
});
const short = (path: string) => path.replace('/api/svc/v1', '').replace(/\?.*/, '');

test('none of the examples on the list is served after all: take it off', async () => {
  const served = [];
  for (const pair of PAIRS.filter(({ line }) => lines.has(line))) {
    const answer = await answerTo(pair);
    const { message } = JSON.parse(answer.text);
    if (
      message === 'There is nothing at this path: this server does not offer what was asked for.' ||
      answer.status !== pair.status
    )
      continue;
    if (differences(pair.response, JSON.parse(answer.text)).length === 0) served.push(pair.line);
  }
  expect(served).toEqual([]);
});

test('every wire operation stands in an example that is served, except those that the contract has no example of', () => {
  const served = PAIRS.filter(({ line }) => !lines.has(line));
  const shown = OPERATION_IDS.filter((id) => {
    const { method, path } = OPERATIONS[id];
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}(\\?|$)`);
    return served.some((pair) => pair.method === method && pattern.test(pair.path));
  });
  const wire = OPERATION_IDS.filter((id) => OPERATIONS[id].surface === 'wire');
  expect(wire.filter((id) => !shown.includes(id))).toEqual([
    'wireGetHealth',
    'wireAuthorizeDevice', // shown as what it is to become
    'wireGetEnv',
    'wireGetFrontEndEnv',
    'wireGetPatToken',
    'wireListAccounts', // its examples are delivered and told of
    'wirePostAccount',
    'wireDeleteAccountValue', // its example has an id of another form
    'wireSyncAccount', // its examples are of what is delivered
    'wireRegisterUser', // its only example asks for an e-mail
    'wireDeactivateUser',
    'wireActivateUser',
    'wireChangePassword',
    'wireGetUserResources',
    'wireGetUserResourcesX',
    'wireGetUserPermissions',
    'wireGetUserTeams',
    'wireListTeamsOfUser', // its examples know no team that keeps no list
    'wireListTeams',
    'wireCreateTeam',
    'wireGetTeam',
    'wireDeleteTeam',
    'wireListTeamMembers',
    'wireListTeamManagers',
    'wireListTeamPermissions',
    'wireAddTeamMember',
    'wireRemoveTeamMember',
    'wireListRoles',
    'wireListRolesByType',
    'wireListAllRoles',
    'wireCreateRole',
    'wirePutRole',
    'wireGetRole',
    'wireDeleteRole',
    'wireDeleteRoleById',
    'wireListRoleActions',
    'wirePutRoleBinding',
    'wireCreateInlineRoleBinding',
    'wireListRoleBindings',
    'wireRoleBindingExists',
    'wireGetRoleBinding',
    'wireDeleteRoleBinding',
    'wireListCollaborators',
    'wireAddCollaborator',
    'wireRemoveCollaborator',
    'wireListAuthorized',
    'wireAuthorize',
    'wireReplaceAuthorized',
    'wireUnauthorize',
    'wireCheckAccess',
    'wireListPermissions',
    'wireListClusters',
    'wireListApps',
    'wireGetCluster',
    'wireDeploy',
    'wireGetCodeUploadUrl',
    'wireTriggerJob',
    'wireTerminateJob',
    'wireGetSpecUploadUrl',
    'wireGetKeySet',
  ]);
});

test.skipIf(!existsSync(SHARED))(`the examples are the contract’s: else copy it from ${SHARED} to ${EXAMPLES}`, () => {
  expect(readFileSync(EXAMPLES, 'utf8') === readFileSync(SHARED, 'utf8'), `copy it: ${SHARED} is newer`).toBe(true);
});

/** Broken on purpose. */
test.each([
  { example: { a: 1 }, answer: {}, found: ['$.a is missing, not number'] },
  { example: { a: '' }, answer: { a: null }, found: ['$.a is null, not string'] },
  { example: { a: [{ b: 1 }] }, answer: { a: [{ b: 1 }, {}] }, found: ['$.a[1].b is missing, not number'] },
  { example: [{ b: 1 }, {}], answer: [{}, {}], found: ['$[0].b is missing, not number'] },
  { example: { a: [{ b: 1 }] }, answer: { a: [] }, found: ['$.a is empty'] },
  { example: { type: 'virtual-account' }, answer: { type: 'pat' }, found: ['$.type is "pat", not "virtual-account"'] },
  { example: 1, answer: {}, found: ['$ is object, not number'] },
  { example: { id: 'x' }, answer: { id: 'y', more: 1 }, found: [] },
])('an answer $answer differs from the example $example by $found', ({ example, answer, found }) => {
  expect(differences(example, answer)).toEqual(found);
});

const PATS = '/api/svc/v1/personal-access-tokens';
const DEFAULT_NAME = 'default-u7k2m9q4w1z8x3c6v5b0n1l2';

/** Whose token an example is asked with, where it is not the administrator’s. */
const ASKED_BY: Readonly<Record<number, (scene: Scene) => Sensitive | undefined>> = {
  13: ({ revoked }) => revoked,
  64: () => undefined,
  65: () => undefined,
  78: () => new Sensitive('tfy_pat_no'),
  79: () => undefined,
  77: ({ account }) => account,
  91: ({ bob }) => bob,
};

/** Sends a pair to a world of its own in which its ids and names are real. */
async function answerTo(pair: Pair): Promise<Answer> {
  const world = await openWorld(pair.status === 429 ? { requests: ONE_BY_ONE } : {});
  const scene = await sceneIn(world, pair);
  const by = ASKED_BY[pair.line];
  const token = by === undefined ? scene.alice : by(scene);
  const body = pair.request === null ? {} : { headers: JSON_TYPE, body: JSON.stringify(pair.request) };
  const sent = { method: pair.method, path: pair.path, token, ...body };
  if (pair.status === 429) await world.send(sent); // the one that is not too many
  return world.send(sent);
}
const ONE_BY_ONE = { ...NO_REQUEST_LIMITS, perTokenMax: 1 };

type Scene = Readonly<Record<'alice' | 'bob' | 'revoked', Sensitive>> & { readonly account: Sensitive | undefined };

/** Where the examples ask, as an operator names it. */
const ADDRESSES = ['https://tfy.example.com', 'http://127.0.0.1:7080'].map(parseTenantOrigin);

/** The people and tokens of the contract’s examples, under their ids. */
async function sceneIn(world: World, { line, path, status }: Pair): Promise<Scene> {
  const { deps, tenant } = world;
  for (const origin of ADDRESSES) await deps.store.transact((tx) => tx.tenants.addOrigin(tenant.id, origin));
  const alice = await userIn(world, 'alice', 'u7k2m9q4w1z8x3c6v5b0n1l2', 'tenant-admin');
  const member = await userIn(world, 'bob', BOB_ID, 'tenant-member');
  const third = await userIn(world, 'carol', CAROL_ID, 'tenant-member');
  if (path.startsWith('/api/svc/v1/users?')) for (const one of [alice, member, third]) await usedIn(world, one);
  if (OF_PLATFORM.has(line)) await platformIn(world, alice, member);
  const account = ACCOUNTS_IN[line] && (await virtualAccountIn(world, alice, ACCOUNTS_IN[line]));
  const expiry = Date.UTC(2026, 8, 1);
  const pipeline = await patIn(world, alice, {
    name: line === MAKES_PIPELINE ? 'other' : 'ci-pipeline',
    id: 'p4t9w2k7m1q8z3x6c5v0b9n2',
    expiry,
  });
  const created = path === `${PATS}/${DEFAULT_NAME}` && status === 200; // the example makes it
  if (!created) await patIn(world, alice, { name: DEFAULT_NAME, id: 'd5f1g8h2j6k3l9z4x7c0v1b3' });
  const bob = await patIn(world, member, { name: 'of-bob', id: 'b5f1g8h2j6k3l9z4x7c0v1b3' });
  if (line !== 13) return { alice: pipeline, bob, revoked: pipeline, account };
  const revoked = await patIn(world, alice, { name: 'old-one', id: 'r5f1g8h2j6k3l9z4x7c0v1b3' });
  await world.send({ method: 'DELETE', path: `${PATS}/r5f1g8h2j6k3l9z4x7c0v1b3`, token: revoked });
  return { alice: pipeline, bob, revoked, account };
}
/** The example that creates the token which others have already. */
const MAKES_PIPELINE = 4;
/** Examples in which there is a team already. */
const OF_PLATFORM: ReadonlySet<number> = new Set([4, 9, 60, 61, 89, 94]);
const BOB_ID = 'u8k2m9q4w1z8x3c6v5b0n1l3';
const CAROL_ID = 'u9k2m9q4w1z8x3c6v5b0n1l4';

async function userIn({ deps, tenant }: World, name: string, id: string, role: BuiltInRoleId): Promise<Caller> {
  const user = newUser(parseId(id), parseEmail(`${name}@example.com`), deps.clock.now());
  await deps.store.transact(async (tx) => {
    await tx.principals.insert(tenant.id, user);
    if (role === 'tenant-admin') await tx.principals.setPassword(tenant.id, user.id, NOBODYS, user.createdAt);
    await tx.grants.add(tenant.id, onTenant(parseId(id.replace(/^u/, 'g')), user.id, role));
  });
  const credential = { kind: 'none', id: undefined } as const;
  return { tenant, principal: user, credential, rights: compile(tenantWide(builtIn(role))), origin: ORIGIN };
}

/** A token that was used once, of long ago. */
async function usedIn({ deps, tenant }: World, owner: Caller): Promise<void> {
  const wanted = { name: parseTokenName('used-once'), format: 'opaque', expiresAt: undefined } as const;
  const { digest, pat, token } = await issueFor(deps, owner, wanted);
  const use = { tenant: tenant.id, token: token.id, at: token.createdAt, surface: 'rest', address: undefined };
  await deps.store.transact(async (tx) => {
    await tx.pats.insert(tenant.id, pat);
    await tx.tokens.add(tenant.id, token, digest);
    await tx.tokenUses.note([use]);
  });
}

async function platformIn({ deps, tenant }: World, manager: Caller, member: Caller): Promise<void> {
  const made = { createdBy: manager.principal.id, createdAt: deps.clock.now(), updatedAt: deps.clock.now() };
  const about = {
    name: parseTeamName('platform'),
    displayName: undefined,
    description: 'Platform engineering',
    tags: {},
  };
  const team = { id: parseId<'Team'>('t3e6a9m2p5l8a1t4f7o0r3m6'), ...about, ...made };
  const both = [manager, member].map(({ principal }, at) => ({
    ...{ principal: principal.id, isMember: true, isManager: at === 0 },
  }));
  await deps.store.transact(async (tx) => {
    await tx.teams.insert(tenant.id, team);
    await tx.teams.setMembers(tenant.id, team.id, both);
  });
}

type Wanted = { readonly name: string; readonly id: string; readonly expiry?: Instant };

async function patIn({ deps, tenant }: World, owner: Caller, { name, id, expiry }: Wanted): Promise<Sensitive> {
  const wanted = { name: parseTokenName(name), format: 'opaque', expiresAt: expiry } as const;
  const { value, digest, pat, token } = await issueFor(deps, owner, wanted);
  const own: Id<'PersonalAccessToken'> = parseId(id);
  await deps.store.transact(async (tx) => {
    await tx.pats.insert(tenant.id, { ...pat, id: own });
    await tx.tokens.add(tenant.id, { ...token, pat: own }, digest);
  });
  return value;
}
