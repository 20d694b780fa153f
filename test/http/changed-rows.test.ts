import { expect, test } from 'vitest';
import { digestsOf } from '#crypto/opaque.ts';
import { Refusal } from '#domain/refusal.ts';
import { compile, tenantWide } from '#domain/rights.ts';
import { builtIn } from '#domain/role.ts';
import { MACED, type MacedTable } from '#store/sql/maced.ts';
import { openWorld, type Sent, type World } from '#support/world.ts';
import { changeRow } from '../conformance/tampering-changes.ts';
import { asking, saidIn } from './asked.ts';

/*
 * What the store refuses by name, a request is answered by 500 and the operator is told of; it is never answered as
 * somebody else's, and nobody else notices.
 */

/** What a live credential rests on, and a row of each that is somebody's. */
const ROW = {
  tenant: ({ tenant }) => ['id = ?', tenant],
  principal: ({ tenant, principal }) => ['tenant = ? and id = ?', tenant, principal],
  role_grant: ({ tenant, principal }) => ['tenant = ? and subject = ?', tenant, principal],
  personal_access_token: ({ tenant, pat }) => ['tenant = ? and id = ?', tenant, pat],
  token: ({ tenant, token }) => ['tenant = ? and id = ?', tenant, token],
  token_use: ({ tenant, token }) => ['tenant = ? and token = ?', tenant, token],
  token_settings: ({ tenant }) => ['tenant = ?', tenant],
  session: ({ tenant, principal }) => ['tenant = ? and principal = ?', tenant, principal],
} as const satisfies { readonly [T in MacedTable]?: (of: Ids) => readonly [string, ...string[]] };
type Ids = Readonly<Record<'tenant' | 'principal' | 'pat' | 'token', string>>;
type Rested = keyof typeof ROW;

const OF_A_TOKEN = (Object.keys(ROW) as Rested[]).filter((table) => table !== 'session');
const OF_A_SESSION = ['tenant', 'principal', 'role_grant', 'session'] as const satisfies readonly Rested[];
/** All credentials of the tenant rest on these. */
const SHARED: readonly Rested[] = ['tenant', 'token_settings'];

/** By which a row is found; every other column is refused. */
const FOUND_BY: Readonly<Record<string, 'unknown' | 'without rights' | 'the same'>> = {
  'token.digest': 'unknown',
  'session.digest': 'unknown',
  'role_grant.tenant': 'without rights',
  'role_grant.subject': 'without rights',
  'token_use.tenant': 'the same',
  'token_use.token': 'the same',
};

const WHOAMI = { method: 'GET', path: '/api/v1/whoami' } as const;
const NO_RIGHTS = { roles: [], actions: compile([]).listed };
const RIGHTS = { roles: ['tenant-member'], actions: compile(tenantWide(builtIn('tenant-member'))).listed };

/** Somebody new, with a token that was used and no process remembers, and signed in by a session that none does. */
async function somebody(world: World, name: string) {
  const { caller, token } = await world.person(name, 'tenant-member');
  const { store, keyring, clock } = world.deps;
  const known = await store.tokens.byDigest(digestsOf(keyring, token));
  if (known?.credential.kind !== 'token') throw new Error('a token that was made is not found');
  const [tenant, { id, pat }] = [world.tenant.id, known.credential];
  const use = { tenant, token: id, at: clock.now(), surface: 'rest', address: undefined };
  await store.transact((tx) => tx.tokenUses.note([use]));
  const ids = { tenant, principal: caller.principal.id, pat, token: id };
  return { ids, token, browser: await world.browserOf(caller), email: `${name}@example.com` };
}
type Somebody = Awaited<ReturnType<typeof somebody>>;

const asToken = ({ token }: Somebody): Sent => ({ ...WHOAMI, token });
const asBrowser = ({ browser }: Somebody): Sent => ({ ...WHOAMI, headers: browser });

async function changedFor({ rows, tamper }: World, { ids }: Somebody, table: Rested, column: string) {
  const [where, ...values] = ROW[table](ids);
  const [row, ...others] = await rows(`select * from ${table} where ${where}`, ...values);
  if (row === undefined || others.length > 0) throw new Error(`there is not one row of ${table}`);
  const change = await changeRow({ rows, tamper }, table, { row, column, at: 1 });
  if (change === undefined) throw new Error(`${table}.${column} cannot be changed`);
  return change;
}

const credentials = [
  { kind: 'token', tables: OF_A_TOKEN, by: asToken },
  { kind: 'session', tables: OF_A_SESSION, by: asBrowser },
] as const;

test.each(credentials)(
  'a $kind one of whose rows was changed is answered by 500, or as nobody’s, never as another’s; others are served (I9)',
  { timeout: 120_000 },
  async ({ tables, by }) => {
    const world = await openWorld();
    const neighbour = asking(world, (await world.person('neighbour', 'tenant-member')).token);
    const served = await neighbour.ask(WHOAMI);
    expect(served).toMatchObject({ status: 200, body: { principal: { name: 'neighbour@example.com' } } });
    const columns = tables.flatMap((table) => MACED[table].map((column) => ({ table, column })));
    for (const [at, { table, column }] of columns.entries()) {
      const [one, fresh] = [await somebody(world, `somebody-${at}`), await somebody(world, `fresh-${at}`)];
      const change = await changedFor(world, one, table, column);
      await judged(world, one, by(one), { what: change.what, expected: FOUND_BY[`${table}.${column}`] });
      expect(await neighbour.ask(WHOAMI)).toEqual(served);
      if (!SHARED.includes(table)) await isThemselves(world, fresh, by(fresh));
      await change.undo();
      if (FOUND_BY[`${table}.${column}`] === undefined) await isThemselves(world, one, by(one));
    }
  },
);

type Judged = { readonly what: string; readonly expected: (typeof FOUND_BY)[string] | undefined };

async function judged(world: World, one: Somebody, sent: Sent, { what, expected }: Judged): Promise<void> {
  const before = world.reported.length;
  const { status, body } = saidIn(await world.send(sent));
  const reported = world.reported.slice(before);
  if (expected !== undefined) {
    expect({ what, reported }).toEqual({ what, reported: [] });
    if (expected === 'unknown') return expect({ what, status }).toEqual({ what, status: 401 });
    const principal = { id: one.ids.principal, kind: 'user', name: one.email };
    const rights = expected === 'without rights' ? NO_RIGHTS : RIGHTS;
    return expect({ what, status, body }).toMatchObject({ what, status: 200, body: { principal, rights } });
  }
  expect({ what, status }).toEqual({ what, status: 500 });
  expect(JSON.stringify(body)).not.toMatch(/MAC|row/);
  expect(reported).toEqual([expect.any(Refusal)]);
  expect(reported).toMatchObject([{ detail: expect.stringMatching(/^a row of \w+ does not carry a valid MAC/) }]);
}

async function isThemselves(world: World, { ids, email }: Somebody, sent: Sent): Promise<void> {
  const said = saidIn(await world.send(sent));
  const principal = { id: ids.principal, kind: 'user', name: email };
  expect(said).toMatchObject({ status: 200, body: { principal, tenant: { id: ids.tenant }, rights: RIGHTS } });
}
