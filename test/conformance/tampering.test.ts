import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newInvitation } from '#app/invitation/issue.ts';
import { newId } from '#app/new-id.ts';
import { newSession } from '#app/session/issue.ts';
import { createPat } from '#app/token/create.ts';
import { getOrCreatePat } from '#app/token/get-or-create.ts';
import { revokePat } from '#app/token/revoke.ts';
import { openDelivery, sealDelivery } from '#crypto/delivery.ts';
import { openKeyring } from '#crypto/keyring.ts';
import { digestsOf } from '#crypto/opaque.ts';
import type { Caller } from '#domain/caller.ts';
import { parseEmail } from '#domain/principal.ts';
import { notOurs, Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import type { Claim } from '#ports/jobs.ts';
import { MACED, type MacedTable, NOT_MACED } from '#store/sql/maced.ts';
import type { Table } from '#store/sql/schema.ts';
import { type Core, openCore } from '#support/core.ts';

/*
 * A changed byte in a column that carries a MAC, or that is sealed, is refused by name. It never leads to a wrong answer:
 * every answer is the true one, or none at all where the row is no longer found by what was changed.
 */

/** Columns that are sealed, or bound by what is: of tables without a MAC. */
const SEALED = {
  wrapped_key: ['id', 'tenant', 'purpose', 'wrapped', 'created_at'],
  delivery: ['token', 'pat', 'sealed'],
  replay: ['pat', 'sealed', 'expires_at'],
} as const satisfies { readonly [T in Exclude<Table, MacedTable>]?: readonly string[] };

/** Bytes of which nothing is believed: what they would change, other than to be seen, is found out by other means. */
const NOTHING_SEALED: readonly Exclude<keyof typeof NOT_MACED, keyof typeof SEALED>[] = [
  ...(['migration', 'instance', 'token_dead_use', 'node', 'audit_entry', 'change_counter', 'change_log'] as const),
];

/**
 * Columns by which rows are found or left out. One that is changed may make its row absent, which whoever can write the
 * database can do by deleting it: it takes rights away, and gives none.
 */
const FOUND_BY: { readonly [T in MacedTable | keyof typeof SEALED]: readonly string[] } = {
  tenant: ['id', 'name'],
  principal: ['tenant', 'id', 'kind', 'name'],
  password: ['tenant', 'principal'],
  role_grant: ['tenant', 'principal', 'role'],
  personal_access_token: ['tenant', 'owner', 'id', 'name', 'ended_at', 'expires_at'],
  token: ['tenant', 'pat', 'subject', 'id', 'generation', 'digest', 'ended_at'],
  token_use: ['tenant', 'token'],
  token_settings: ['tenant'],
  session: ['tenant', 'id', 'digest', 'principal'],
  invitation: ['tenant', 'id', 'digest'],
  job: ['id', 'kind'],
  wrapped_key: [],
  delivery: ['token', 'pat'],
  replay: ['pat', 'expires_at'],
};

const TARGETS = { ...MACED, ...SEALED } as Readonly<Record<keyof typeof FOUND_BY, readonly string[]>>;
const TABLES = Object.keys(TARGETS) as readonly (keyof typeof FOUND_BY)[];
const RUNS = process.env.COUNTERSIGN_TEST_FULL === '1' ? 3_000 : 150;

test('every table is either changed here, or holds nothing that is sealed or carries a MAC', () => {
  const all = [...Object.keys(MACED), ...Object.keys(NOT_MACED)].sort();
  expect([...TABLES, ...NOTHING_SEALED].sort()).toEqual(all);
});

type Answer = { readonly refused: string } | { readonly answer: unknown };
type Ask = () => Promise<unknown>;

test('a byte changed in any sealed or MACed column is refused by name, and never a wrong answer (I9)', {
  timeout: 300_000,
}, async () => {
  const core = await openCore();
  const asked = await questions(core);
  const truth = await answers(asked);
  expect(truth.filter((one) => 'refused' in one)).toEqual([]);
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...TABLES), fc.nat(), fc.nat(), fc.nat(), async (table, row, column, at) => {
      const change = await changed(core, table, { row, column, at });
      if (change === undefined) return;
      seen.add(table);
      try {
        const now = await answers(asked);
        for (const [which, one] of now.entries()) agrees(change, truth[which] as Answer, one, which);
        expect(now.some(isNamed) || change.isFoundBy, `${change.what} is noticed by nobody`).toBe(true);
      } finally {
        await change.undo();
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  expect(await answers(asked)).toEqual(truth);
  expect([...seen].sort()).toEqual([...TABLES].sort());
});

const isNamed = (one: Answer): boolean => 'refused' in one;

type Changed = { readonly what: string; readonly isFoundBy: boolean; undo(): Promise<void> };
type Where = { readonly row: number; readonly column: number; readonly at: number };

/** One byte of one column of one row; undefined where there is nothing to be changed. */
async function changed(
  core: Core,
  table: keyof typeof FOUND_BY,
  { row, column, at }: Where,
): Promise<Changed | undefined> {
  const names = TARGETS[table];
  const name = names[column % names.length] as string;
  const every = await core.rows(`select * from ${table} order by ${names.join()}`);
  const found = every[row % every.length];
  if (found === undefined) throw new Error(`there is no row of ${table} to be changed`);
  const to = other(found[name], at);
  if (to === undefined) return undefined;
  const proof = 'mac' in found ? ['mac'] : [];
  const key = [...names, ...proof].filter((one) => one !== name && found[one] !== null);
  const where = key.map((one) => `${one} = ?`).join(' and ');
  const values = key.map((one) => found[one] as string);
  const put = async (value: unknown) =>
    core.tamper(`update ${table} set ${name} = ? where ${where}`, value as string, ...values);
  const done = await put(to).catch(() => 0); // a constraint of the database may forbid it
  if (done === 0) return undefined;
  expect(done).toBe(1);
  const what = `${table}.${name} ${inspect(found[name])} → ${inspect(to)}`;
  return { what, isFoundBy: FOUND_BY[table].includes(name), undo: async () => void (await put(found[name])) };
}

/** The same with one byte changed, as far as the column can hold it. */
function other(value: unknown, at: number): unknown {
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value);
    const where = at % bytes.length;
    bytes[where] = (bytes[where] as number) ^ (1 << (at % 8));
    return bytes;
  }
  if (typeof value === 'number') return value ^ 1;
  if (typeof value !== 'string' || value === '') return undefined;
  const where = at % value.length;
  const letter = value[where] === 'x' ? 'y' : 'x';
  return `${value.slice(0, where)}${letter}${value.slice(where + 1)}`;
}

async function answers(asked: readonly Ask[]): Promise<readonly Answer[]> {
  const all: Answer[] = [];
  for (const ask of asked) all.push(await answerOf(ask));
  return all;
}

/** What a use case says where a row is not found: of a replay that there was none and the name is taken, of rights that they are less. */
const ABSENT: readonly string[] = ['not_found', 'conflict', 'forbidden', 'unauthenticated'];

const answerOf = (ask: Ask): Promise<Answer> =>
  ask().then(
    (answer) => ({ answer }),
    (error: unknown) => {
      if (error instanceof Refusal && ABSENT.includes(error.code)) return { answer: undefined };
      const named = error instanceof Refusal && error.code === 'internal' && error.detail !== undefined;
      if (!named) throw error;
      return { refused: error.detail };
    },
  );

/** The true answer, or a refusal by name, or less of the truth. */
function agrees({ what, isFoundBy }: Changed, truth: Answer, now: Answer, which: number): void {
  if ('refused' in now)
    return void expect(now.refused).toMatch(/was not written by this program, or was changed since/);
  const [before, after] = [truth, now].map((one) => ('answer' in one ? one.answer : undefined));
  if (inspect(before, { depth: 9 }) === inspect(after, { depth: 9 })) return;
  expect(isFoundBy, `question ${which} has another answer after ${what}: ${inspect(after, { depth: 9 })}`).toBe(true);
  expect(wordsIn(before), `question ${which} answers something new after ${what}`).toEqual(
    expect.arrayContaining([...wordsIn(after)]),
  );
  if (isEnded(before)) expect(isEnded(after) || after === undefined, `${what} revives`).toBe(true);
}

const isEnded = (known: unknown): boolean => (known as { ended?: unknown } | undefined)?.ended === true;

/** Every text in it: ids, names, rights. */
function wordsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return [];
  const parts = value instanceof Set ? [...value] : Object.values(value);
  return parts.flatMap(wordsIn);
}

/** Rows in every table, and everything that can be asked of them. */
async function questions(core: Core): Promise<readonly Ask[]> {
  const { deps, tenant } = core;
  const { store, keyring, wrapper, clock, random } = deps;
  const [ada, ben] = [await core.user('ada', 'tenant-admin'), await core.user('ben', 'tenant-member')];
  const people = [ada, ben] as const;
  await store.transact((tx) => tx.tokenSettings.put(tenant.id, { ...TOKEN_SETTINGS, idleDaysMax: 90 }));
  const tokens: Sensitive[] = [];
  for (const one of people) {
    await store.transact((tx) => tx.principals.setPassword(tenant.id, one.principal.id, `$${one.principal.name}`, 1));
    tokens.push(
      await core.pat(one, 'deploy', clock.now() + 9_000_000),
      await core.pat(one, 'signed', undefined, 'jwt'),
    );
    for (const _ of [1, 2]) tokens.push((await getOrCreatePat(deps, one, parseTokenName('stable'))).value);
    const gone = await createPat(deps, one, { name: parseTokenName('gone') });
    await revokePat(deps, one, gone.view.pat.id);
    tokens.push(gone.value);
  }
  const digests = tokens.map((token) => digestsOf(keyring, token));
  const known = await Promise.all(digests.map(async (all) => (await store.tokens.byDigest(all)) as never as Caller));
  const values = known.map(({ credential }) => credential).filter((credential) => credential.kind === 'token');
  for (const { id: token } of values)
    await store.transact((tx) =>
      tx.tokenUses.note([{ tenant: tenant.id, token, at: clock.now(), surface: 'rest', address: undefined }]),
    );
  const sessions = people.map(({ principal }) => newSession(deps, principal.id));
  const invitation = newInvitation(deps, ben.principal.id, 9_000_000);
  const [{ pat, id: token }] = values as [(typeof values)[number]];
  const sealed = sealDelivery(keyring, tokens[0] as Sensitive, { tenant: tenant.id, pat, token }, random);
  const job = { id: newId<'Job'>(deps), kind: 'token-uses', payload: '{}', dueAt: clock.now() } as const;
  await store.transact(async (tx) => {
    for (const { session, digest } of sessions) await tx.sessions.insert(tenant.id, session, digest);
    await tx.invitations.insert(tenant.id, invitation.invitation, invitation.digest);
    await tx.deliveries.insert(tenant.id, { token, pat, sealed });
    await tx.jobs.add(job);
  });
  const caller = await core.callerBy(tokens[0] as Sensitive);
  const once = { key: 'the-key', request: ['create'], credential: tokens[0] as Sensitive };
  const replayed = () => createPat(deps, caller, { name: parseTokenName('once') }, once);
  await replayed();
  return [
    ...digests.map((all) => () => store.tokens.byDigest(all)),
    ...values.map(
      ({ pat: of, generation }) =>
        () =>
          store.tokens.byGeneration(tenant.id, of, generation),
    ),
    ...sessions.flatMap(({ session, digest }) => [
      () => store.sessions.byDigest([digest.digest]),
      () => store.sessions.byId(tenant.id, session.id),
    ]),
    () => store.invitations.byDigest([invitation.digest.digest]),
    () => store.tenants.byName(tenant.name),
    () => store.tenants.list(),
    () => store.tokenSettings.get(tenant.id),
    () => store.principals.anyHolds(tenant.id, 'tenant-admin'),
    ...people.flatMap(({ principal: { id, name } }) => [
      () => store.principals.get(tenant.id, id),
      () => store.principals.userByEmail(tenant.id, parseEmail(name)),
      () => store.principals.named(tenant.id, [id]),
      () => store.principals.passwordOf(tenant.id, id),
      () => store.pats.byName(tenant.id, id, parseTokenName('deploy')),
      () => store.pats.list(tenant.id, id, { limit: 100, offset: 0, nameContains: '', endedAfter: 0 }),
      () => store.pats.countLive(tenant.id, id, clock.now()),
    ]),
    ...values.map(
      ({ pat: of }, at) =>
        () =>
          store.pats.get(tenant.id, (known[at] as Caller).principal.id, of),
    ),
    async () => (await openKeyring(wrapper, await store.keys.all())).ids(),
    async () => {
      const { pat: of, token: which, sealed: kept } = (await store.deliveries.pending(tenant.id)) ?? never();
      return openDelivery(keyring, kept, { tenant: tenant.id, pat: of, token: which }).reveal();
    },
    async () => (await replayed()).value.reveal(),
    () => claimed(core),
  ];
}

const never = () => {
  throw new Error('a delivery is pending');
};

const undone = new Error('undone');

/** What a worker would be given; and as if it had not asked. */
async function claimed({ deps }: Core): Promise<unknown> {
  let given: Claim | undefined;
  const asking = deps.store.transact(async (tx) => {
    const terms = { lease: 'l'.repeat(24) as never, now: deps.clock.now(), leaseMs: 1, attemptsMax: 5 };
    given = await tx.jobs.claim('token-uses', terms);
    throw undone;
  });
  await asking.catch((error: unknown) => {
    if (error !== undone) throw error;
  });
  if (given?.ok === false) throw notOurs(`a job, ${given.why}`);
  return given;
}
