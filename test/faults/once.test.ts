import { expect, test } from 'vitest';
import type { StepLabel } from '#ports/step.ts';
import { type Served, serving } from '#support/process.ts';
import { adminToken, setUpOnce } from './base.ts';
import { clientOf, Gone, standingOf } from './client.ts';
import { defectsIn, rowsIn } from './database.ts';
import { STEPS, stopsAt } from './labels.ts';

const WORKERS = 8;
/** Tokens to be made amid kills, each asked for again until it is answered. */
const WANTED = 400;
/** A life is this long at most: so that there are several kills, long before an answer is forgotten. */
const LIFE_MS_MAX = 700;
/** Patience for a slow machine. */
const ALL_MS_MAX = 180_000;

const once = setUpOnce();
const labelOf = (step: (typeof STEPS)[number]): StepLabel => `personal-access-token:Create.${step}`;
const AT_RANDOM = 'a random moment of creates with keys';
const stops = stopsAt([...STEPS.map((step) => `${step} of a create with a key`), AT_RANDOM]);

const valuesOf = (data: string, name: string) =>
  rowsIn(data, `select t.id from token t join personal_access_token p on p.id = t.pat where p.name = '${name}'`);

test.each(STEPS)(
  'killed when a create with a key was %s: sent again with the key it has the value, made once',
  async (step) => {
    const data = await once.copy();
    const first = await serving(data, { stopAt: labelOf(step) });
    const asked = clientOf(first, adminToken(data)).createOnce('deploy', 'key-1');
    await expect(asked).rejects.toBeInstanceOf(Gone);
    expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
    stops.stopped(`${step} of a create with a key`);
    expect(valuesOf(data, 'deploy')).toHaveLength(step === 'committed' ? 1 : 0);
    const second = await serving(data);
    const client = clientOf(second, adminToken(data));
    const [value, again] = [await client.createOnce('deploy', 'key-1'), await client.createOnce('deploy', 'key-1')];
    expect([again, await standingOf(second, value)]).toEqual([value, 200]);
    expect(valuesOf(data, 'deploy')).toHaveLength(1);
    expect(defectsIn(data)).toEqual([]);
  },
);

test('killed at random moments, whatever was asked for with a key is there once, and its value comes to whoever asks again', {
  timeout: ALL_MS_MAX * 2,
}, async () => {
  const data = await once.copy();
  const until = Date.now() + ALL_MS_MAX;
  const wanted = Array.from({ length: WANTED }, (_, at) => `name-${at}`);
  const values = new Map<string, string>();
  let served = await serving(data);
  while (values.size < WANTED && Date.now() < until) {
    const { process } = served;
    setTimeout(() => process.kill('SIGKILL'), Math.random() * LIFE_MS_MAX);
    await askUntilDeath(served, data, wanted, values);
    expect(await served.ended).toMatchObject({ signal: 'SIGKILL' });
    stops.stopped(AT_RANDOM);
    served = await serving(data);
    expect(defectsIn(data)).toEqual([]);
  }
  expect(values.size).toBe(WANTED);
  await proveKept(served, data, values);
  const made = rowsIn(data, `select name from personal_access_token where name like 'name-%'`);
  expect(made).toHaveLength(WANTED);
  expect(defectsIn(data)).toEqual([]);
});

/** Whoever asks again has the very value, and it is good. */
async function proveKept(served: Served, data: string, values: ReadonlyMap<string, string>): Promise<void> {
  const client = clientOf(served, adminToken(data));
  const left = [...values];
  const worker = async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      const [name, value] = one;
      const again = await client.createOnce(name, `key-of-${name}`);
      expect([again, await standingOf(served, value)]).toEqual([value, 200]);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
}

/** Each worker asks for its share, first for what is not answered yet; then again for what is. */
async function askUntilDeath(served: Served, data: string, wanted: readonly string[], values: Map<string, string>) {
  const client = clientOf(served, adminToken(data));
  const worker = async (own: number) => {
    const share = wanted.filter((_, at) => at % WORKERS === own);
    for (let at = 0; ; at++) {
      const name = share.find((one) => !values.has(one)) ?? share[at % share.length] ?? expect.unreachable();
      const value = await client.createOnce(name, `key-of-${name}`);
      expect(values.get(name) ?? value).toBe(value);
      values.set(name, value);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: WORKERS }, (_, own) => worker(own)));
  for (const end of ends) if (end.status === 'rejected' && !(end.reason instanceof Gone)) throw end.reason;
}
