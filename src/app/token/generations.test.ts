import { expect, test } from 'vitest';
import type { Caller } from '#domain/caller.ts';
import { LIVE_GENERATIONS_MAX, type PatId, parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { type Core, openCore } from '#support/core.ts';
import { ENGINE } from '#support/database.ts';
import { statementsOf } from '#support/statements.ts';
import { getOrCreatePat } from './get-or-create.ts';
import { type NewValue, newValue } from './issue.ts';
import { listPats } from './list.ts';
import { renamePat } from './rename.ts';

/** Each is a question across a network, where the database is on a server. */
const MANY = ENGINE === 'postgres' ? 300 : 2_000;
const get = ({ deps }: Core, caller: Caller) => getOrCreatePat(deps, caller, parseTokenName('console'));

/** Somebody who holds `console` with so many values, of which each that has ended was presented since. */
async function holding(values: number): Promise<{ readonly core: Core; readonly ada: Caller; readonly id: PatId }> {
  const core = await openCore();
  const { deps, tenant } = core;
  const ada = await core.user('ada', 'tenant-member');
  await deps.store.transact((tx) => tx.tokenSettings.put(tenant.id, { ...TOKEN_SETTINGS, countMax: 9 }));
  const { id } = (await get(core, ada)).view.pat;
  const wanted = { pat: id, format: 'opaque', expiresAt: undefined } as const;
  const made: NewValue[] = [];
  for (let at = 2; at <= values; at++) made.push(await newValue(deps, ada, { ...wanted, generation: at }));
  const ended = { at: core.clock.now(), by: ada.principal.id, reason: 'superseded' } as const;
  await deps.store.transact(async (tx) => {
    for (const { token, digest } of made) {
      await tx.tokens.add(tenant.id, token, digest);
      const over = await tx.tokens.endOldest(tenant.id, id, LIVE_GENERATIONS_MAX, ended);
      const use = { tenant: tenant.id, pat: id, at: core.clock.now(), surface: 'rest', address: undefined };
      await tx.tokenUses.noteDead(over.map((token) => ({ ...use, token })));
    }
  });
  return { core, ada, id };
}

const page = { limit: 9, offset: 0, nameContains: '' };
type Act = (world: Awaited<ReturnType<typeof holding>>, byToken: Caller) => Promise<unknown>;
const ACTS: Readonly<Record<string, Act>> = {
  'another value': ({ core, ada }) => get(core, ada),
  'a change by one of its values': ({ core, id }, byToken) =>
    renamePat(core.deps, byToken, id, parseTokenName('renamed')),
  'the list': ({ core, ada }) => listPats(core.deps, ada, page),
  'a new token, which counts it': ({ core, ada }) => core.pat(ada, 'other'),
};

/** What it takes for whoever has so many: the statements, and the rows that they hand over. */
async function costsWith(values: number) {
  const world = await holding(values);
  const byToken = await world.core.callerBy((await get(world.core, world.ada)).value);
  const costs = [];
  for (const [what, act] of Object.entries(ACTS)) {
    const { statements, rows } = await statementsOf(() => act(world, byToken));
    costs.push({ what, statements, rows });
  }
  return { core: world.core, costs };
}

/** Steps that look at every value of a token: neither by number or digest, nor for the last one or the last few. */
async function stepsToAll({ rows }: Core, sql: string): Promise<readonly string[]> {
  if (/^select max\("generation"\)|"generation" desc limit \?$/.test(sql)) return [];
  const plan = await rows(`explain query plan ${sql}`);
  const steps = plan.map(({ detail }) => String(detail));
  return steps.filter((step) => /^(?:SCAN|SEARCH) token /.test(step) && !/generation[=>]|digest=/.test(step));
}

test(`a name that has had ${MANY} values costs no more than one with a few: not another value, a change by one of them, nor the list`, async () => {
  const [few, many] = [await costsWith(LIVE_GENERATIONS_MAX + 1), await costsWith(MANY)];
  expect(many.costs).toEqual(few.costs);
  if (ENGINE !== 'sqlite') return; // the other tells no plan of a statement whose values it does not know
  const asked = new Set(many.costs.flatMap(({ statements }) => statements));
  const looks = [...asked].filter((sql) => /^(?:select|update)/.test(sql));
  expect(looks.filter((sql) => sql.includes('"token"')).length).toBeGreaterThan(4);
  expect((await Promise.all(looks.map((sql) => stepsToAll(many.core, sql)))).flat()).toEqual([]);
});
