import { Refusal } from '#domain/refusal.ts';
import { inOperatorsWords } from '../system-refusal.ts';
import type { Check } from './check.ts';
import { type Finding, failed, skipped, Unseen } from './finding.ts';
import type { Scene } from './scene.ts';

/** Longer than any single thing that a check waits for, and each of those has a bound of its own. */
const CHECK_MS_MAX = 30_000;

/** Looks at one check after the other: whatever happens, a finding. What one has told of, no other tells again. */
export function looking(scene: Scene): (check: Check) => Promise<Finding> {
  const told = new WeakMap<Error, string>();
  return async (check) => {
    const failing = (error: unknown) => {
      if (error instanceof Refusal && error.code === 'unavailable') scene.lose();
      const by = error instanceof Error ? told.get(error) : undefined;
      if (error instanceof Error && by === undefined) told.set(error, check.name);
      return by === undefined ? findingOf(error) : skipped(`Not looked at, since it rests on what ${by} tells.`);
    };
    const run = async () => check.run(scene);
    return within(check.isLong && scene.isDeep ? undefined : CHECK_MS_MAX, run().catch(failing));
  };
}

async function within(msMax: number | undefined, looked: Promise<Finding>): Promise<Finding> {
  if (msMax === undefined) return looked;
  const { promise: late, resolve } = Promise.withResolvers<Finding>();
  const timer = setTimeout(() => resolve(unended(msMax)), msMax);
  return Promise.race([looked, late]).finally(() => clearTimeout(timer));
}

const unended = (ms: number): Finding =>
  failed(
    `It did not come to an end in ${ms / 1_000} s.`,
    'Something that it asks does not answer: see the checks before it, and the disk.',
  );

function findingOf(error: unknown): Finding {
  if (error instanceof Unseen) return skipped(`Not looked at, since ${error.message}.`);
  if (error instanceof Refusal) return failed(inOperatorsWords(error));
  const words = error instanceof Error ? error.message : 'something that is no error was thrown';
  return failed(`It could not be looked at: ${words}.`, 'This was not foreseen: report it with these words.');
}
