import { expect, test } from 'vitest';
import { OPERATION_IDS, type OperationId } from '#contract/operations.ts';
import type { Caller } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { NO_REQUEST_LIMITS } from '#http/request-limits.ts';
import { type Answer, openWorld, type World } from '#support/world.ts';
import { type Kind, MATRIX, requestFor } from './matrix.ts';
import { secondTenant } from './second-tenant.ts';
import { accountOf, bindingOf, give, providerOf, roleOf, teamOf } from './things.ts';

/** A hundred thousand with `npm run test:full`. */
const TRIES = process.env.COUNTERSIGN_TEST_FULL === '1' ? 100_000 : 2_000;
const SIDE_BY_SIDE = 8;
const OF_AN_ID: ReadonlySet<Kind> = new Set([
  ...(['token', 'userId', 'team', 'role', 'binding', 'account', 'accountValue', 'provider'] as const),
]);
const ON_IDS = OPERATION_IDS.filter((id) => OF_AN_ID.has(MATRIX[id].of));
/** An id of the right shape that is nowhere. */
const ABSENT = 'z00000000000000000000000';

test(`of ${TRIES} requests with ids of another tenant, each is answered as for an id that is nowhere, and none does anything`, {
  timeout: 3_600_000,
}, async () => {
  const world = await openWorld({ requests: NO_REQUEST_LIMITS });
  const askers = await askersIn(world);
  const foreign = await foreignIdsIn(world);
  const absent = await answersFor(world, askers);
  const before = await everythingOf(world);
  const leaks: string[] = [];
  let left = TRIES;
  const lane = async () => {
    for (; left > 0; ) {
      left -= 1;
      const [operation, asker, on] = [one(ON_IDS), one(askers), one(foreign)];
      const said = bytesOf(await world.send({ ...requestFor(operation, on), token: asker.token }));
      if (said !== absent.get(`${operation} ${asker.who}`))
        leaks.push(`${operation} by ${asker.who} on ${on}: ${said}`);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
  expect(leaks.slice(0, 5)).toEqual([]);
  expect(await everythingOf(world)).toEqual(before);
});

const one = <Value>(all: readonly Value[]): Value => all[Math.floor(Math.random() * all.length)] as Value;

type Asker = { readonly who: string; readonly token: Sensitive };

/** Whoever has every right here, whoever has those of members, and whoever has none. */
async function askersIn(world: World): Promise<readonly Asker[]> {
  const { token: admin } = await world.person('admin', 'tenant-admin');
  const { token: member } = await world.person('member', 'tenant-member');
  const nobody = await world.user('nobody', 'tenant-member');
  const token = await world.pat(nobody, 'first');
  await world.tamper('delete from role_grant where subject = ?', nobody.principal.id);
  return [
    { who: 'admin', token: admin },
    { who: 'member', token: member },
    { who: 'nobody', token },
  ];
}

/** Of everything that the other tenant has an id of, itself among them. */
async function foreignIdsIn(world: World): Promise<readonly string[]> {
  const { tenant, person } = await secondTenant(world);
  const { caller } = await person('foreigner', 'tenant-admin', 'spare');
  const made = { deps: world.deps };
  const team = await teamOf(made, caller, 'their-team', { isMember: true, isManager: true });
  const role = await roleOf(made, caller, 'their-role', ['user:ListUsers']);
  await give(made, caller, role);
  const binding = await bindingOf(made, caller, 'their-binding');
  const { account, values } = (await accountOf(made, caller, 'their-account')).view;
  const provider = await providerOf(made, caller, 'their-provider');
  const theirs = [provider.id, account.id, ...values.map(({ id }) => id)];
  return [tenant.id, caller.principal.id, team.id, role.id, binding.id, ...theirs, ...(await idsIn(world, caller))];
}

async function idsIn(world: World, { tenant }: Caller): Promise<readonly string[]> {
  const [pats, grants] = [
    await world.rows('select id from personal_access_token where tenant = ?', tenant.id),
    await world.rows('select id from role_grant where tenant = ?', tenant.id),
  ];
  return [...pats, ...grants].map(({ id }) => String(id));
}

/** What each is told of an id that is nowhere. */
async function answersFor(world: World, askers: readonly Asker[]): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>();
  for (const operation of ON_IDS as readonly OperationId[]) {
    for (const { who, token } of askers) {
      const said = bytesOf(await world.send({ ...requestFor(operation, ABSENT), token }));
      expect(said, `${operation} by ${who}`).toMatch(/^(403|404|422) /);
      answers.set(`${operation} ${who}`, said);
    }
  }
  return answers;
}

/** All but what every answer has of its own. */
function bytesOf({ status, headers, text }: Answer): string {
  const { 'x-request-id': _, date: __, ...rest } = headers;
  return `${status} ${JSON.stringify(rest)} ${text}`;
}

/** All rows of both tenants that somebody could have changed. */
async function everythingOf(world: World): Promise<readonly unknown[]> {
  const tables = [
    'principal',
    'role_grant',
    'team',
    'team_member',
    'role',
    'role_binding',
    'personal_access_token',
    'virtual_account',
    'identity_provider',
  ];
  return Promise.all(tables.map((table) => world.rows(`select * from ${table} order by 1, 2, 3`)));
}
