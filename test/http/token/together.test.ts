import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { asking, type Said, statusOf } from '../asked.ts';

const NAMES = ['one', 'two', 'three'] as const;
const NAME = fc.constantFrom(...NAMES);
/** Which of those made so far; more than there are is taken round again. */
const WHICH = fc.nat(20);
const KEYS = fc.constantFrom(undefined, 'key-a', 'key-b');
const FORMAT = fc.constantFrom('opaque', 'jwt');

type Act =
  | {
      readonly act: 'create' | 'wire create';
      readonly name: string;
      readonly format: string;
      readonly key?: string | undefined;
    }
  | { readonly act: 'get or create'; readonly name: string }
  | { readonly act: 'rename'; readonly which: number; readonly name: string }
  | { readonly act: 'revoke' | 'delete'; readonly which: number };

const ACT: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constantFrom('create', 'wire create'), name: NAME, format: FORMAT, key: KEYS }),
  fc.record({ act: fc.constant('get or create'), name: NAME }),
  fc.record({ act: fc.constant('rename'), which: WHICH, name: NAME }),
  fc.record({ act: fc.constantFrom('revoke', 'delete'), which: WHICH }),
);

test('whatever is done to one user’s tokens at once, the lists, the names and the values agree on what stands', async () => {
  const together = fc.array(fc.array(ACT, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });
  await fc.assert(fc.asyncProperty(together, agreeAfter), { numRuns: 25 });
}, 120_000);

type Alice = ReturnType<typeof asking>;

/** `ids` are those made so far. */
function carriedOut(alice: Alice, one: Act, ids: readonly string[]): Promise<Said> {
  if ('format' in one) {
    const headers: Readonly<Record<string, string>> = one.key === undefined ? {} : { 'idempotency-key': one.key };
    return one.act === 'create'
      ? alice.ownCreate({ name: one.name, format: one.format }, headers)
      : alice.create({ name: one.name, tokenType: one.format }, headers);
  }
  if (!('which' in one)) return alice.getOrCreate(one.name);
  const id = ids[one.which % Math.max(ids.length, 1)] ?? 'a00000000000000000000000';
  if ('name' in one) return alice.ownRename(id, one.name);
  return one.act === 'revoke' ? alice.ownRevoke(id) : alice.remove(id);
}

async function agreeAfter(batches: readonly (readonly Act[])[]): Promise<void> {
  const world = await openWorld();
  const alice = asking(world, (await world.person('alice', 'tenant-member')).token);
  /** Every value that was given out, with the id of its token. */
  const values = new Map<string, string>();
  for (const batch of batches) {
    const ids = [...new Set(values.values())];
    for (const { status, body } of await Promise.all(batch.map((one) => carriedOut(alice, one, ids)))) {
      expect([200, 404, 409, 422], `${body.message} ${world.reported}`).toContain(status);
      const value = body.value ?? (typeof body.token === 'string' ? body.token : undefined);
      if (status === 200 && value !== undefined) values.set(value, await idBehind(world, value, body));
    }
  }
  await expectAgreement(world, alice, values);
  await world.server.close();
  await world.deps.store.close();
}

async function expectAgreement(world: World, alice: Alice, values: ReadonlyMap<string, string>): Promise<void> {
  const all: readonly Shown[] = (await alice.ownList('?limit=1000')).body.data;
  const live = all.filter(({ state }) => state === 'live');
  const named = ({ id, name }: Pick<Shown, 'id' | 'name'>) => ({ id, name });
  expect(new Set(live.map(({ name }) => name)).size).toBe(live.length);
  expect((await alice.list('?limit=1000')).body.data.map(named)).toEqual(live.map(named));
  const good = new Map<string, number>();
  for (const [value, id] of values) {
    if ((await statusOf(world, value)) === 200) good.set(id, (good.get(id) ?? 0) + 1);
  }
  const standing = live.filter(({ name }) => name !== 'first').map(({ id, values: count }) => [id, count] as const);
  expect(Object.fromEntries(good)).toEqual(Object.fromEntries(standing));
  expect(world.reported).toEqual([]);
}

type Shown = { readonly id: string; readonly name: string; readonly state: string; readonly values: number };

/** By its answer where that says so, else by its row: a wire create tells nothing but the value. */
async function idBehind(world: World, value: string, body: Said['body']): Promise<string> {
  if (typeof body.token?.id === 'string') return body.token.id;
  if (body.data !== undefined) return body.data.id;
  const preview = value.startsWith('eyJ') ? `eyJ…${value.slice(-4)}` : `${value.slice(0, 12)}…${value.slice(-4)}`;
  return String((await world.rows('select pat from token where preview = ?', preview))[0]?.pat);
}
