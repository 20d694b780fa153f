import type { SQLInputValue } from 'node:sqlite';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { ACCOUNT_RULES } from '#domain/virtual-account.ts';
import { MACED, type MacedTable, NOT_MACED } from '#store/sql/maced.ts';
import type { Adapter } from './adapters.ts';
import {
  byForeignToken,
  bySessionId,
  byToken,
  byTokenNumber,
  CASES,
  type Case,
  type Forged,
  nobody,
  openForged,
  READ,
  ROW,
  UNCOVERED,
} from './row-mac-cases.ts';
import { addValue, EVERYTHING, endedBy, heldBy, insertPat, newId, newPat } from './world.ts';

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
        for (const forged of [
          Buffer.alloc(0),
          mac.subarray(0, -1),
          Buffer.alloc(mac.length),
          at(0),
          at(1),
          at(mac.length - 1),
        ]) {
          await forge(table, 'mac', forged);
          await expect(READ[table](world)).rejects.toMatchObject(REFUSED);
        }
        await forge(table, 'mac', mac);
        await READ[table](world);
      },
    );

    test('a grant added by hand, with another grant’s MAC, gives nobody anything', async () => {
      const { raw, acme, alice, bob } = world;
      await raw.run(
        `insert into role_grant (tenant, id, subject, role, resource, mac)
           select tenant, ?, ?, 'tenant-admin', resource, mac from role_grant where tenant = ? and subject = ?`,
        ...[nobody(), bob.id, acme.id, alice.id],
      );
      await expect(world.store.tokens.byDigest([world.bobs.digest])).rejects.toMatchObject(REFUSED);
      await expect(world.store.grants.anyHolds(acme.id, 'tenant-admin')).rejects.toMatchObject(REFUSED);
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
      const { store, acme, alice, own, session, invitation, ops, deployer, robot } = world;
      await forge('personal_access_token', 'expires_at', null);
      await forge('token', 'expires_at', null);
      await forge('session', 'expires_at', 999_999);
      await forge('invitation', 'expires_at', 999_999);
      await forge('password', 'hash', '$mallorys');
      await forge('token_settings', 'age_days_max', 36_500);
      await forge('tenant', 'disabled_at', 5);
      await forge('principal', 'removed_at', 5);
      await forge('team', 'name', 'evil');
      await forge('role', 'permissions', '["tenant:AssignRole"]');
      await forge('virtual_account', 'expires_at', null);
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
        store.transact((tx) => tx.principals.setActive(acme.id, alice.id, true, 5)),
        store.transact((tx) => tx.principals.remove(acme.id, alice.id, 5)),
        store.transact((tx) => tx.tenants.setDisabled(acme.id, undefined)),
        store.transact((tx) => tx.teams.update(acme.id, ops)),
        store.transact((tx) => tx.roles.update(acme.id, deployer)),
        store.transact((tx) => tx.virtualAccounts.update(acme.id, robot.account)),
        store.transact((tx) => tx.tokenSettings.putAccountRules(acme.id, ACCOUNT_RULES)),
        store.transact((tx) => tx.pats.setExpiry(acme.id, alice.id, own.pat.id, 9, 5)),
        store.transact((tx) => tx.tokens.endOne(acme.id, own.pat.id, own.token.id, ended)),
        store.transact((tx) => tx.tokens.expireOne(acme.id, own.pat.id, own.token.id, 9)),
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
