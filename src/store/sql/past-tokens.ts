import { type Kysely, sql } from 'kysely';
import type { Instant } from '#domain/instant.ts';
import type { TenantId } from '#domain/tenant.ts';
import { LIVE_GENERATIONS_MAX, overAt, type PatId } from '#domain/token.ts';
import type { OverPat, RetentionReads, RetentionWrites, Step, TokenWalk } from '#ports/retention.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Engine } from './engine.ts';
import { isProved } from './maced.ts';
import { prepared } from './prepared.ts';
import { patOf, tokenOf } from './rows.ts';
import type { Schema } from './schema.ts';

/** Of one token in one transaction, which keeps the event loop for a few milliseconds. */
const VALUES_MAX = 100;

type Candidate = OverPat & { readonly place: readonly (string | number)[] };

export const overPats =
  (db: Kysely<Schema>): RetentionReads['overPats'] =>
  async (walk, step) => {
    const rows = await WALKS[walk](db, step);
    const found = new Map(rows.map(({ tenant, owner, pat }) => [`${tenant} ${pat}`, { tenant, owner, pat }]));
    return { found: [...found.values()], next: rows.length < step.max ? undefined : rows.at(-1)?.place };
  };

export const removeOver =
  (db: Kysely<Schema>, macs: RowMacs, { locksRows: isHeld }: Engine): RetentionWrites['removeOver'] =>
  async (pats, before) => {
    const removed = { tokens: 0, values: 0, unproved: [] as string[] };
    for (const one of pats) {
      const { isWhole, values, unproved } = await overOf(db, macs, one, { before, isHeld });
      for (const { tenant, pat, generation, id } of values) {
        await removeUse(db, { tenant, token: id });
        await removeValue(db, { tenant, pat, generation });
      }
      removed.values += values.length;
      removed.unproved.push(...unproved);
      if (!isWhole) continue;
      await removeDeadUse(db, one);
      await removePat(db, one);
      removed.tokens += 1;
    }
    return removed;
  };

/** Rows in the order of an index, whatever they say of themselves: each is judged by its token. */
const WALKS: Readonly<Record<TokenWalk, (db: Kysely<Schema>, step: Step) => Promise<readonly Candidate[]>>> = {
  'revoked-tokens': async (db, { before, after = [0, '', '', ''], max }) => {
    const [from = 0] = after;
    const rows = await db
      .selectFrom('personal_access_token')
      .select(['tenant', 'owner', 'id', 'ended_at'])
      .where('ended_at', 'is not', null)
      .where('ended_at', '<=', before)
      .where('ended_at', '>=', Number(from))
      .where(sql<boolean>`(ended_at, tenant, owner, id) > (${sql.join(after)})`)
      .orderBy('ended_at')
      .orderBy('tenant')
      .orderBy('owner')
      .orderBy('id')
      .limit(max)
      .execute();
    return rows.map(({ tenant, owner, id, ended_at }) => ({
      ...{ tenant, owner, pat: id, place: [ended_at ?? 0, tenant, owner, id] },
    }));
  },
  'over-values': async (db, { before, after = [0, '', '', 0], max }) => {
    const [from = 0] = after;
    const rows = await db
      .selectFrom('token')
      .select(['tenant', 'subject', 'pat', 'generation', OVER_AT.as('at')])
      .where(OVER_AT, 'is not', null)
      .where(OVER_AT, '<=', before)
      .where(OVER_AT, '>=', Number(from))
      .where(sql<boolean>`(${OVER_AT}, tenant, pat, generation) > (${sql.join(after)})`)
      .orderBy(OVER_AT)
      .orderBy('tenant')
      .orderBy('pat')
      .orderBy('generation')
      .limit(max)
      .execute();
    return rows.map(({ tenant, subject: owner, pat, generation, at }) => ({
      ...{ tenant, owner, pat, place: [at ?? 0, tenant, pat, generation] },
    }));
  },
};

/** By these very words there is an index. */
const OVER_AT = sql<number | null>`coalesce(ended_at, expires_at)`;

type Over = {
  readonly isWhole: boolean;
  /** Those that go; with the whole, all that are left, unless there are too many for once. */
  readonly values: readonly Schema['token'][];
  readonly unproved: readonly string[];
};
type Judging = { readonly before: Instant; readonly isHeld: boolean };

/** What is over of one. Everything that it is judged by is proved: what is not stays, and is named. */
async function overOf(db: Kysely<Schema>, macs: RowMacs, key: OverPat, { before, isHeld }: Judging): Promise<Over> {
  const [row] = (await (isHeld ? heldPat : patRow)(db, key)).rows;
  if (row === undefined) return { isWhole: false, values: [], unproved: [] };
  const newest = (await newestValues(db, key)).rows;
  const unproved = unprovedIn(macs, [row], newest);
  if (unproved.length > 0) return { isWhole: false, values: [], unproved };
  // That of an account stands as long as the account: it gets other values.
  const overSince = row.kind === 'va' ? row.ended_at : overAt(patOf(row), newest.map(tokenOf));
  const isOver = (overSince ?? Number.POSITIVE_INFINITY) <= before;
  const rows = await goingOf(db, key, { newest, isOver, before });
  const left = unprovedIn(macs, [], rows);
  const values = rows.filter((one) => isProved(macs, 'token', one));
  return { isWhole: isOver && rows.length < VALUES_MAX && left.length === 0, values, unproved: left };
}

type Going = { readonly newest: readonly Schema['token'][]; readonly isOver: boolean; readonly before: Instant };

/** Lowest number first. One that has not more than the newest has no others. */
async function goingOf(db: Kysely<Schema>, key: OverPat, { newest, isOver, before }: Going) {
  if (newest.length < LIVE_GENERATIONS_MAX) return isOver ? newest.toReversed() : [];
  if (isOver) return (await valuesOf(db, key)).rows;
  const upTo = (newest[0]?.generation ?? 0) - LIVE_GENERATIONS_MAX;
  return (await oldValues(db, { tenant: key.tenant, pat: key.pat, before, upTo })).rows;
}

const unprovedIn = (
  macs: RowMacs,
  pats: readonly Schema['personal_access_token'][],
  tokens: readonly Schema['token'][],
): readonly string[] => [
  ...pats.filter((row) => !isProved(macs, 'personal_access_token', row)).map(({ id }) => `personal_access_token ${id}`),
  ...tokens.filter((row) => !isProved(macs, 'token', row)).map(({ id }) => `token ${id}`),
];

const patWith = (db: Kysely<Schema>, { tenant, owner, pat }: OverPat) =>
  db
    .selectFrom('personal_access_token')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('owner', '=', owner)
    .where('id', '=', pat);
const patRow = prepared(patWith);
/** Whoever adds a value to it meanwhile waits, and finds it gone. */
const heldPat = prepared((db, key: OverPat) => patWith(db, key).forUpdate());

type Values = { readonly tenant: TenantId; readonly pat: PatId };
const valuesWith = (db: Kysely<Schema>, { tenant, pat }: Values) =>
  db.selectFrom('token').selectAll().where('tenant', '=', tenant).where('pat', '=', pat);
const newestValues = prepared((db, key: OverPat) =>
  valuesWith(db, key).orderBy('generation', 'desc').limit(LIVE_GENERATIONS_MAX),
);
const valuesOf = prepared((db, key: OverPat) => valuesWith(db, key).orderBy('generation').limit(VALUES_MAX));
const oldValues = prepared((db, key: Values & { readonly before: Instant; readonly upTo: number }) =>
  valuesWith(db, key)
    .where('generation', '<=', key.upTo)
    .where('ended_at', '<=', key.before)
    .orderBy('generation')
    .limit(VALUES_MAX),
);

const removeUse = prepared((db, { tenant, token }: Pick<Schema['token_use'], 'tenant' | 'token'>) =>
  db.deleteFrom('token_use').where('tenant', '=', tenant).where('token', '=', token),
);
const removeValue = prepared((db, key: Pick<Schema['token'], 'tenant' | 'pat' | 'generation'>) =>
  db
    .deleteFrom('token')
    .where('tenant', '=', key.tenant)
    .where('pat', '=', key.pat)
    .where('generation', '=', key.generation),
);
const removeDeadUse = prepared((db, { tenant, pat }: OverPat) =>
  db.deleteFrom('token_dead_use').where('tenant', '=', tenant).where('pat', '=', pat),
);
const removePat = prepared((db, { tenant, owner, pat }: OverPat) =>
  db.deleteFrom('personal_access_token').where('tenant', '=', tenant).where('owner', '=', owner).where('id', '=', pat),
);
