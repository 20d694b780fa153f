import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import pg from 'pg';
import { newId } from '#app/new-id.ts';
import { rowMacs } from '#crypto/row-mac.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { maced } from '#store/sql/maced.ts';
import type { Schema } from '#store/sql/schema.ts';
import { newPat, openWorld, type World } from './world.ts';

/** Of the administrator, and of each user. */
export const SIZES = { bulk: 949_590, needles: 10, common: 100_000, users: 500, perUser: 100 } as const;
/** Users whose tokens are presented. */
export const SHOWN_USERS = 4;
const BATCH = 5_000;

/** Where the rows go, past the program: by itself it would take an hour. */
type Sink = {
  insert(table: string, columns: readonly string[], rows: readonly object[]): Promise<void>;
  close(): Promise<void>;
};
export type Place = { readonly folder: string; readonly env: Readonly<Record<string, string>> };
/** Tokens that can be presented: the administrator's, and those of each shown user. */
export type Tokens = { readonly admin: string; readonly users: readonly (readonly string[])[] };

/** A database of the program itself; `isFull` adds a million tokens and a million audit entries, each row with its MAC. */
export async function seedScale({ folder, env }: Place, isFull: boolean): Promise<Tokens> {
  const world = await openWorld(folder, env);
  const admin = await world.user('root');
  const users: string[][] = [];
  for (let user = 0; user < SHOWN_USERS; user++) {
    const caller = await world.user(`shown-${user}`);
    const tokens: string[] = [];
    for (let n = 0; n < SIZES.perUser; n++) tokens.push((await newPat(world.deps, caller, `token-${n}-x`)).reveal());
    users.push(tokens);
  }
  const token = (await newPat(world.deps, admin, 'admin-x')).reveal();
  const sink = sinkOf({ folder, env });
  if (isFull) await fill(world, admin.principal.id, sink);
  await sink.close(); // with its statistics, the empty one too
  await world.close();
  return { admin: token, users };
}

async function fill(world: World, admin: PrincipalId, sink: Sink): Promise<void> {
  const macs = rowMacs(world.deps.keyring);
  for (const [name, count] of [
    ['bulk', SIZES.bulk],
    ['needle', SIZES.needles],
    ['common', SIZES.common],
  ] as const) {
    await tokensOf(world, macs, sink, { owner: admin, name, count });
  }
  for (let user = SHOWN_USERS; user < SIZES.users; user++) {
    const { principal } = await world.user(`user-${user}`);
    await tokensOf(world, macs, sink, { owner: principal.id, name: 'token', count: SIZES.perUser });
  }
}

type Wanted = { readonly owner: PrincipalId; readonly name: string; readonly count: number };

async function tokensOf(
  { deps, tenant }: World,
  macs: RowMacs,
  sink: Sink,
  { owner, name, count }: Wanted,
): Promise<void> {
  const pepper = deps.keyring.current('token-pepper').id;
  for (let from = 0; from < count; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) => {
      const [pat, at] = [newId<'PersonalAccessToken'>(deps), deps.clock.now() - count + from + n];
      const same = {
        tenant: tenant.id,
        created_at: at,
        expires_at: null,
        ended_at: null,
        ended_by: null,
        end_reason: null,
      };
      return {
        pat: maced(macs, 'personal_access_token', {
          ...{
            ...same,
            id: pat,
            owner,
            name: `${name}-${from + n}-x` as never,
            created_by: owner,
            updated_at: at,
            team: null,
            kind: null,
          },
        }),
        token: maced(macs, 'token', {
          ...{ ...same, id: newId<'Token'>(deps), kind: 'pat', pat, subject: owner, generation: 1, format: 'opaque' },
          ...{ signed_by: null, digest: randomBytes(32), pepper, preview: 'tfy_pat_0000…0000' },
        }),
        entry: entryOf(deps, { tenant: tenant.id, owner, pat, at }),
      };
    });
    await sink.insert(
      'personal_access_token',
      PAT,
      rows.map(({ pat }) => pat),
    );
    await sink.insert(
      'token',
      TOKEN,
      rows.map(({ token }) => token),
    );
    await sink.insert(
      'audit_entry',
      ENTRY,
      rows.map(({ entry }) => entry),
    );
  }
}

const END = ['ended_at', 'ended_by', 'end_reason', 'mac'];
const PAT = ['tenant', 'id', 'owner', 'name', 'created_by', 'created_at', 'updated_at', 'expires_at', ...END];
const TOKEN = [
  ...['tenant', 'id', 'kind', 'pat', 'subject', 'generation', 'format', 'signed_by', 'digest', 'pepper', 'preview'],
  ...['created_at', 'expires_at', ...END],
];
const ENTRY = ['tenant', 'id', 'at', 'action', 'resource', 'decision', 'entry', 'address', 'user_agent'];

type Created = { readonly tenant: string; readonly owner: string; readonly pat: string; readonly at: number };

/** As the program writes it for a create. */
function entryOf(deps: World['deps'], { tenant, owner, pat, at }: Created): Schema['audit_entry'] {
  const id = newId<'AuditEntry'>(deps);
  const act = { action: 'personal-access-token:Create', resource: `personal-access-token/${pat}`, decision: 'allowed' };
  const by = {
    principal: owner,
    principalKind: 'user',
    credential: newId(deps),
    surface: 'rest',
    requestId: `scale-${at}`,
  };
  const entry = JSON.stringify({ id, at, tenant, ...by, ...act, details: { preview: 'tfy_pat_0000…0000' } });
  return { tenant: tenant as never, id, at, ...act, entry, address: '192.0.2.7', user_agent: 'scale' };
}

const sinkOf = ({ folder, env }: Place): Sink =>
  env.COUNTERSIGN_DATABASE_URL === undefined
    ? fileSink(join(folder, 'data', 'countersign.db'))
    : serverSink(env.COUNTERSIGN_DATABASE_URL);

function fileSink(file: string): Sink {
  const database = new DatabaseSync(file);
  database.exec('pragma synchronous = off; pragma cache_size = -400000');
  return {
    async insert(table, columns, rows) {
      const statement = database.prepare(
        `insert into ${table} (${columns.join()}) values (${columns.map(() => '?').join()})`,
      );
      database.exec('begin');
      for (const row of rows)
        statement.run(...columns.map((name) => (row as Record<string, SQLInputValue>)[name] ?? null));
      database.exec('commit');
    },
    async close() {
      database.exec('pragma wal_checkpoint(truncate); analyze');
      database.close();
    },
  };
}

const typeOf = (column: string): string => {
  if (['digest', 'mac'].includes(column)) return 'bytea';
  return /(_at|^at|generation)$/.test(column) ? 'bigint' : 'text';
};

function serverSink(url: string): Sink {
  const client = new pg.Client({ connectionString: url });
  const connected = client.connect().then(() => client.query('set synchronous_commit = off'));
  return {
    async insert(table, columns, rows) {
      await connected;
      const arrays = columns.map((name, at) => `$${at + 1}::${typeOf(name)}[]`);
      const values = columns.map((name) => rows.map((row) => (row as Record<string, unknown>)[name] ?? null));
      await client.query(`insert into ${table} (${columns.join()}) select * from unnest(${arrays.join()})`, values);
    },
    async close() {
      await connected;
      for (const what of ['vacuum analyze', 'checkpoint']) await client.query(what);
      await client.end();
    },
  };
}
