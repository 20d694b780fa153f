import type { SQLInputValue } from 'node:sqlite';
import { beforeEach, describe, expect, test } from 'vitest';
import type { JobId } from '#domain/job.ts';
import { parseEmail } from '#domain/principal.ts';
import { parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { MACED, type MacedTable, NOT_MACED } from '#store/sql/maced.ts';
import type { Adapter } from './adapters.ts';
import {
  addValue,
  EVERYTHING,
  endedBy,
  heldBy,
  insertPat,
  invitationFor,
  newId,
  newPat,
  openWorld,
  random,
  revoke,
  sessionOf,
  userIn,
} from './world.ts';

/** Columns that no MAC covers, each with why. This list may shrink; growing it needs a decision record. */
const UNCOVERED = {
  tenant: { mac: 'is the MAC' },
  principal: { created_at: 'only shown', updated_at: 'only shown', mac: 'is the MAC' },
  password: { updated_at: 'only shown', mac: 'is the MAC' },
  role_grant: { mac: 'is the MAC' },
  personal_access_token: {
    updated_at: 'only shown',
    mac: 'is the MAC',
  },
  token: {
    preview: 'only shown',
    mac: 'is the MAC',
  },
  job: {
    mac: 'is the MAC',
    due_at: 'only when it runs',
    attempts: 'only when it runs',
    lease: 'only who runs it',
    lease_until: 'only who runs it',
    last_error: 'only shown',
    dead_at: 'only whether it runs',
  },
  token_use: { surface: 'only shown', address: 'only shown', mac: 'is the MAC' },
  token_settings: { mac: 'is the MAC' },
  session: { mac: 'is the MAC' },
  invitation: { mac: 'is the MAC' },
} as const satisfies Record<MacedTable, Readonly<Record<string, string>>>;

/** A row of each table, and everything a forger would want to put in its place. */
async function openForged(adapter: Adapter) {
  const world = await openWorld(adapter);
  const { store, acme, other, alice, raw } = world;
  const bob = await userIn(store, acme.id, 'bob');
  await store.transact((tx) => tx.principals.insert(other.id, alice));
  await store.transact((tx) => tx.principals.setPassword(acme.id, alice.id, '$alices', 1));
  const own = await heldBy(store, acme.id, alice.id, 'deploy', { expiresAt: 1_000 });
  const empty = newPat(alice.id, 'empty');
  await insertPat(store, acme.id, empty);
  const gone = await heldBy(store, acme.id, alice.id, 'gone');
  await revoke(store, acme.id, alice.id, gone.pat.id);
  const bobs = await heldBy(store, acme.id, bob.id, 'bobs');
  const theirs = await heldBy(store, other.id, alice.id, 'theirs');
  const twin = await addValue(store, other.id, theirs.pat, { id: own.token.id });
  const use = { tenant: acme.id, token: own.token.id, at: 7, surface: 'rest', address: undefined };
  await store.transact((tx) => tx.tokenUses.note([use]));
  const session = await sessionOf(store, acme.id, alice.id);
  const invitation = await invitationFor(store, acme.id, alice.id);
  const job = { id: newId<'Job'>(), kind: 'token-uses', payload: '{}', dueAt: 5 } as const;
  await store.transact((tx) => tx.jobs.add(job));
  const foreign = Buffer.from(random.bytes(32));
  return { ...world, raw, bob, own, empty, gone, bobs, theirs, twin, session, invitation, job, foreign };
}
type Forged = Awaited<ReturnType<typeof openForged>>;

/** One column of one row changed, and a read that meets the row nevertheless. */
type Case = {
  readonly to: (world: Forged) => SQLInputValue;
  readonly read: (world: Forged) => Promise<unknown>;
};

const byToken = ({ store, own }: Forged) => store.tokens.byDigest([own.digest]);
const bySession = ({ store, session }: Forged) => store.sessions.byDigest([session.digest]);
const byTokenNumber = ({ store, acme, own }: Forged) =>
  store.tokens.byGeneration(acme.id, own.token.pat, own.token.generation);
const bySessionId = ({ store, acme, session }: Forged) => store.sessions.byId(acme.id, session.session.id);
const byCode = ({ store, invitation }: Forged) => store.invitations.byDigest([invitation.digest]);
const byForeignToken = ({ store, foreign }: Forged) => store.tokens.byDigest([foreign]);
const user = ({ store, acme, alice }: Forged) => store.principals.get(acme.id, alice.id);
const password = ({ store, acme, alice }: Forged) => store.principals.passwordOf(acme.id, alice.id);
const pat = ({ store, acme, alice, own }: Forged) => store.pats.get(acme.id, alice.id, own.pat.id);
const settings = ({ store, acme }: Forged) => store.tokenSettings.get(acme.id);
const byRetrying = ({ store, job }: Forged) => store.transact((tx) => tx.jobs.retry(job.id, 9));
const elsewhere = ({ other }: Forged) => other.id;
const nobody = () => 'x'.repeat(24);
const nowhere = () => 'other-tenant';

/** Every covered column: a column that joins a list and not this table does not compile. */
const CASES: { readonly [T in MacedTable]: Readonly<Record<(typeof MACED)[T][number], Case>> } = {
  tenant: {
    id: { to: nobody, read: ({ store, acme }) => store.tenants.byName(acme.name) },
    name: { to: () => 'evil', read: ({ store }) => store.tenants.list() },
  },
  principal: {
    tenant: { to: () => 'other-tenant', read: byToken },
    id: { to: nobody, read: ({ store, acme, alice }) => store.principals.userByEmail(acme.id, parseEmail(alice.name)) },
    kind: { to: () => 'virtual_account', read: user },
    name: { to: () => 'root@example.com', read: user },
    active: { to: () => 0, read: user },
  },
  password: {
    tenant: { to: elsewhere, read: ({ store, other, alice }) => store.principals.passwordOf(other.id, alice.id) },
    principal: {
      to: ({ bob }) => bob.id,
      read: ({ store, acme, bob }) => store.principals.passwordOf(acme.id, bob.id),
    },
    hash: { to: () => '$mallorys', read: password },
  },
  role_grant: {
    tenant: { to: elsewhere, read: ({ store, theirs }) => store.tokens.byDigest([theirs.digest]) },
    id: { to: nobody, read: byToken },
    principal: { to: ({ bob }) => bob.id, read: ({ store, bobs }) => store.tokens.byDigest([bobs.digest]) },
    role: { to: () => 'tenant-admin', read: ({ store, acme }) => store.principals.anyHolds(acme.id, 'tenant-admin') },
    resource: { to: () => 'everything', read: byToken },
  },
  personal_access_token: {
    tenant: { to: elsewhere, read: ({ store, other, alice, own }) => store.pats.get(other.id, alice.id, own.pat.id) },
    id: { to: nobody, read: byToken },
    owner: {
      to: ({ bob }) => bob.id,
      read: ({ store, acme, bob, own }) => store.pats.get(acme.id, bob.id, own.pat.id),
    },
    name: { to: () => 'renamed', read: pat },
    created_by: { to: ({ bob }) => bob.id, read: pat },
    created_at: { to: () => 0, read: pat },
    expires_at: { to: () => null, read: pat },
    ended_at: { to: () => 5, read: pat },
    ended_by: { to: nobody, read: pat },
    end_reason: { to: () => 'deleted', read: pat },
  },
  token: {
    tenant: { to: nowhere, read: byToken },
    id: { to: nobody, read: byToken },
    kind: { to: () => 'va', read: byToken },
    pat: { to: ({ empty }) => empty.id, read: byToken },
    subject: { to: ({ bob }) => bob.id, read: byToken },
    generation: { to: () => 9, read: byToken },
    format: { to: () => 'jwt', read: byToken },
    signed_by: { to: nobody, read: byToken },
    digest: { to: ({ foreign }) => foreign, read: byForeignToken },
    pepper: { to: nobody, read: byToken },
    created_at: { to: () => 0, read: byToken },
    expires_at: { to: () => null, read: byToken },
    ended_at: { to: () => 5, read: byToken },
    ended_by: { to: nobody, read: byToken },
    end_reason: { to: () => 'deleted', read: byToken },
  },
  token_use: {
    tenant: { to: elsewhere, read: ({ store, twin }) => store.tokens.byDigest([twin.digest]) },
    token: { to: ({ bobs }) => bobs.token.id, read: ({ store, bobs }) => store.tokens.byDigest([bobs.digest]) },
    at: { to: () => 999_999, read: byToken },
  },
  token_settings: {
    tenant: { to: nowhere, read: byToken }, // none is left of its own
    age_days_max: { to: () => 36_500, read: byToken },
    count_max: { to: () => 9, read: settings },
    life_days_default: { to: () => 9, read: settings },
    idle_days_max: { to: () => 9, read: byToken },
    format_default: { to: () => 'jwt', read: settings },
    session_only: { to: () => 1, read: settings },
  },
  session: {
    tenant: { to: elsewhere, read: bySession },
    id: { to: nobody, read: bySession },
    principal: { to: ({ bob }) => bob.id, read: bySession },
    digest: { to: ({ foreign }) => foreign, read: ({ store, foreign }) => store.sessions.byDigest([foreign]) },
    pepper: { to: nobody, read: bySession },
    created_at: { to: () => 0, read: bySession },
    expires_at: { to: () => 999_999, read: bySession },
    ended_at: { to: () => 5, read: bySession },
  },
  invitation: {
    tenant: { to: elsewhere, read: byCode },
    id: { to: nobody, read: byCode },
    principal: { to: ({ bob }) => bob.id, read: byCode },
    digest: { to: ({ foreign }) => foreign, read: ({ store, foreign }) => store.invitations.byDigest([foreign]) },
    pepper: { to: nobody, read: byCode },
    created_at: { to: () => 0, read: byCode },
    expires_at: { to: () => 999_999, read: byCode },
    used_at: { to: () => 5, read: byCode },
  },
  job: {
    id: { to: nobody, read: ({ store }) => store.transact((tx) => tx.jobs.retry(nobody() as JobId, 9)) },
    kind: { to: () => 'retention', read: byRetrying },
    payload: { to: () => '{"live":[]}', read: byRetrying },
  },
};

/** Which row of each table is forged. */
const ROW: { readonly [T in MacedTable]: (world: Forged) => readonly [where: string, ...SQLInputValue[]] } = {
  tenant: ({ acme }) => ['id = ?', acme.id],
  principal: ({ acme, alice }) => ['tenant = ? and id = ?', acme.id, alice.id],
  password: ({ acme, alice }) => ['tenant = ? and principal = ?', acme.id, alice.id],
  role_grant: ({ acme, alice }) => ['tenant = ? and principal = ?', acme.id, alice.id],
  personal_access_token: ({ acme, own }) => ['tenant = ? and id = ?', acme.id, own.pat.id],
  token: ({ acme, own }) => ['tenant = ? and id = ?', acme.id, own.token.id],
  token_use: ({ acme, own }) => ['tenant = ? and token = ?', acme.id, own.token.id],
  token_settings: ({ acme }) => ['tenant = ?', acme.id],
  session: ({ acme, session }) => ['tenant = ? and id = ?', acme.id, session.session.id],
  invitation: ({ acme, invitation }) => ['tenant = ? and id = ?', acme.id, invitation.invitation.id],
  job: ({ job }) => ['id = ?', job.id],
};

const TABLES = Object.keys(MACED) as readonly MacedTable[];
const casesOf = (table: MacedTable) => CASES[table] as Readonly<Record<string, Case>>;
const COLUMNS = TABLES.flatMap((table) => Object.keys(casesOf(table)).map((column) => ({ table, column })));
/** What decides about a credential that is known already; a row of another key is another row. */
const BY_ID = COLUMNS.flatMap(({ table, column }): readonly (Pick<Case, 'read'> & (typeof COLUMNS)[number])[] => {
  const isIn = (key: readonly string[]) => key.includes(column);
  if (table === 'session') return isIn(['tenant', 'id']) ? [] : [{ table, column, read: bySessionId }];
  if (table === 'token') return isIn(['tenant', 'pat', 'generation']) ? [] : [{ table, column, read: byTokenNumber }];
  return casesOf(table)[column]?.read === byToken ? [{ table, column, read: byTokenNumber }] : [];
});
const REFUSED = { code: 'internal', detail: expect.stringContaining('does not carry a valid MAC') };

async function allRefused(asked: readonly Promise<unknown>[]): Promise<void> {
  const refused = asked.map(() => ({ status: 'rejected', reason: REFUSED }));
  expect(await Promise.allSettled(asked)).toMatchObject(refused);
}

/** I9: whoever can write the database but has no root key can neither mint a token nor raise rights. */
export function rowMacConformance(adapter: Adapter): void {
  describe(`${adapter.name} believes no row that this program did not write (I9)`, () => {
    let world: Forged;
    beforeEach(async () => {
      world = await openForged(adapter);
    });

    const forge = async (table: MacedTable, column: string, value: SQLInputValue) => {
      const [where, ...values] = ROW[table](world);
      expect(await world.raw.run(`update ${table} set ${column} = ? where ${where}`, value, ...values)).toBe(1);
    };

    test.each(COLUMNS)('$table $column changed: neither absent nor believed', async ({ table, column }) => {
      const { to, read } = casesOf(table)[column] as Case;
      await read(world); // as it was written, it is no trouble
      await forge(table, column, to(world));
      await expect(read(world)).rejects.toMatchObject(REFUSED);
    });

    test.each(BY_ID)('$table $column changed: not believed of a credential that is known either', async (one) => {
      const { to } = casesOf(one.table)[one.column] as Case;
      expect(await one.read(world)).toBeDefined();
      await forge(one.table, one.column, to(world));
      await expect(one.read(world)).rejects.toMatchObject(REFUSED);
    });

    test.each(TABLES)(
      '%s: a MAC that is empty, cut short, of zeros, of another format or key proves nothing',
      async (table) => {
        const [where, ...values] = ROW[table](world);
        const [row] = await world.raw.all(`select mac from ${table} where ${where}`, ...values);
        const mac = Buffer.from(row?.mac as Uint8Array);
        const at = (position: number) => Buffer.from(mac.map((byte, i) => (i === position ? byte ^ 1 : byte)));
        const reads: Record<MacedTable, Case['read']> = {
          ...{ tenant: byToken, principal: byToken, password, role_grant: byToken },
          ...{ personal_access_token: byToken, token: byToken, token_use: byToken, token_settings: byToken },
          ...{ session: bySession, invitation: byCode, job: byRetrying },
        };
        for (const forged of [
          Buffer.alloc(0),
          mac.subarray(0, -1),
          Buffer.alloc(mac.length),
          at(0),
          at(1),
          at(mac.length - 1),
        ]) {
          await forge(table, 'mac', forged);
          await expect(reads[table](world)).rejects.toMatchObject(REFUSED);
        }
        await forge(table, 'mac', mac);
        await reads[table](world);
      },
    );

    test('a grant added by hand, with another grant’s MAC, gives nobody anything', async () => {
      const { raw, acme, alice, bob } = world;
      await raw.run(
        `insert into role_grant (tenant, id, principal, role, resource, mac)
           select tenant, ?, ?, 'tenant-admin', resource, mac from role_grant where tenant = ? and principal = ?`,
        ...[nobody(), bob.id, acme.id, alice.id],
      );
      await expect(world.store.tokens.byDigest([world.bobs.digest])).rejects.toMatchObject(REFUSED);
      await expect(world.store.principals.anyHolds(acme.id, 'tenant-admin')).rejects.toMatchObject(REFUSED);
    });

    test('a token row made from another’s, with a digest of the forger’s, is not a token', async () => {
      const { raw, acme, own, foreign } = world;
      await raw.run(
        `insert into token (tenant, id, kind, pat, subject, generation, format, digest, pepper, preview, created_at, mac)
           select tenant, ?, kind, pat, subject, 7, format, ?, pepper, preview, created_at, mac
           from token where tenant = ? and id = ?`,
        ...[nobody(), foreign, acme.id, own.token.id],
      );
      await expect(byForeignToken(world)).rejects.toMatchObject(REFUSED);
    });

    test('digests that changed places open nobody else’s account', async () => {
      const { raw, acme, own, bobs, foreign, store } = world;
      const put = (digest: Uint8Array, id: string) =>
        raw.run('update token set digest = ? where tenant = ? and id = ?', digest, acme.id, id);
      await put(foreign, own.token.id);
      await put(own.digest, bobs.token.id);
      await put(bobs.digest, own.token.id);
      for (const { digest } of [own, bobs])
        await expect(store.tokens.byDigest([digest])).rejects.toMatchObject(REFUSED);
    });

    test('a revocation taken back by hand is refused by every read that meets it', async () => {
      const { raw, gone, store, acme, alice } = world;
      await raw.run('update personal_access_token set ended_at = null where id = ?', gone.pat.id);
      const { id, name } = gone.pat;
      await allRefused([
        store.pats.get(acme.id, alice.id, id),
        store.pats.byName(acme.id, alice.id, name),
        store.pats.view(acme.id, alice.id, id),
        store.pats.list(acme.id, alice.id, EVERYTHING),
        store.tokens.byDigest([gone.digest]),
      ]);
    });

    test('what a token rests on is missing: it was issued, so it is not unknown', async () => {
      const { raw, own, alice } = world;
      await raw.run('delete from principal where id = ?', alice.id);
      await expect(byToken(world)).rejects.toMatchObject(REFUSED);
      await raw.run('delete from personal_access_token where id = ?', own.pat.id);
      await expect(byToken(world)).rejects.toMatchObject(REFUSED);
    });

    test('a value added to somebody’s token by hand is refused when it is shown', async () => {
      const { raw, own, foreign, store, acme, alice } = world;
      await addValue(store, acme.id, own.pat);
      await raw.run('update token set digest = ? where pat = ? and generation = 2', foreign, own.pat.id);
      await expect(store.pats.view(acme.id, alice.id, own.pat.id)).rejects.toMatchObject(REFUSED);
      await expect(store.pats.list(acme.id, alice.id, EVERYTHING)).rejects.toMatchObject(REFUSED);
    });

    test('a last use that was changed by hand, or is another token’s, is refused when it is shown', async () => {
      const { store, acme, alice, own } = world;
      const shown = () => [
        store.pats.view(acme.id, alice.id, own.pat.id),
        store.pats.list(acme.id, alice.id, EVERYTHING),
      ];
      await Promise.all(shown());
      await forge('token_use', 'at', 999_999);
      await allRefused(shown());
    });

    test('a last use that was taken away makes nothing live longer: it counts as unused', async () => {
      const { store, acme, own, raw } = world;
      await store.transact((tx) => tx.tokenSettings.put(acme.id, { ...TOKEN_SETTINGS, idleDaysMax: 1 }));
      const ends = async () => (await byToken(world))?.expiresAt;
      await store.transact((tx) =>
        tx.tokenUses.note([{ tenant: acme.id, token: own.token.id, at: 900, surface: 'rest', address: undefined }]),
      );
      const before = await ends();
      await raw.run('delete from token_use');
      expect(await ends()).toBeLessThanOrEqual(before ?? 0);
    });

    test('one of three tokens that was changed by hand keeps no other from ending with all of a user, and is named', async () => {
      const { store, acme, alice, own, empty } = world;
      const other = await heldBy(store, acme.id, alice.id, 'other');
      await forge('personal_access_token', 'expires_at', null);
      const end = () => store.transact((tx) => tx.pats.revokeAll(acme.id, alice.id, endedBy(alice.id, 5)));
      const { ended, unproved } = await end();
      expect([[...ended].sort(), unproved]).toEqual([[empty.id, other.pat.id].sort(), [own.pat.id]]);
      expect(await end()).toEqual({ ended: [], unproved: [own.pat.id] });
      await expect(byToken(world)).rejects.toMatchObject(REFUSED);
    });

    test.each(['token', 'pat'] as const)(
      'a %s that was changed by hand keeps nothing else that a key signed from ending, and is named',
      async (kind) => {
        const { store, acme, alice, raw } = world;
        const signedBy = newId<'Key'>();
        const signed = async (name: string) => {
          const pat = newPat(alice.id, name);
          await insertPat(store, acme.id, pat);
          return { pat, ...(await addValue(store, acme.id, pat, { format: 'jwt', signedBy })) };
        };
        const [one, changed, three] = [await signed('one'), await signed('two'), await signed('three')];
        const { id } = changed[kind];
        const table = kind === 'pat' ? 'personal_access_token' : 'token';
        expect(await raw.run(`update ${table} set created_at = 999 where id = ?`, id)).toBe(1);
        const all = await store.transact((tx) => tx.tokens.endSignedBy(signedBy, endedBy(alice.id, 5)));
        expect(all.unproved).toEqual([{ kind, id }]);
        // Where its token proves nothing, a value ends by itself.
        const alone = kind === 'pat' ? [changed.token.id] : [];
        expect(all.ended.map((moved) => moved.id).sort()).toEqual([one.pat.id, three.pat.id, ...alone].sort());
        await expect(store.tokens.byDigest([changed.digest])).rejects.toMatchObject(REFUSED);
      },
    );

    test('no write makes a forged row honest', async () => {
      const { store, acme, alice, own, session, invitation } = world;
      await forge('personal_access_token', 'expires_at', null);
      await forge('token', 'expires_at', null);
      await forge('session', 'expires_at', 999_999);
      await forge('invitation', 'expires_at', 999_999);
      await forge('password', 'hash', '$mallorys');
      await forge('token_settings', 'age_days_max', 36_500);
      const ended = { at: 5, by: alice.id, reason: 'deleted' } as const;
      await allRefused([
        store.transact((tx) => tx.pats.revoke(acme.id, alice.id, own.pat.id, ended)),
        store.transact((tx) => tx.pats.rename(acme.id, alice.id, own.pat.id, parseTokenName('honest'), 5)),
        store.transact((tx) => tx.tokens.endOldest(acme.id, own.pat.id, 0, ended)),
        store.transact((tx) => tx.tokenSettings.put(acme.id, TOKEN_SETTINGS)),
        store.transact((tx) => tx.sessions.end(acme.id, session.session.id, 5)),
        store.transact((tx) => tx.sessions.endAll(acme.id, alice.id, 5)),
        store.transact((tx) => tx.invitations.use(acme.id, invitation.invitation.id, 5)),
        store.transact((tx) => tx.invitations.voidAll(acme.id, alice.id, 5)),
        store.transact((tx) => tx.principals.setPassword(acme.id, alice.id, '$new', 5)),
      ]);
      expect(await world.raw.all('select hash from password')).toEqual([{ hash: '$mallorys' }]);
    });

    test('every table carries a MAC or a reason why not, and no list names one that is not there', async () => {
      const tables = Object.keys(await world.raw.columnsByTable());
      expect([...TABLES, ...Object.keys(NOT_MACED)].sort()).toEqual(tables.sort());
    });

    test.each(TABLES)('the MAC of %s covers every column but a reasoned few', async (table) => {
      const columns = (await world.raw.columnsByTable())[table] ?? [];
      const covered: readonly string[] = MACED[table];
      expect(columns.filter((column) => !covered.includes(column))).toEqual(Object.keys(UNCOVERED[table]));
      expect(covered.filter((column) => !columns.includes(column))).toEqual([]);
    });
  });
}
