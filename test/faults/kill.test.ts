import { expect, test } from 'vitest';
import type { StepLabel } from '#ports/step.ts';
import { type Served, serving } from '#support/process.ts';
import { adminToken, setUpOnce } from './base.ts';
import { type Client, clientOf, Gone, standingOf } from './client.ts';
import { defectsIn, rowsIn } from './database.ts';
import { STEPS, stopsAt, UNDER_LOAD } from './labels.ts';

const WORKERS = 16;
/** Creates to be asked for amid kills, by all tests of this file; `npm run test:faults` asks for all of them. */
const CREATES = process.env.COUNTERSIGN_TEST_FULL === '1' ? 10_000 : 1_000;
/** Patience for a slow machine; how many were reached is printed. */
const RANDOM_MS_MAX = 240_000;
const CREATES_MIN = process.env.COUNTERSIGN_TEST_REQUIRE === 'all' ? CREATES : 500;
/** A life is this long at most: so that there are many kills. */
const LIFE_MS_MAX = 1_500;
/** The first change of its kind stops the process; a life without one ends by this, as no kill. */
const STOP_MS_MAX = 5_000;

/** One value that was answered. `either`: its revoke was asked for, and never answered. */
type Token = { readonly value: string; standing: 'live' | 'revoked' | 'either' };
type Work = { readonly tokens: Token[]; readonly asked: string[] };

const all: Work = { tokens: [], asked: [] };
const base = setUpOnce();
let lives = 0;

type Act = (client: Client, name: string, work: Work) => Promise<void>;
const ACTS = {
  create: async (client, name, { tokens }) => {
    tokens.push({ value: await client.create(name), standing: 'live' });
  },
  'get-or-create': async (client, name, { tokens }) => {
    tokens.push({ value: (await client.getOrCreate(name)).value, standing: 'live' });
  },
  revoke: async (client, name, { tokens }) => {
    const { id, value } = await client.getOrCreate(name);
    const token: Token = { value, standing: 'either' };
    tokens.push(token);
    await client.revoke(id);
    token.standing = 'revoked';
  },
} as const satisfies Record<string, Act>;
const MIXED = [ACTS.create, ACTS['get-or-create'], ACTS.create, ACTS.revoke] as const;

const CASES = [
  ...STEPS.map((step) => ({ act: 'create', label: `${UNDER_LOAD[0]}.${step}` }) as const),
  ...STEPS.map((step) => ({ act: 'get-or-create', label: `${UNDER_LOAD[0]}.${step}` }) as const),
  ...STEPS.map((step) => ({ act: 'revoke', label: `${UNDER_LOAD[1]}.${step}` }) as const),
];
const placeOf = ({ act, label }: { readonly act: string; readonly label: StepLabel }) => `${label} of a ${act}`;
const AT_RANDOM = 'a random moment';
const stops = stopsAt([...CASES.map(placeOf), AT_RANDOM]);

test.each(CASES)('killed at $label of a $act, nothing answered is lost and nothing is half there', async (at) => {
  const data = await base.itself();
  const first = await serving(data, { stopAt: at.label });
  const late = setTimeout(() => first.process.kill('SIGHUP'), STOP_MS_MAX);
  const work = await workUntilDeath(first, data, [ACTS[at.act]]);
  clearTimeout(late);
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
  stops.stopped(placeOf(at));
  await proveWhole(await serving(data), data, work);
});

test('killed at random moments of a load, again and again, nothing answered is lost and nothing is half there', {
  timeout: RANDOM_MS_MAX * 2,
}, async () => {
  const data = await base.itself();
  const until = Date.now() + RANDOM_MS_MAX;
  let served = await serving(data);
  while (all.asked.length < CREATES && Date.now() < until) {
    const { process } = served;
    setTimeout(() => process.kill('SIGKILL'), Math.random() * LIFE_MS_MAX);
    const work = await workUntilDeath(served, data, MIXED);
    expect(await served.ended).toMatchObject({ signal: 'SIGKILL' });
    stops.stopped(AT_RANDOM);
    served = await serving(data);
    await proveWhole(served, data, work);
  }
  await proveWhole(served, data, all);
  console.log(
    `${all.asked.length} creates and get-or-creates asked for, ${all.tokens.length} answered, over ${lives} killed processes`,
  );
  expect(all.asked.length).toBeGreaterThanOrEqual(CREATES_MIN);
});

/** Every worker goes on until the process is gone; an answer that is neither a success nor this is a failure. */
async function workUntilDeath(served: Served, data: string, acts: readonly Act[]): Promise<Work> {
  const work: Work = { tokens: [], asked: [] };
  const client = clientOf(served, adminToken(data));
  lives += 1;
  const life = lives;
  const endless = async (worker: number) => {
    for (let at = 0; ; at++) {
      const name = `life${life}-w${worker}-n${at}`;
      work.asked.push(name);
      await acts[(worker + at) % acts.length]?.(client, name, work);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: WORKERS }, (_, worker) => endless(worker)));
  for (const end of ends) if (end.status === 'rejected' && !(end.reason instanceof Gone)) throw end.reason;
  all.tokens.push(...work.tokens);
  all.asked.push(...work.asked);
  return work;
}

/** Answered is durable, unanswered is whole or absent, whenever the process died. */
async function proveWhole(served: Served, data: string, { tokens, asked }: Work): Promise<void> {
  const expected = { live: [200], revoked: [401], either: [200, 401] };
  const wrong = await failing(tokens, async ({ value, standing }) =>
    expected[standing].includes(await standingOf(served, value)),
  );
  expect(wrong).toEqual([]);
  expect(defectsIn(data)).toEqual([]);
  const names = rowsIn(data, 'select name from personal_access_token').map((row) => (row as { name: string }).name);
  const known = new Set([...all.asked, 'bootstrap']);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
  const issued = new Set(names);
  const written = asked.filter((name) => issued.has(name)).length;
  expect(written).toBeGreaterThanOrEqual(tokens.length);
  expect(written - tokens.length).toBeLessThanOrEqual(WORKERS * lives); // one under way each
}

/** Those for which it does not hold; all of them are asked about, a few at a time. */
async function failing<Item>(items: readonly Item[], holds: (item: Item) => Promise<boolean>): Promise<Item[]> {
  const found: Item[] = [];
  const left = [...items];
  const worker = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) if (!(await holds(item))) found.push(item);
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  return found;
}
