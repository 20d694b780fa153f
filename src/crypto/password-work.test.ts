import { beforeEach, expect, test, vi } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { countingRandom } from '#support/fixed.ts';

/** What the engine is asked to derive; it still does. */
const asked: {
  readonly algorithm: string;
  readonly memory: number;
  readonly passes: number;
  readonly tagLength: number;
}[] = [];

vi.mock(import('node:crypto'), async (original) => {
  const real = await original();
  const argon2 = ((algorithm: string, parameters: (typeof asked)[0], done: never) => {
    asked.push({ ...parameters, algorithm });
    return real.argon2(algorithm as never, parameters as never, done);
  }) as unknown as typeof real.argon2;
  return { ...real, argon2 };
});

const { hashPassword, isPassword } = await import('./password.ts');
const password = new Sensitive('correct horse battery staple');
const workOf = () =>
  asked.splice(0).map(({ algorithm, memory, passes, tagLength }) => ({ algorithm, memory, passes, tagLength }));

beforeEach(() => {
  asked.length = 0;
});

test('no hash costs the same derivation as one that is right or wrong, so that time does not say who exists', async () => {
  const hash = await hashPassword(password, countingRandom());
  const work = workOf();
  expect(work).toHaveLength(1);
  await isPassword(password, hash);
  expect(workOf()).toEqual(work);
  await isPassword(new Sensitive('wrong horse battery staple'), hash);
  expect(workOf()).toEqual(work);
  await isPassword(password, undefined);
  expect(workOf()).toEqual(work);
});

test('the cost is what the OWASP asks for, at least', async () => {
  await hashPassword(password, countingRandom());
  expect(workOf()).toEqual([{ algorithm: 'argon2id', memory: 19_456, passes: 2, tagLength: 32 }]);
});
