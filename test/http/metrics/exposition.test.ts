import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OPERATION_IDS } from '#contract/operations.ts';
import { EXTERNAL_STEPS } from '#domain/counts.ts';
import { JOB_KINDS, JOB_STATES } from '#domain/job.ts';
import { openWorld, type World } from '#support/world.ts';
import { METRICS as TABLE } from '#telemetry/metrics.ts';
import { ENTRANCE_IDS } from '../../authz/matrix.ts';
import { asking } from '../asked.ts';
import { parsed } from './parsed.ts';
import { METRICS, scraped } from './scraped.ts';

/** Everything that can be told has happened once. */
async function busyWorld() {
  const world = await openWorld();
  const { token } = await world.person('admin', 'tenant-admin');
  await asking(world, token).create({ name: 'one' });
  return { ...world, token };
}

test('what is told is what operating.md says, and nothing else: name, type, labels and meaning', async () => {
  const world = await busyWorld();
  const told = readFileSync('docs/operating.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| `(countersign|process|nodejs)_[a-z_]+` \|/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
  const { families } = await scraped(world, world.token);
  const labelsOf = (name: string, samples: readonly { labels: object }[]) => {
    const names = new Set(samples.flatMap(({ labels }) => Object.keys(labels)).filter((label) => label !== 'le'));
    return { name, labels: [...names].join(' ') };
  };
  const there = [...families.values()].map(({ name, kind, help, samples }) => [
    ...[name, kind, labelsOf(name, samples).labels, help],
  ]);
  const byName = (rows: readonly (readonly string[])[]) => rows.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  expect(byName(there)).toEqual(byName(told));
  expect(told.map(([name]) => name)).toEqual(TABLE.map(({ name }) => name)); // in one order
});

test('it is Prometheus’ text, for nobody’s cache', async () => {
  const { send, token } = await busyWorld();
  const { headers, text } = await send({ ...METRICS, token });
  expect(headers).toMatchObject({
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'cache-control': 'no-store',
  });
  expect(parsed(text).size).toBe(TABLE.length);
});

test('every label has a value of a closed list: nothing that anybody sends, is called or has', async () => {
  const world = await busyWorld();
  const { token, send } = world;
  const stray = { 'user-agent': 'stray-agent', 'x-forwarded-for': '203.0.113.99', 'x-stray': 'stray-header' };
  for (const path of ['/stray-path', '/api/v1/tokens/stray-id', '/metrics?stray=query', '/%zz/stray-escape'])
    for (const method of ['GET', 'PATCH', 'QUERY']) await send({ method, path, token, headers: stray });
  const allowed: Readonly<Record<string, readonly string[] | RegExp>> = {
    operation: [...OPERATION_IDS, ...ENTRANCE_IDS, 'none'],
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'other'],
    status: /^[2-5]\d\d$/,
    result: /^(ok|malformed|unknown|revoked|expired|refused|outage|failed|committed|rolled_back)$/,
    outcome: /^(hit|stranger|shared|read|done|failed|dead|lost)$/,
    kind: [...JOB_KINDS, 'known', 'strangers'],
    step: EXTERNAL_STEPS,
    state: [...JOB_STATES, 'busy', 'idle'],
    ...{ version: /^\d+\.\d+\.\d+$/, engine: ['SQLite', 'PostgreSQL'] },
    ...{ quantile: ['0.5', '0.99', '1'], le: /^(\+Inf|[\d.]+)$/ },
  };
  const { families } = await scraped(world, token);
  const isAllowed = ([label, value]: [string, string]) => {
    const list = allowed[label];
    return list instanceof RegExp ? list.test(value) : list?.includes(value);
  };
  const labels = [...families.values()].flatMap(({ samples }) => samples.flatMap((one) => Object.entries(one.labels)));
  expect(labels.filter((pair) => !isAllowed(pair))).toEqual([]);
  expect((await send({ ...METRICS, token })).text).not.toMatch(/stray|203\.0\.113|admin|default/);
});

test('two looks at once, and one after the other, tell the same process', async () => {
  const world = await busyWorld();
  const looks = await Promise.all([scraped(world, world.token), scraped(world, world.token)]);
  const later = await scraped(world, world.token);
  const began = [...looks, later].map((look) => look.value('process_start_time_seconds'));
  expect(new Set(began).size).toBe(1);
  for (const look of looks) {
    const active = 'countersign_event_loop_active_seconds_total';
    expect(later.value(active)).toBeGreaterThanOrEqual(look.value(active));
  }
  expect(later.value('process_resident_memory_bytes')).toBeGreaterThan(later.value('nodejs_heap_size_used_bytes'));
});

test('durable work is counted as it was done: one transaction for each create, none for a look', async () => {
  const world: World & { token: Awaited<ReturnType<typeof busyWorld>>['token'] } = await busyWorld();
  const committed = async () =>
    (await scraped(world, world.token)).value('countersign_database_transactions_total', { result: 'committed' });
  const before = await committed();
  expect(await committed()).toBe(before);
  for (const name of ['two', 'three', 'four']) await asking(world, world.token).create({ name });
  expect(await committed()).toBe(before + 3);
});

/** Broken on purpose: a reader that is lenient would prove nothing. */
const GOOD = '# HELP a_total What.\n# TYPE a_total counter\na_total{b="c"} 1\n';
const SPREAD = '# HELP h What.\n# TYPE h histogram\n';
test.each([
  { what: 'no end of line', text: GOOD.trimEnd() },
  { what: 'no help', text: '# TYPE a_total counter\na_total 1\n' },
  { what: 'a counter that is not called so', text: '# HELP a What.\n# TYPE a counter\na 1\n' },
  { what: 'a family twice', text: GOOD + GOOD },
  { what: 'a sample twice', text: `${GOOD}a_total{b="c"} 2\n` },
  { what: 'another’s sample', text: `${GOOD}b_total 2\n` },
  { what: 'a quote that is not escaped', text: `${GOOD}a_total{b="c"d"} 2\n` },
  { what: 'no value', text: `${GOOD}a_total{b="d"} \n` },
  { what: 'buckets that shrink', text: `${SPREAD}h_count 1\nh_sum 1\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\n` },
  { what: 'no last bucket', text: `${SPREAD}h_count 1\nh_sum 1\nh_bucket{le="1"} 1\n` },
])('the reader of this test refuses $what', ({ text }) => {
  expect(parsed(GOOD).size).toBe(1);
  expect(() => parsed(text)).toThrow(Error);
});
