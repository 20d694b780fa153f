import fc from 'fast-check';
import { expect, test } from 'vitest';
import { revokePat } from '#app/token/revoke.ts';
import { VerifiedCredentials } from '#app/token/verified-credentials.ts';
import { MACED, NOT_MACED } from '#store/sql/maced.ts';
import { openCore } from '#support/core.ts';
import { type Answer, agrees, answersTo, FOUND_BY, MET_EVEN_SO, NAMED } from './tampering-answers.ts';
import {
  type Chance,
  type Change,
  COLUMNS,
  changeColumn,
  deleteRow,
  KEY,
  moveRow,
  SEALED,
  type SealedTable,
  swapRows,
  TABLES,
  TARGETS,
  type Target,
  UNPROVED,
  UNSEALED,
} from './tampering-changes.ts';
import { openScene, type Scene } from './tampering-scene.ts';

/*
 * What was changed past the program is refused by name, and never leads to a wrong answer. Each answer is the true one,
 * as a whole, or less of it where that is as good as if the row had been deleted.
 */

const KINDS = ['changed', 'swapped', 'moved', 'deleted'] as const;
type Wanted = Chance & { readonly kind: (typeof KINDS)[number]; readonly table: Target; readonly column: string };

const MADE: Readonly<Record<Wanted['kind'], (scene: Scene, wanted: Wanted) => Promise<Change | undefined>>> = {
  changed: ({ core }, wanted) => changeColumn(core, wanted.table, wanted.column, wanted),
  swapped: ({ core }, wanted) => swapRows(core, wanted.table, wanted),
  moved: ({ core, tenants: [one, other] }, wanted) => moveRow(core, wanted.table, wanted, [one.id, other.id]),
  deleted: ({ core }, wanted) => deleteRow(core, wanted.table, wanted),
};

/** Without one of these, whatever rests on it is refused, since it was made with it: it does not go on with less. */
const RESTED_ON: readonly Target[] = ['tenant', 'principal', 'personal_access_token', 'token_settings'];

/**
 * Rows that in another place are nobody's: a grant is found by whose it is, a replay's token is looked for before it is
 * opened, and so is the value that an account has.
 */
const LOST_ELSEWHERE: readonly Target[] = ['role_grant', 'replay', 'virtual_account_value'];

/** Whether a row may not be found any more; and whether somebody must notice, of whatever is asked. */
const ALLOWED: Readonly<Record<Wanted['kind'], (wanted: Wanted) => { mayBeLess: boolean; isNoticed: boolean }>> = {
  changed: ({ table, column }) => {
    const isFoundBy = FOUND_BY[table]?.[column] !== undefined;
    return { mayBeLess: isFoundBy, isNoticed: !isFoundBy || MET_EVEN_SO.includes(`${table}.${column}`) };
  },
  swapped: ({ table }) => ({ mayBeLess: true, isNoticed: !LOST_ELSEWHERE.includes(table) }),
  moved: () => ({ mayBeLess: true, isNoticed: false }),
  deleted: ({ table }) => ({ mayBeLess: true, isNoticed: RESTED_ON.includes(table) }),
};

/** What belongs to a tenant can be moved to another; of settings each has one, and they can only change places. */
const isPossible = ({ kind, table }: Wanted): boolean =>
  kind !== 'moved' || (table !== 'token_settings' && [...KEY[table], ...TARGETS[table]].includes('tenant'));

/** Each column changed, and a row of each table treated in each way; chance has the rest. */
const EACH: readonly Wanted[] = COLUMNS.flatMap((each) =>
  KINDS.map((kind) => ({ ...each, kind, row: 1, other: 0, at: 1 })),
).filter((one) => isPossible(one) && (one.kind === 'changed' || one.column === TARGETS[one.table][0]));
const RUNS = EACH.length + (process.env.COUNTERSIGN_TEST_SUITE === 'full' ? 500 : 40);

const WANTED: fc.Arbitrary<Wanted> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    where: fc.constantFrom(...COLUMNS),
    row: fc.nat(),
    other: fc.nat(),
    at: fc.nat(),
  })
  .map(({ where, ...wanted }) => ({ ...where, ...wanted }))
  .filter(isPossible);

test('a row that was changed, moved, taken away, or put in the place of another is refused by name, and never a wrong answer (I9)', {
  timeout: 600_000,
}, async () => {
  const scene = await openScene();
  const truth = await answersTo(scene.asked);
  expect(truth.filter(isRefused)).toEqual([]);
  const neverMade = new Set(EACH.map(nameOf));
  const property = fc.asyncProperty(WANTED, async (wanted) => {
    const change = await MADE[wanted.kind](scene, wanted);
    if (change === undefined) return; // the database itself takes no such row
    neverMade.delete(nameOf(wanted));
    try {
      judge(scene, wanted, change, { truth, now: await answersTo(scene.asked) });
    } finally {
      await change.undo();
    }
  });
  await fc.assert(property, { examples: EACH.map((each) => [each]), numRuns: RUNS, endOnFailure: true });
  expect([...neverMade]).toEqual([]);
  expect(await answersTo(scene.asked)).toEqual(truth);
});

type Answers = { readonly truth: readonly Answer[]; readonly now: readonly Answer[] };

function judge({ asked }: Scene, wanted: Wanted, { what }: Change, { truth, now }: Answers): void {
  const { mayBeLess, isNoticed } = ALLOWED[wanted.kind](wanted);
  for (const [at, one] of now.entries()) {
    agrees(`${asked[at]?.what}, after ${what}`, mayBeLess, truth[at] as Answer, one);
  }
  const isNamed = now.some((one) => isRefused(one) && NAMED[wanted.table].test(one.refused));
  expect(isNamed || !isNoticed, `${what}, and nobody refuses it by name`).toBe(true);
}

const isRefused = (one: Answer): one is Extract<Answer, { refused: string }> => 'refused' in one;
const nameOf = ({ kind, table, column }: Wanted): string =>
  kind === 'changed' ? `${table}.${column} changed` : `${table} ${kind}`;

test('every table is changed here, or nothing of it is sealed or carries a MAC', () => {
  const all = [...Object.keys(MACED), ...Object.keys(NOT_MACED)].sort();
  expect([...TABLES, ...UNPROVED].sort()).toEqual(all);
});

test('every column of a table that has something sealed is bound by it, or there is a reason why not', async () => {
  const { columnsByTable } = await openCore();
  const columns = await columnsByTable();
  for (const table of Object.keys(SEALED) as SealedTable[]) {
    expect([...SEALED[table], ...Object.keys(UNSEALED[table])].sort()).toEqual([...(columns[table] ?? [])].sort());
  }
});

/** A MAC says that the program wrote a row, not that it is the last that it wrote: a history that is proved will (a later issue). */
test('a known limit: a row that is put back whole as it once was is believed', async () => {
  const core = await openCore();
  const ada = await core.user('ada', 'tenant-member');
  const token = await core.pat(ada, 'deploy');
  const [row] = (await core.rows(
    'select id, ended_at, ended_by, end_reason, mac from personal_access_token',
  )) as never[];
  const { id, mac } = row as unknown as { id: never; mac: Uint8Array };
  await revokePat(core.deps, ada, id);
  expect(await core.standing(token)).toBe('revoked');
  const put =
    'update personal_access_token set ended_at = null, ended_by = null, end_reason = null, mac = ? where id = ?';
  await core.tamper(put, mac, id);
  expect(await core.standing(token, { ...core.deps, verified: new VerifiedCredentials('salt', 0) })).toBe('ok');
});
