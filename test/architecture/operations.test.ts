import { expect, test } from 'vitest';
import * as z from 'zod';
import { composed } from '#contract/compose.ts';
import { ENTRANCES, type Entrance, type EntranceId } from '#contract/entrances.ts';
import { type Operation, type Parts, PLACES } from '#contract/operation.ts';
import { OPERATION_IDS, OPERATIONS } from '#contract/operations.ts';

const rows = OPERATION_IDS.map((id): Operation & { id: string } => ({ id, ...OPERATIONS[id] }));
const entrances = Object.keys(ENTRANCES).map((id): Entrance & { id: string } => ({
  id,
  ...ENTRANCES[id as EntranceId],
}));

/** Names that a flat input could not tell apart. */
function namedTwice(input: Parts): readonly string[] {
  const names = PLACES.flatMap((place) => Object.keys(input[place]?.shape ?? {}));
  return names.filter((name, at) => names.indexOf(name) !== at);
}

/** Objects, however deep, that take what they do not know; a map knows no names. */
function lenientIn(schema: unknown): number {
  if (typeof schema !== 'object' || schema === null) return 0;
  const { type, additionalProperties, propertyNames } = schema as Record<string, unknown>;
  const below = Object.values(schema).reduce((sum: number, part) => sum + lenientIn(part), 0);
  const isLenient = type === 'object' && propertyNames === undefined && additionalProperties !== false;
  return below + (isLenient ? 1 : 0);
}

const lenientObjects = (input: Parts): number =>
  lenientIn(PLACES.flatMap((place) => (input[place] ? [z.toJSONSchema(input[place], { io: 'input' })] : [])));

/** Paths that one request could be both of. */
const shapeOf = ({ method, path }: { method: string; path: string }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`;

test.each(rows)('$id names no value twice, and its path takes exactly its placeholders', ({ input, path }) => {
  expect(namedTwice(input)).toEqual([]);
  const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  expect(Object.keys(input.path?.shape ?? {})).toEqual(placeholders);
});

test.each(rows)('$id, which is $surface, is called so, and refuses or ignores what it does not know', (row) => {
  expect(row.id).toMatch(new RegExp(`^${row.surface}[A-Z]`));
  if (row.surface === 'own') expect(lenientObjects(row.input)).toBe(0);
});

test('every row stands under the base of its surface, except what others look for elsewhere', () => {
  const BASES = { wire: '/api/svc/v1/', own: '/api/v1/' } as const;
  const elsewhere = rows.filter(({ path, surface }) => !path.startsWith(BASES[surface])).map(({ path }) => path);
  expect(elsewhere).toEqual(['/api/env', '/.well-known/jwks.json', '/.well-known/oauth-authorization-server']);
});

test('no two rows are one request', () => {
  const shapes = [...rows, ...entrances].map(shapeOf);
  expect(shapes.filter((shape, at) => shapes.indexOf(shape) !== at)).toEqual([]);
});

test('no entrance stands under the paths of operations, and what they take is strict', () => {
  expect(entrances.filter(({ path }) => /^\/api\/(svc|v\d+)(\/|$)/.test(path))).toEqual([]);
  expect(entrances.filter(({ body }) => body && lenientObjects({ body }) > 0)).toEqual([]);
});

test('nothing that a GET takes stands in a body', () => {
  const withBodies = [...rows.filter(({ input }) => input.body), ...entrances.filter(({ body }) => body)];
  expect(withBodies.filter(({ method }) => method === 'GET')).toEqual([]);
});

test('nobody but a caller changes or reveals anything by an operation', () => {
  expect(rows.filter(({ access, effect, reveals }) => access === 'public' && (effect !== 'reads' || reveals))).toEqual(
    [],
  );
});

test('whatever mints gives out what it minted; what reveals and mints nothing reads an account’s token again', () => {
  const odd = rows.filter(({ effect, reveals }) => (effect === 'mints') !== reveals);
  expect(odd.map(({ id, effect }) => [id, effect])).toEqual([
    ['wireGetAccountToken', 'reads'],
    ['ownGetAccountToken', 'reads'],
  ]);
});

test('a name that stands in two tables is refused, and named', () => {
  expect(() => composed({ one: 1, two: 2 }, { two: 3 })).toThrow('named in two tables: two');
  expect(composed({ one: 1 }, { two: 2 }, {})).toEqual({ one: 1, two: 2 });
});

/** Broken on purpose. */
test('a name in two places, and a lenient object inside a strict one, are seen', () => {
  const id = z.strictObject({ id: z.string() });
  expect(namedTwice({ path: id, body: id })).toEqual(['id']);
  expect(lenientObjects({ body: z.strictObject({ of: z.array(z.object({})) }) })).toBe(1);
  expect(shapeOf({ method: 'GET', path: '/a/{id}' })).toBe(shapeOf({ method: 'GET', path: '/a/{name}' }));
});
