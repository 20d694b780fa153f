// 10 000 users, 1 000 teams and 100 000 grants against 10 users: `npm run bench:rights`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '#app/new-id.ts';
import { originOf } from '#app/program-caller.ts';
import { putRole } from '#app/role/save.ts';
import { verifyToken } from '#app/token/verify.ts';
import type { Caller } from '#domain/caller.ts';
import { type Grant, onTenant } from '#domain/grant.ts';
import type { Id } from '#domain/id.ts';
import { newUser, parseEmail } from '#domain/principal.ts';
import { allows, type Rights } from '#domain/rights.ts';
import { type CustomRole, parseRoleName } from '#domain/role.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseTeamName, type TeamId } from '#domain/team.ts';
import { median, ratio } from './figures.ts';
import { newPat, openWorld, type World } from './world.ts';

const SIZES = {
  few: { users: 10, teams: 3, grants: 30 },
  many: { users: 10_000, teams: 1_000, grants: 100_000 },
} as const;
/** What the one who is measured holds, in either. */
const OWN = { teams: 3, grantsOfTeam: 3 } as const;
const ROUNDS = 21;
const PER_ROUND = 300;
const IN_A_TRANSACTION = 2_000;
const BAND = 0.15;
const ORIGIN = originOf('rest');

type Side = { readonly world: World; readonly token: Sensitive; readonly admin: Caller; readonly role: CustomRole };
type Rounds = Record<'hit' | 'miss' | 'canI' | 'edit', number[]>;

const LABELS = {
  hit: 'verify, remembered: many to few',
  miss: 'verify, read anew, with all that its owner holds',
  canI: 'can-i, of a caller who was verified, a thousand times',
  edit: 'a role is edited that everybody holds, until nothing old is believed',
} as const satisfies Record<keyof Rounds, string>;

const folders: string[] = [];
try {
  const [few, many] = [await opened('few'), await opened('many')];
  const rounds = { few: noRounds(), many: noRounds() };
  for (let round = 0; round < ROUNDS; round += 1) {
    await measure(few, rounds.few);
    await measure(many, rounds.many);
  }
  let isOver = false;
  for (const what of ['hit', 'miss', 'canI', 'edit'] as const) {
    const many = ratio(rounds.many[what], rounds.few[what]);
    isOver ||= what !== 'edit' && Math.abs(many - 1) > BAND;
    console.log(
      `${LABELS[what].padEnd(66)} ${many.toFixed(2)}  (${(median(rounds.many[what]) * 1_000).toFixed(1)} µs)`,
    );
  }
  console.log(isOver ? `outside of 1 ± ${BAND}` : `within 1 ± ${BAND}`);
  for (const { world } of [few, many]) await world.close();
  process.exitCode = isOver ? 1 : 0;
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

function noRounds(): Rounds {
  return { hit: [], miss: [], canI: [], edit: [] };
}

async function opened(size: keyof typeof SIZES): Promise<Side> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-rights-'));
  folders.push(folder);
  const world = await openWorld(folder);
  const admin = await world.user('admin');
  const role = await roleIn(world, admin);
  const one = await world.user('measured');
  await fill(world, { admin, one, role }, SIZES[size]);
  return { world, token: await newPat(world.deps, one, 'measured'), admin, role };
}

async function roleIn({ deps, tenant }: World, { principal }: Caller): Promise<CustomRole> {
  const now = deps.clock.now();
  const role: CustomRole = {
    ...{ id: newId<'Role'>(deps), name: parseRoleName('everybodys'), displayName: 'Everybody’s', description: '' },
    ...{ permissions: ['team:CreateTeam'], createdBy: principal.id, createdAt: now, updatedAt: now },
  };
  await deps.store.transact((tx) => tx.roles.insert(tenant.id, role));
  return role;
}

type People = { readonly admin: Caller; readonly one: Caller; readonly role: CustomRole };

/** The one who is measured is in three teams, with three grants each; all others hold the rest, on other teams. */
async function fill({ deps, tenant }: World, { admin, one, role }: People, size: (typeof SIZES)['few' | 'many']) {
  const now = deps.clock.now();
  const users = Array.from({ length: size.users }, (_, at) =>
    newUser(newId(deps), parseEmail(`u${at}@example.com`), now),
  );
  const made = { createdBy: admin.principal.id, createdAt: now, updatedAt: now };
  const teams = Array.from({ length: size.teams }, (_, at) => ({
    ...{
      id: newId<'Team'>(deps),
      name: parseTeamName(`team-${at}`),
      displayName: undefined,
      description: '',
      tags: {},
    },
    ...made,
  }));
  await inTurns(users, (tx, user) => tx.principals.insert(tenant.id, user));
  await inTurns(teams, (tx, team) => tx.teams.insert(tenant.id, team));
  const own = teams.slice(0, OWN.teams);
  const grants: Grant[] = own.flatMap(({ id }) =>
    teams.slice(0, OWN.grantsOfTeam).map((on) => grantOn(id, on.id, role)),
  );
  grants.push(onTenant(newId(deps), tenant.id, role.id));
  for (let at = 0; grants.length < size.grants; at += 1) {
    const user = users[at % users.length] as (typeof users)[number];
    const on = teams[(at * 7) % teams.length] as (typeof teams)[number];
    grants.push({ ...grantOn(on.id, on.id, role), subject: user.id });
  }
  await inTurns(grants, (tx, grant) => tx.grants.add(tenant.id, grant));
  await inTurns(own, (tx, team) =>
    tx.teams.setMembers(tenant.id, team.id, [{ principal: one.principal.id, isMember: true, isManager: false }]),
  );

  function grantOn(subject: TeamId, on: TeamId, { id }: CustomRole): Grant {
    return { id: newId<'Grant'>(deps) as Id<'Grant'>, subject, role: id, resource: `team/${on}`, binding: undefined };
  }
  type Tx = Parameters<Parameters<typeof deps.store.transact>[0]>[0];
  async function inTurns<One>(all: readonly One[], write: (tx: Tx, one: One) => Promise<unknown>): Promise<void> {
    for (let from = 0; from < all.length; from += IN_A_TRANSACTION) {
      await deps.store.transact(async (tx) => {
        for (const one of all.slice(from, from + IN_A_TRANSACTION)) await write(tx, one);
      });
    }
  }
}

/** Milliseconds for one, of many in a round. */
async function measure({ world, token, admin, role }: Side, rounds: Rounds): Promise<void> {
  const { deps } = world;
  rounds.miss.push(
    await timed(async () => {
      deps.verified.forgetAll();
      await verifyToken(deps, token, ORIGIN);
    }),
  );
  rounds.hit.push(await timed(async () => void (await verifyToken(deps, token, ORIGIN))));
  const verification = await verifyToken(deps, token, ORIGIN);
  if (!verification.ok) throw new Error(verification.reason);
  const { rights } = verification.caller;
  rounds.canI.push(await timed(async () => askedOften(rights)));
  const begun = performance.now();
  await putRole(deps, admin, { ...role, permissions: ['team:CreateTeam'] });
  rounds.edit.push(performance.now() - begun);
}

const DECISIONS = 1_000;

function askedOften(rights: Rights): void {
  for (let at = 0; at < DECISIONS; at += 1) allows(rights, 'team:ManageTeam', 'team/none');
}

async function timed(act: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  for (let at = 0; at < PER_ROUND; at += 1) await act();
  return (performance.now() - begun) / PER_ROUND;
}
