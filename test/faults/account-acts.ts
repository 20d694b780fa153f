import { expect } from 'vitest';
import { type Served, serving } from '#support/process.ts';
import { type Answer, JSON_TYPE } from '#support/world.ts';
import { type Act, act, byAdmin, nothing, preparedBy } from './act.ts';
import { adminToken, setUpOnce } from './base.ts';
import { standingOf } from './client.ts';
import { rowsIn } from './database.ts';

/* Acts upon virtual accounts, each of which writes rows of several tables, and a value with its digest and its seal. */

const ACCOUNTS = '/api/v1/virtual-accounts';
const MONTHLY = { intervalDays: 30, graceDays: 7 };
const DAY_MS = 24 * 60 * 60 * 1000;

type Held = { readonly id: string; readonly current: string; readonly value: string };
type Made = {
  readonly account: { readonly id: string; readonly values: readonly { readonly id: string }[] };
  readonly value: string;
};

async function answered<Body>(answer: Promise<Answer>): Promise<Body> {
  const { status, text } = await answer;
  expect({ status, text }).toMatchObject({ status: 200 });
  return JSON.parse(text) as Body;
}

/** What a manifest can say, all of it. */
const SAID = { name: 'robot', roles: ['metrics-reader', 'tenant-member'], autoRotate: MONTHLY, tags: { é: [1] } };

const make = (served: Served, data: string, more: object = {}) =>
  byAdmin(served, data, 'POST', ACCOUNTS, { ...SAID, ...more });

async function made(served: Served, data: string): Promise<Held> {
  const { account, value } = await answered<Made>(make(served, data));
  return { id: account.id, current: account.values[0]?.id ?? '', value };
}

/** Of all that an account is written in, how much there is. */
const ROWS = `select (select count(*) from virtual_account) as accounts, (select count(*) from virtual_account_value) as kept,
  (select count(*) from principal where kind = 'virtual_account' and removed_at is null) as principals,
  (select count(*) from token where kind = 'va') as tokens, (select count(*) from role_grant where
    subject in (select id from virtual_account)) as grants`;
const NOTHING = { accounts: 0, kept: 0, principals: 0, tokens: 0, grants: 0 };
const ALL = { accounts: 1, kept: 1, principals: 1, tokens: 1, grants: 2 };
const rows = async (_served: Served, _held: unknown, data: string) => rowsIn(data, ROWS);

/** The value that was made first: what it says, and how many there are beside it. */
const firstAnd =
  (sql: string) =>
  async (served: Served, { value }: Held, data: string) => [await standingOf(served, value), rowsIn(data, sql)];
const VALUES =
  "select generation, ended_at is null as stands, expires_at is null as isCurrent from token where kind = 'va' order by generation";

export function accountActs(copy: () => Promise<string>) {
  /** What manages an account takes one action, whatever it does: it is made by a server of its own, once for all. */
  let held: Held | undefined;
  const there = setUpOnce(async (data) => {
    const served = await serving(data);
    held = await made(served, data);
    served.process.kill('SIGTERM');
    await served.ended;
  });
  const WITH_ACCOUNT = { data: there.copy, arrange: async () => held ?? expect.unreachable() } as const;
  const withTeam = () =>
    preparedBy(copy, (served, data) => byAdmin(served, data, 'POST', '/api/svc/v1/teams', { name: 'ops' }));
  return {
    'virtual-account:CreateVirtualAccount': act({
      ...{ data: copy, arrange: nothing, standing: rows, before: [NOTHING], after: [ALL] },
      act: (served, _, data) => make(served, data),
    }),
    'virtual-account:CreateVirtualAccount for a team': act({
      ...{ data: withTeam, arrange: nothing, standing: rows, before: [NOTHING], after: [ALL] },
      act: (served, _, data) => make(served, data, { team: 'ops' }),
    }),
    'virtual-account:ManageVirtualAccount by changing all of it': act({
      ...WITH_ACCOUNT,
      act: (served, { id }, data) =>
        served.send({
          ...{ method: 'PUT', path: `${ACCOUNTS}/${id}` },
          headers: { ...JSON_TYPE, 'if-match': '"1"', authorization: `Bearer ${adminToken(data)}` },
          body: JSON.stringify({ ...SAID, roles: ['tenant-member'], tags: {}, expiresAt: inDays(9), autoRotate: null }),
        }),
      standing:
        firstAnd(`select a.version, a.tags, a.interval_days, a.expires_at is null and t.expires_at is null as endless,
        (select count(*) from role_grant where subject = a.id) as grants
        from virtual_account a join personal_access_token t on t.id = a.pat`),
      before: [200, [{ version: 1, tags: '{"é":[1]}', interval_days: 30, endless: 1, grants: 2 }]],
      after: [200, [{ version: 2, tags: '{}', interval_days: null, endless: 0, grants: 1 }]],
    }),
    'virtual-account:ManageVirtualAccount by regenerating': act({
      ...WITH_ACCOUNT,
      act: (served, { id }, data) => byAdmin(served, data, 'POST', `${ACCOUNTS}/${id}/regenerate`, { graceMinutes: 0 }),
      standing: firstAnd(VALUES),
      before: [200, [{ generation: 1, stands: 1, isCurrent: 1 }]],
      after: [
        401,
        [
          { generation: 1, stands: 0, isCurrent: 1 },
          { generation: 2, stands: 1, isCurrent: 1 },
        ],
      ],
    }),
    'virtual-account:ManageVirtualAccount by regenerating with a grace': act({
      ...WITH_ACCOUNT,
      act: (served, { id }, data) => byAdmin(served, data, 'POST', `${ACCOUNTS}/${id}/regenerate`, { graceMinutes: 9 }),
      standing: firstAnd(VALUES),
      before: [200, [{ generation: 1, stands: 1, isCurrent: 1 }]],
      after: [
        200,
        [
          { generation: 1, stands: 1, isCurrent: 0 },
          { generation: 2, stands: 1, isCurrent: 1 },
        ],
      ],
    }),
    'virtual-account:ManageVirtualAccount by ending a value': act({
      ...WITH_ACCOUNT,
      act: (served, { id, current }, data) => byAdmin(served, data, 'DELETE', `${ACCOUNTS}/${id}/values/${current}`),
      standing: firstAnd(
        'select a.current_token is null as none, count(v.token) as kept from virtual_account a left join virtual_account_value v on v.account = a.id group by a.id',
      ),
      before: [200, [{ none: 0, kept: 1 }]],
      after: [401, [{ none: 1, kept: 0 }]],
    }),
    'virtual-account:ManageVirtualAccount by freezing': act({
      ...WITH_ACCOUNT,
      act: (served, { id }, data) => byAdmin(served, data, 'POST', `${ACCOUNTS}/${id}/freeze`),
      standing: firstAnd(`select active from principal where kind = 'virtual_account'`),
      before: [200, [{ active: 1 }]],
      after: [401, [{ active: 0 }]],
    }),
    'virtual-account:DeleteVirtualAccount': act({
      ...WITH_ACCOUNT,
      act: (served, { id }, data) => byAdmin(served, data, 'DELETE', `${ACCOUNTS}/${id}`),
      /** Whoever makes one of that name then makes another. */
      standing: async (served, { id, value }, data) => [
        await standingOf(served, value),
        rowsIn(data, `select id from role_grant where subject = '${id}'`).length,
        rowsIn(data, 'select token from virtual_account_value').length,
        (await make(served, data)).status,
      ],
      before: [200, 2, 1, 409],
      after: [401, 0, 0, 200],
    }),
    'settings:ManageSettings of accounts': act({
      ...WITH_ACCOUNT,
      act: (served, _, data) =>
        byAdmin(served, data, 'PUT', '/api/v1/settings/virtual-accounts', {
          tokenReadable: false,
          afterRetirement: 'freeze',
        }),
      standing: async (served, { id }, data) => [
        (await byAdmin(served, data, 'GET', `${ACCOUNTS}/${id}/token`)).status,
        rowsIn(data, 'select token from virtual_account_value').length,
        rowsIn(data, 'select account_rules is null as standard from token_settings'),
      ],
      before: [200, 1, [{ standard: 1 }]],
      after: [403, 0, [{ standard: 0 }]],
    }),
  } as const satisfies Record<string, Act<unknown>>;
}

const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();
