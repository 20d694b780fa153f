import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StepLabel } from '#ports/step.ts';
import { ENGINE } from '#support/database.ts';
import { temporaryFolder } from '#support/folder.ts';
import { ADMIN_EMAIL, ADMIN_PASSWORD, type Served, serve, serving, spawned, unattended } from '#support/process.ts';
import { JSON_TYPE } from '#support/world.ts';
import { accountActs } from './account-acts.ts';
import {
  type Act,
  act,
  byAdmin,
  cookieOf,
  fromOurPages,
  nothing,
  preparedBy,
  register,
  signIn,
  standingOfSession,
} from './act.ts';
import { adminToken, setUpOnce } from './base.ts';
import { clientOf, rotate, standingOf, TOKENS, withdraw } from './client.ts';
import { defectsIn, rowsIn } from './database.ts';
import { FIRST_START, ONE_ACT, STEPS, type StepOfChange, stopsAt } from './labels.ts';
import { presentedActs } from './presented-acts.ts';
import { providerActs } from './provider-acts.ts';
import { rightsActs } from './rights-acts.ts';
import { tenantActs } from './tenant-acts.ts';

const IS_LONG = process.env.COUNTERSIGN_TEST_FULL === '1';

const NEW_EMAIL = 'new@example.com';
const NEW_PASSWORD = 'another correct horse battery';

const KILLED_ALONE = ENGINE === 'sqlite' || IS_LONG ? FIRST_START : FIRST_START.slice(0, 2);

test.each(KILLED_ALONE)('an unattended first start killed at %s is finished by the next', async (label) => {
  const data = join(temporaryFolder(), 'data');
  await killedAt(label, data);
  await proveFinished(data);
});

test('first starts that are killed at every step, one after another, are finished by the next', {
  timeout: 120_000,
}, async () => {
  const data = join(temporaryFolder(), 'data');
  for (const label of FIRST_START) await killedAt(label, data);
  await proveFinished(data);
});

/** One administrator, one token, one file that is its owner’s, nothing left over, and the sealed value forgotten. */
async function proveFinished(data: string): Promise<void> {
  const served = await serving(data, unattended(data));
  expect(await standingOf(served, adminToken(data))).toBe(200);
  expect(await signIn(served, ADMIN_EMAIL, ADMIN_PASSWORD)).toMatchObject({ status: 200 });
  expect(served.said()).not.toContain('/set-up#');
  const files = ['bootstrap-token', 'root.key', ...(ENGINE === 'sqlite' ? ['countersign.db'] : [])];
  const modes = files.map((file) => statSync(join(data, file)).mode & 0o777);
  expect(new Set(modes)).toEqual(new Set([0o600]));
  expect(readdirSync(data).filter((file) => file.endsWith('.part'))).toEqual([]);
  expect(rowsIn(data, WHAT_SET_UP_LEAVES)).toEqual([
    { tenants: 1, keys: 4, users: 1, tokens: 1, sealed: 0, delivered: 1, setUps: 1, administrators: 1 },
  ]);
  expect(rowsIn(data, REVEALS)).toMatchObject([{ enough: 1 }]);
  expect(defectsIn(data)).toEqual([]);
}

const allowed = (action: string) =>
  `(select count(*) from audit_entry where action = '${action}' and decision = 'allowed')`;
const WHAT_SET_UP_LEAVES = `select (select count(*) from tenant) as tenants, (select count(*) from wrapped_key) as keys,
  (select count(*) from principal) as users, (select count(*) from token) as tokens,
  (select count(*) from delivery where sealed is not null) as sealed,
  (select count(*) from delivery where delivered_at is not null) as delivered,
  ${allowed('tenant:SetUp')} as setUps, ${allowed('user:ManageUsers')} as administrators`;
/** Recorded before it is opened, and once more when it has arrived. */
const REVEALS = `select ${allowed('personal-access-token:Deliver')} >= 2 as enough`;

const once = setUpOnce();

const emptyFolder = async () => join(temporaryFolder(), 'data');
/** Registered by a server of its own: registering takes the same action as inviting. */
const withSomebodyToInvite = () => preparedBy(once.copy, (served, data) => register(served, data, NEW_EMAIL));

const ACTS = {
  'tenant:IssueSetUpLink': act({
    data: emptyFolder,
    arrange: nothing,
    act: (served) => served.ended, // the start itself asks for it
    /** The next start asks for its own, so that one more works and no other does. */
    standing: async (served, _, data) => {
      const link = await setUpCode(served);
      const [live] = rowsIn(data, 'select count(*) as live from invitation where used_at is null');
      const { status } = await accept(served, { code: link, email: ADMIN_EMAIL, password: ADMIN_PASSWORD });
      return { ...live, made: rowsIn(data, 'select id from invitation').length, status };
    },
    before: { live: 1, made: 1, status: 200 },
    after: { live: 1, made: 2, status: 200 },
  }),
  'invitation:Accept by the set-up link': act({
    data: emptyFolder,
    arrange: setUpCode,
    act: (served, code) => accept(served, { code, email: ADMIN_EMAIL, password: ADMIN_PASSWORD }),
    standing: async (served, code) => [
      (await signIn(served, ADMIN_EMAIL, ADMIN_PASSWORD)).status,
      (await accept(served, { code, email: ADMIN_EMAIL, password: ADMIN_PASSWORD })).status,
      served.said().includes('/set-up#'),
    ],
    before: [401, 404, true],
    after: [200, 404, false],
  }),
  'invitation:Accept by an invitation': act({
    data: once.copy,
    arrange: async (served, data) => {
      await register(served, data, NEW_EMAIL);
      return codeIn((await invite(served, data, NEW_EMAIL)).text);
    },
    act: (served, code) => accept(served, { code, password: NEW_PASSWORD }),
    standing: async (served, code) => [
      (await signIn(served, NEW_EMAIL, NEW_PASSWORD)).status,
      (await accept(served, { code, password: NEW_PASSWORD })).status,
    ],
    before: [401, 200],
    after: [200, 404],
  }),
  'session:Create': act({
    data: once.copy,
    arrange: nothing,
    act: (served) => signIn(served, ADMIN_EMAIL, ADMIN_PASSWORD),
    standing: async (_served, _, data) => rowsIn(data, 'select count(*) as sessions from session'),
    before: [{ sessions: 0 }],
    after: [{ sessions: 1 }],
  }),
  'session:End': act({
    data: once.copy,
    arrange: async (served) => cookieOf(await signIn(served, ADMIN_EMAIL, ADMIN_PASSWORD)),
    act: (served, cookie) => fromOurPages(served, '/auth/sign-out', {}, { cookie }),
    standing: standingOfSession,
    before: 200,
    after: 401,
  }),
  'personal-access-token:RevokeAll': act({
    data: once.copy,
    arrange: async (served, data) => {
      const client = clientOf(served, adminToken(data));
      return Promise.all(['one', 'two', 'three'].map((name) => client.create(`token-${name}`)));
    },
    act: (served, _, data) =>
      byAdmin(served, data, 'DELETE', '/api/svc/v1/personal-access-tokens/revoke/all', { email: ADMIN_EMAIL }),
    standing: (served, tokens) => Promise.all(tokens.map((token) => standingOf(served, token))),
    before: [200, 200, 200],
    after: [401, 401, 401],
  }),
  'personal-access-token:Rename': act({
    data: once.copy,
    arrange: (served, data) => clientOf(served, adminToken(data)).getOrCreate('named'),
    act: (served, { id }, data) => clientOf(served, adminToken(data)).rename(id, 'renamed'),
    standing: async (served, { id, value }, data) => [
      rowsIn(data, `select name from personal_access_token where id = '${id}'`),
      await standingOf(served, value),
    ],
    before: [[{ name: 'named' }], 200],
    after: [[{ name: 'renamed' }], 200],
  }),
  'personal-access-token:CreateForUser': act({
    data: once.copy,
    arrange: nothing,
    act: (served, _, data) => clientOf(served, adminToken(data)).createFor(ADMIN_EMAIL, 'made-for'),
    /** What was not answered is nobody's; its owner sees it, and can revoke it. */
    standing: async (_served, _, data) =>
      rowsIn(
        data,
        `select p.name, t.generation from personal_access_token p join token t on t.pat = p.id
        where p.name = 'made-for'`,
      ),
    before: [],
    after: [{ name: 'made-for', generation: 1 }],
  }),
  'settings:ManageSettings': act({
    data: once.copy,
    arrange: nothing,
    act: (served, _, data) => clientOf(served, adminToken(data)).limit(1),
    /** The administrator holds one: another is refused exactly where the limit stands. */
    standing: async (served, _, data) => {
      const body = JSON.stringify({ name: 'one-more' });
      const headers = { ...JSON_TYPE, authorization: `Bearer ${adminToken(data)}` };
      return (await served.send({ method: 'POST', path: TOKENS, headers, body })).status;
    },
    before: 200,
    after: 400,
  }),
  'signing-key:Rotate': act({
    data: once.copy,
    arrange: publishedKeys,
    act: (_served, _, data) => rotate(data),
    standing: async (served, before) => {
      const now = await publishedKeys(served);
      return { kept: before.every((kid) => now.includes(kid)), more: now.length - before.length };
    },
    before: { kept: true, more: 0 },
    after: { kept: true, more: 1 },
  }),
  'signing-key:Rotate by withdrawing': act({
    data: once.copy,
    arrange: async (served, data) => ({
      jwt: await clientOf(served, adminToken(data)).createJwt('signed'),
      keys: await publishedKeys(served),
    }),
    act: (_served, _, data) => withdraw(data),
    standing: async (served, { jwt, keys }, data) => {
      const now = await publishedKeys(served);
      const old = now.filter((kid) => keys.includes(kid)).length;
      const ended = rowsIn(data, `select end_reason from personal_access_token where name = 'signed'`);
      return { standing: await standingOf(served, jwt), old, all: now.length, ended };
    },
    before: { standing: 200, old: 1, all: 1, ended: [{ end_reason: null }] },
    after: { standing: 401, old: 0, all: 1, ended: [{ end_reason: 'leaked' }] },
  }),
  'user:ManageUsers by registering': act({
    data: once.copy,
    arrange: nothing,
    act: (served, _, data) => register(served, data, NEW_EMAIL),
    /** Who is there already is refused; who is not, is made by asking again. */
    standing: async (served, _, data) => (await register(served, data, NEW_EMAIL)).status,
    before: 200,
    after: 409,
  }),
  'user:ManageUsers by inviting': act({
    data: withSomebodyToInvite,
    arrange: nothing,
    act: (served, _, data) => invite(served, data, NEW_EMAIL),
    standing: async (_served, _, data) => rowsIn(data, 'select used_at from invitation'),
    before: [],
    after: [{ used_at: null }],
  }),
  'user:IssuePasswordLink': act({
    data: once.copy,
    arrange: nothing,
    act: (_served, _, data) => spawned(['password-link', ADMIN_EMAIL, '--data', data]).ended,
    /** What was not printed is nobody's; the password is the old one until a link is used. */
    standing: async (served, _, data) => [
      rowsIn(data, 'select used_at from invitation'),
      (await signIn(served, ADMIN_EMAIL, ADMIN_PASSWORD)).status,
    ],
    before: [[], 200],
    after: [[{ used_at: null }], 200],
  }),
  ...rightsActs(once.copy),
  ...tenantActs(once.copy),
  ...presentedActs(once.copy),
  ...accountActs(once.copy),
  ...providerActs(once.copy),
} as const satisfies Record<string, Act<unknown>>;
/**
 * On a server all of them in the longer run only: what is killed there is undone by the server, whatever it was. So is
 * what was only decided, when nothing is written yet: first starts and kill.test.ts are killed there for every run.
 */
const KILLED_AT = IS_LONG ? STEPS : ENGINE === 'sqlite' ? (['written', 'committed'] as const) : [];
const CASES = Object.entries(ACTS).flatMap(([name, row]) => KILLED_AT.map((step) => ({ name, step, row })));

const labelOf = ({ name, step }: { readonly name: string; readonly step: StepOfChange }): StepLabel => {
  const action = ONE_ACT.find((one) => name.startsWith(one));
  if (action === undefined) throw new Error(`${name} begins with no action`);
  return `${action}.${step}`;
};

const stops = stopsAt([
  ...FIRST_START.map((label) => `${label} of a first start`),
  ...CASES.map(({ name, step }) => `${step} of ${name}`),
]);

/** Patience for a slow machine: each starts several processes. */
const MINUTES = { timeout: 120_000 };

test.each(CASES)('killed when $name was $step, all of it stands or nothing', MINUTES, async ({ name, step, row }) => {
  const data = await row.data();
  const first = await serving(data, { stopAt: labelOf({ name, step }) });
  const held = await row.arrange(first, data);
  await row.act(first, held, data).then(answeredAfterAll, () => undefined);
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
  stops.stopped(`${step} of ${name}`);
  const second = await serving(data);
  expect(defectsIn(data)).toEqual([]);
  expect(await row.standing(second, held, data)).toEqual(step === 'committed' ? row.after : row.before);
  expect(defectsIn(data)).toEqual([]);
});

function answeredAfterAll(answer: unknown): void {
  if (answer !== null && typeof answer === 'object' && 'status' in answer) throw new Error('the process did not stop');
}

async function killedAt(label: StepLabel, data: string): Promise<void> {
  expect(await serve(data, { ...unattended(data), stopAt: label })).toMatchObject({ signal: 'SIGKILL' });
  stops.stopped(`${label} of a first start`);
}

const accept = (served: Served, body: { readonly code: string; readonly email?: string; readonly password: string }) =>
  fromOurPages(served, '/auth/accept-invitation', body);

const invite = (served: Served, data: string, email: string) =>
  byAdmin(served, data, 'POST', '/api/svc/v1/users/invite', { email, acceptInviteClientUrl: '' });

async function publishedKeys(served: Served): Promise<readonly string[]> {
  const { text } = await served.send({ method: 'GET', path: '/.well-known/jwks.json' });
  return (JSON.parse(text) as { keys: readonly { kid: string }[] }).keys.map(({ kid }) => kid);
}

const codeIn = (text: string): string => /#(\w+)/.exec(text)?.[1] ?? '';

/** The code in the link that a start prints last. */
async function setUpCode(served: Served): Promise<string> {
  await expect.poll(() => served.said(), { timeout: 10_000 }).toMatch(/\/set-up#\w+\n/);
  return codeIn(served.said());
}
