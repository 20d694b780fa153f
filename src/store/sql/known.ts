import type { Compilable, Kysely } from 'kysely';
import type { Credential } from '#domain/caller.ts';
import type { Held } from '#domain/grant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { allHoldings, compile } from '#domain/rights.ts';
import { builtInOf } from '#domain/role.ts';
import type { SessionId } from '#domain/session.ts';
import type { TeamId } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId } from '#domain/token.ts';
import { earliest, endOf, idleOf, type Life, settingsOfKind } from '#domain/token-settings.ts';
import type { Known } from '#domain/verification.ts';
import type { Digest } from '#ports/digest.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { heldBy } from './held.ts';
import { columnsOf, partOf } from './joined.ts';
import { MACED, type MacedRow, type MacedTable, proved } from './maced.ts';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';
import { settingsOf } from './token-settings.ts';

/*
 * Everything that accepting a credential rests on, in one statement, and what its principal holds in another. Every part
 * is proved before it is believed, and one that is missing proves nothing: a credential that was issued is never absent.
 */

const COLUMNS = {
  tenant: [...MACED.tenant, 'mac'],
  principal: [...MACED.principal, 'mac'],
  personal_access_token: [...MACED.personal_access_token, 'mac'],
  token: [...MACED.token, 'preview', 'mac'],
  token_use: [...MACED.token_use, 'mac'],
  token_settings: [...MACED.token_settings, 'mac'],
  session: [...MACED.session, 'mac'],
} as const satisfies { readonly [T in MacedTable]?: readonly (keyof Schema[T])[] };
type Part = keyof typeof COLUMNS;
/** What is read of a table here: a column that is not in its list is not there to be used. */
type Read<P extends Part> = MacedRow<P> & Pick<Schema[P], (typeof COLUMNS)[P][number] & keyof Schema[P]>;

const columnsOfAll = (...parts: readonly Part[]) => parts.flatMap((part) => columnsOf(part, COLUMNS[part]));

const PART_OF = Object.fromEntries(
  (Object.keys(COLUMNS) as Part[]).map((table) => [table, partOf(table, COLUMNS[table])]),
) as Readonly<Record<Part, (row: object) => object>>;

/** One part of a row, proved. The cast says what the statement has selected, by the very same lists. */
const part = <P extends Part>(macs: RowMacs, row: object, table: P): Read<P> =>
  proved(macs, table, PART_OF[table](row) as Read<P>);

/** A token by its digest, or one that is known already. */
export type TokenKey = { readonly digests: readonly Digest[]; readonly within: TenantId | undefined } | OneToken;
type OneToken = { readonly tenant: TenantId; readonly pat: PatId; readonly generation: number };
export type SessionKey =
  | { readonly digests: readonly Digest[] }
  | { readonly tenant: TenantId; readonly id: SessionId };

const TOKEN_PARTS = [
  ...(['token', 'personal_access_token', 'token_use', 'token_settings', 'tenant', 'principal'] as const),
];

const tokensFrom = (db: Kysely<Schema>) =>
  db
    .selectFrom('token')
    .leftJoin('personal_access_token', (join) =>
      join
        .onRef('personal_access_token.tenant', '=', 'token.tenant')
        .onRef('personal_access_token.owner', '=', 'token.subject')
        .onRef('personal_access_token.id', '=', 'token.pat'),
    )
    .leftJoin('token_use', (join) =>
      join.onRef('token_use.tenant', '=', 'token.tenant').onRef('token_use.token', '=', 'token.id'),
    )
    .leftJoin('token_settings', 'token_settings.tenant', 'token.tenant')
    .leftJoin('tenant', 'tenant.id', 'token.tenant')
    .leftJoin('principal', (join) =>
      join.onRef('principal.tenant', '=', 'token.tenant').onRef('principal.id', '=', 'token.subject'),
    )
    .select(columnsOfAll(...TOKEN_PARTS));

const tokenByDigest = byDigests((db, digests) => tokensFrom(db).where('token.digest', 'in', digests));
const tokenByGeneration = prepared((db, { tenant, pat, generation }: OneToken) =>
  tokensFrom(db)
    .where('token.tenant', '=', tenant)
    .where('token.pat', '=', pat)
    .where('token.generation', '=', generation),
);

export async function knownToken(db: Kysely<Schema>, macs: RowMacs, key: TokenKey): Promise<Known | undefined> {
  const { rows } = await ('digests' in key ? tokenByDigest(db, key.digests) : tokenByGeneration(db, key));
  const [row] = rows;
  if (row === undefined) return undefined;
  const token = part(macs, row, 'token');
  if ('within' in key && key.within !== undefined && token.tenant !== key.within) return undefined; // before the second statement
  const pat = part(macs, row, 'personal_access_token');
  const settings = settingsOfKind(token.kind, settingsOf(part(macs, row, 'token_settings')));
  const life = lifeOf(macs, row, token, pat);
  const expiresAt = endOf(settings, life);
  const { id, generation, preview } = token;
  const credential: Credential = { kind: 'token', id, pat: pat.id, generation, name: pat.name, preview, expiresAt };
  const ended = token.ended_at !== null || pat.ended_at !== null || pat.owner !== token.subject;
  return knownOf(db, macs, row, {
    credential,
    issuedAt: life.createdAt,
    expiresAt,
    idle: idleOf(settings, life),
    ended,
    restsOn: [token.id, pat.id],
  });
}

/** By its own date, or its token's. One that was never used has no row of its use. */
function lifeOf(macs: RowMacs, row: object, token: Read<'token'>, pat: Read<'personal_access_token'>): Life {
  const unused = (row as Record<string, unknown>)['token_use.token'] === null;
  const lastUsedAt = unused ? undefined : part(macs, row, 'token_use').at;
  const expiresAt = earliest(pat.expires_at ?? undefined, token.expires_at ?? undefined);
  return { createdAt: token.created_at, expiresAt, lastUsedAt };
}

const sessionsFrom = (db: Kysely<Schema>) =>
  db
    .selectFrom('session')
    .leftJoin('tenant', 'tenant.id', 'session.tenant')
    .leftJoin('principal', (join) =>
      join.onRef('principal.tenant', '=', 'session.tenant').onRef('principal.id', '=', 'session.principal'),
    )
    .select(columnsOfAll('session', 'tenant', 'principal'));

const sessionByDigest = byDigests((db, digests) => sessionsFrom(db).where('session.digest', 'in', digests));
const sessionById = prepared((db, { tenant, id }: { readonly tenant: TenantId; readonly id: SessionId }) =>
  sessionsFrom(db).where('session.tenant', '=', tenant).where('session.id', '=', id),
);

export async function knownSession(db: Kysely<Schema>, macs: RowMacs, key: SessionKey): Promise<Known | undefined> {
  const { rows } = await ('digests' in key ? sessionByDigest(db, key.digests) : sessionById(db, key));
  const [row] = rows;
  if (row === undefined) return undefined;
  const { id, expires_at: expiresAt, ended_at } = part(macs, row, 'session');
  const credential: Credential = { kind: 'session', id, expiresAt };
  return knownOf(db, macs, row, { credential, expiresAt, ended: ended_at !== null, restsOn: [id] });
}

/** As many texts as there are peppers in use, which are one or two. */
function byDigests(build: (db: Kysely<Schema>, digests: readonly Digest[]) => Compilable<object>) {
  const made = new Map<number, ReturnType<typeof prepared<readonly Digest[], object>>>();
  return (db: Kysely<Schema>, digests: readonly Digest[]) => {
    const { length } = digests;
    const query =
      made.get(length) ??
      prepared((on, all: readonly Digest[]) =>
        build(
          on,
          Array.from({ length }, (_, at) => all[at] as Digest),
        ),
      );
    made.set(length, query);
    return query(db, digests);
  };
}

type Own = Pick<Known, 'credential' | 'issuedAt' | 'expiresAt' | 'idle' | 'ended' | 'restsOn'> & {
  /** To which they belong for as long as this credential says so. */
  readonly teams?: readonly TeamId[];
};

/** A principal with their tenant, as `knownOf` takes them; undefined where one of them is not there. */
export function ofPrincipal(db: Kysely<Schema>, tenant: TenantId, id: PrincipalId): Promise<object | undefined> {
  const rows = db.selectFrom('principal').innerJoin('tenant', 'tenant.id', 'principal.tenant');
  const one = rows.where('principal.tenant', '=', tenant).where('principal.id', '=', id);
  return one.select(columnsOfAll('tenant', 'principal')).executeTakeFirst();
}

/**
 * What its principal holds is read by a second statement. Something may change between the two: whoever remembers the
 * answer is told of it after that, and reads again.
 */
export async function knownOf(
  db: Kysely<Schema>,
  macs: RowMacs,
  row: object,
  { teams = [], ...own }: Own,
): Promise<Known> {
  const { id, name, disabled_at: disabledAt } = part(macs, row, 'tenant');
  const principal = part(macs, row, 'principal');
  const held = await heldBy(db, macs, id, principal, teams);
  return {
    ...own,
    tenant: { id, name },
    principal: { id: principal.id, kind: principal.kind, name: principal.name },
    rights: compile(allHoldings(held)),
    ended: own.ended || principal.active !== 1 || disabledAt !== null,
    restsOn: [...own.restsOn, principal.id, id, ...moving(held)],
  };
}

/** Of what is held, that which can change by itself: who belongs to a team, what it holds, what a role is. */
const moving = ({ memberships, holdings }: Held): readonly string[] => [
  ...memberships.map(({ team }) => team),
  ...new Set(holdings.map(({ role }) => role.id).filter((role) => builtInOf(role) === undefined)),
];
