import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { circleIn, importsOf, type Sources, sourcesIn, sourcesWithImports, strangersIn } from './imports.ts';
import { CONSOLE, ROOM_NAMES, ROOMS, type RoomName } from './rooms.ts';

test('rooms, folders of src and `imports` of package.json are the same', () => {
  const { imports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const rooms = [...ROOM_NAMES].sort();
  expect(readdirSync('src').sort()).toEqual(rooms);
  const { '#support/*': support, ...doors } = imports;
  expect(doors).toEqual(Object.fromEntries(rooms.map((room) => [`#${room}/*`, `./src/${room}/*`])));
  expect(support).toBe('./test/support/*');
});

describe.each(ROOM_NAMES)('%s imports only what its room allows', (room) => {
  test.each(sourcesIn(`src/${room}`))('%s', (file) => {
    expect(strangersIn(room, file, ROOMS[room], importsOf(`src/${room}/${file}`))).toEqual([]);
  });
});

describe('console imports nothing but itself', () => {
  test.each(sourcesIn('console'))('%s', (file) => {
    expect(strangersIn('console', file, CONSOLE, importsOf(`console/${file}`))).toEqual([]);
  });
});

test('nothing imports main, where everything meets', () => {
  expect(ROOM_NAMES.filter((room) => (ROOMS[room].rooms as readonly string[]).includes('main'))).toEqual([]);
});

test('no row opens a door that is used no more', () => {
  const unused = ROOM_NAMES.filter((room) => room !== 'main').flatMap((room) => {
    const used = sourcesIn(`src/${room}`).flatMap((file) => importsOf(`src/${room}/${file}`));
    const { rooms, packages }: { rooms: readonly string[]; packages: readonly string[] } = ROOMS[room];
    const closed = rooms.filter((door) => !used.some((one) => one === `#${door}` || one.startsWith(`#${door}/`)));
    return [...closed, ...packages.filter((name) => !used.includes(name))].map((door) => `${room}: ${door}`);
  });
  expect(unused).toEqual(UNUSED);
});

/** Open though nobody goes through: what the room is for, and will need. This list may shrink. */
const UNUSED: readonly string[] = [];

test('no file imports its way back to itself, not even by a type', () => {
  expect(circleIn(sourcesWithImports('src'))).toEqual([]);
});

/** Broken on purpose: what one added line would do to a file of the room. */
test.each<{ room: RoomName; line: string; caught: string[] }>([
  { room: 'domain', line: `import { change } from '#app/doors.ts'`, caught: ['#app/doors.ts'] },
  { room: 'domain', line: `import type { Store } from '../ports/store.ts'`, caught: ['../ports/store.ts'] },
  { room: 'domain', line: `import type { Store } from '#ports/store.ts'`, caught: ['#ports/store.ts'] },
  { room: 'domain', line: `import 'node:fs'`, caught: ['node:fs'] },
  { room: 'domain', line: `type Deps = import('#app/deps.ts').Deps`, caught: ['#app/deps.ts'] },
  { room: 'domain', line: `import { parseId } from '#domain/id.ts'`, caught: ['#domain/id.ts'] },
  { room: 'domain', line: `import { parseId } from './id.ts'`, caught: [] },
  { room: 'ports', line: `import { seal } from '#crypto/envelope.ts'`, caught: ['#crypto/envelope.ts'] },
  { room: 'crypto', line: `import type { Deps } from '#app/deps.ts'`, caught: ['#app/deps.ts'] },
  { room: 'app', line: `const fs = await import('node:fs')`, caught: ['node:fs'] },
  { room: 'app', line: `import { openSqlite } from '#store/sqlite/open.ts'`, caught: ['#store/sqlite/open.ts'] },
  { room: 'app', line: `import * as z from 'zod'`, caught: ['zod'] },
  { room: 'jobs', line: `import { mint } from '#crypto/opaque.ts'`, caught: ['#crypto/opaque.ts'] },
  { room: 'contract', line: `export type { Deps } from '#app/deps.ts'`, caught: ['#app/deps.ts'] },
  { room: 'api', line: `import { digestOf } from '#crypto/opaque.ts'`, caught: ['#crypto/opaque.ts'] },
  { room: 'http', line: `import { revokePat } from '#app/token/revoke.ts'`, caught: ['#app/token/revoke.ts'] },
  { room: 'http', line: `export { verifyToken } from '#app/token/verify.ts'`, caught: [] },
  { room: 'http', line: `import { mint } from '#crypto/opaque.ts'`, caught: ['#crypto/opaque.ts'] },
  { room: 'store', line: `import { rowMacs } from '#crypto/row-mac.ts'`, caught: ['#crypto/row-mac.ts'] },
  { room: 'store', line: 'const driver = await import(name)', caught: ['not a literal'] },
  { room: 'store', line: `import my = require('mysql2')`, caught: ['mysql2'] },
  { room: 'store', line: `const pg = require('pg')`, caught: ['require()'] },
  { room: 'store', line: `export * from '../../test/support/core.ts'`, caught: ['../../test/support/core.ts'] },
  { room: 'key-wrapper', line: `import '#support/fixed.ts'`, caught: ['#support/fixed.ts'] },
  { room: 'config', line: `import { env } from 'node:process'`, caught: ['node:process'] },
  { room: 'main', line: `import { serve } from 'fastify'`, caught: ['fastify'] },
  { room: 'main', line: `import { readFileSync } from 'node:fs'`, caught: [] },
])('$room with `$line` names $caught', ({ room, line, caught }) => {
  expect(strangersIn(room, 'probe.ts', ROOMS[room], importsOf('probe.ts', line))).toEqual(caught);
});

test.each([
  { line: `import '#crypto/opaque.ts'`, caught: ['#crypto/opaque.ts'] },
  { line: `import '../src/domain/id.ts'`, caught: ['../src/domain/id.ts'] },
  { line: `import 'zod'`, caught: ['zod'] },
  { line: `import './part.js'`, caught: [] },
])('console with `$line` names $caught', ({ line, caught }) => {
  expect(strangersIn('console', 'probe.js', CONSOLE, importsOf('probe.js', line))).toEqual(caught);
});

test.each<{ sources: Sources; circle: readonly string[]; what: string }>([
  {
    what: 'two files',
    sources: { 'a/x.ts': ['./y.ts'], 'a/y.ts': ['./x.ts'] },
    circle: ['a/x.ts', 'a/y.ts', 'a/x.ts'],
  },
  {
    what: 'three rooms',
    sources: { 'a/x.ts': ['#b/y.ts'], 'b/y.ts': ['#c/z.ts'], 'c/z.ts': ['#a/x.ts'] },
    circle: ['a/x.ts', 'b/y.ts', 'c/z.ts', 'a/x.ts'],
  },
  { what: 'a file and itself', sources: { 'a/x.ts': ['./x.ts'] }, circle: ['a/x.ts', 'a/x.ts'] },
  {
    what: 'no circle: two ways to one file',
    sources: { 'a/x.ts': ['./y.ts', '#b/z.ts'], 'a/y.ts': ['#b/z.ts'] },
    circle: [],
  },
])('$what', ({ sources, circle }) => {
  expect(circleIn(sources)).toEqual(circle);
});

test('a file that does not parse is a failure, not one without imports', () => {
  expect(() => importsOf('probe.ts', 'import from from')).toThrow('probe.ts');
});
