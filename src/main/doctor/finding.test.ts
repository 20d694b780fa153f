import { expect, test } from 'vitest';
import { skewFinding, skewOf } from './clock.ts';
import { spaceFinding, syncFinding } from './disk.ts';
import { bytesInWords, failed, ok, skipped, spanInWords, together, warning } from './finding.ts';
import { sessionFinding, tlsFinding, versionFinding } from './postgres.ts';

/*
 * What a machine does not show when it is asked to: versions, networks and disks that are not here. What it can be
 * made to show is in test/start/doctor.test.ts.
 */

const MIB = 1024 ** 2;
/** In blocks of a MiB. */
const spaceOf = (free: number, all: number, inodes: readonly [number, number] = [900, 1_000]) => ({
  bavail: free,
  blocks: all,
  bsize: MIB,
  ffree: inodes[0],
  files: inodes[1],
});

test.each([
  { title: 'half of it free', space: spaceOf(50_000, 100_000), state: 'ok' },
  { title: 'less than a tenth', space: spaceOf(9_000, 100_000), state: 'warning' },
  { title: 'less than 1 GiB', space: spaceOf(1_023, 4_000), state: 'warning' },
  { title: 'less than 100 MiB', space: spaceOf(99, 400), state: 'failed' },
  { title: 'less than a tenth of its inodes', space: spaceOf(50_000, 100_000, [99, 1_000]), state: 'warning' },
  { title: 'a file system that counts none', space: spaceOf(50_000, 100_000, [0, 0]), state: 'ok' },
])('a disk with $title is $state', ({ space, state }) => {
  expect(spaceFinding('/data', space)).toMatchObject({ state, found: expect.stringContaining('/data') });
});

test.each([
  { times: [1, 2, 900], state: 'ok' },
  { times: [49, 50, 51], state: 'ok' },
  { times: [10, 51, 60], state: 'warning' },
])('a disk that syncs in $times ms is $state, by the median', ({ times, state }) => {
  expect(syncFinding(times)).toMatchObject({ state, found: expect.stringContaining(`${times[1]}.0 ms`) });
});

test('by how much a clock is ahead is what it says half-way through the question that was answered soonest', () => {
  const samples = [
    { asked: 1_000, said: 4_000, heard: 3_000 },
    { asked: 5_000, said: 5_110, heard: 5_020 },
  ];
  expect([skewOf(samples), skewOf([])]).toEqual([100, 0]);
});

test.each([
  { skew: 0, state: 'ok', words: '0 ms ahead of' },
  { skew: 1_000, state: 'ok', words: '1000 ms ahead of' },
  { skew: -1_001, state: 'warning', words: '1001 ms behind' },
  { skew: 5_001, state: 'failed', words: '5 s ahead of' },
  { skew: -7_200_000, state: 'failed', words: '2 h behind' },
])('a clock of the database $skew ms from ours is $state', ({ skew, state, words }) => {
  expect(skewFinding(skew)).toMatchObject({ state, found: `The clock of the database is ${words} ours.` });
});

test.each([
  { version: 130_022, encoding: 'UTF8', state: 'failed' },
  { version: 140_009, encoding: 'UTF8', state: 'warning' },
  { version: 150_018, encoding: 'UTF8', state: 'ok' },
  { version: 180_004, encoding: 'UTF8', state: 'ok' },
  { version: 190_000, encoding: 'UTF8', state: 'warning' },
  { version: 150_018, encoding: 'SQL_ASCII', state: 'failed' },
])('PostgreSQL $version with $encoding is $state', ({ version, encoding, state }) => {
  expect(versionFinding({ version, spoken: 'x', encoding })).toMatchObject({
    state,
    found: `PostgreSQL x, ${encoding}.`,
  });
});

test.each([
  { host: 'localhost', isEncrypted: false, isVerified: false, state: 'ok' },
  { host: '/run/postgresql', isEncrypted: false, isVerified: false, state: 'ok' },
  { host: '::1', isEncrypted: false, isVerified: false, state: 'ok' },
  { host: 'db.example.com', isEncrypted: false, isVerified: false, state: 'failed' },
  { host: '10.0.0.7', isEncrypted: false, isVerified: false, state: 'failed' },
  { host: 'db.example.com', isEncrypted: true, isVerified: false, state: 'warning' },
  { host: 'db.example.com', isEncrypted: true, isVerified: true, state: 'ok' },
])('a database at $host, TLS $isEncrypted, looked at $isVerified, is $state', ({ host, state, ...tls }) => {
  expect(tlsFinding(tls, host)).toMatchObject({ state });
});

test.each([
  { pooled: false, isHeard: true, keepsPrepared: true, state: 'ok' },
  { pooled: false, isHeard: false, keepsPrepared: true, state: 'warning' },
  { pooled: false, isHeard: false, keepsPrepared: false, state: 'failed' },
  { pooled: true, isHeard: false, keepsPrepared: false, state: 'ok' },
  { pooled: true, isHeard: false, keepsPrepared: true, state: 'ok' },
  { pooled: true, isHeard: true, keepsPrepared: true, state: 'ok' },
])('set pooled $pooled, LISTEN heard $isHeard, statements last $keepsPrepared is $state', (given) => {
  const { state, found, remedy } = sessionFinding(given.pooled, given.isHeard, given.keepsPrepared);
  expect(state).toBe(given.state);
  if (state !== 'ok') expect(remedy).toContain('COUNTERSIGN_DATABASE_POOLED=true');
  const isNeedless = given.pooled && given.isHeard;
  expect(found.includes('without COUNTERSIGN_DATABASE_POOLED')).toBe(isNeedless);
});

test('several findings are as bad as the worst, and only what is bad is said then', () => {
  const bad = [warning('A.', 'do a'), failed('B.', 'do b'), failed('C.')];
  expect(together([ok('X.'), ok('Y.')])).toEqual(ok('X. Y.'));
  expect(together([ok('X.'), skipped('Z.')])).toEqual(ok('X. Z.'));
  expect(together([ok('X.'), ...bad, skipped('Z.')])).toEqual(failed('A. B. C.', 'do a do b'));
  expect(together([])).toEqual(ok(''));
});

test('sizes and spans are said as people say them', () => {
  expect([0, 1_023, 1_024, 1_536 * 1_024, 1024 ** 4 * 2.5, 1024 ** 5].map(bytesInWords)).toEqual([
    ...['0 bytes', '1023 bytes', '1.0 KiB', '1.5 MiB', '2.5 TiB', '1024 TiB'],
  ]);
  expect([0, 0.44, 1_999, 2_000, 119_999, 7_200_000, -172_800_000].map(spanInWords)).toEqual([
    ...['0 ms', '0.4 ms', '1999 ms', '2 s', '120 s', '2 h', '-2 days'],
  ]);
});
