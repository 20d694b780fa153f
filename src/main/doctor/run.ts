import { Refusal } from '#domain/refusal.ts';
import { inOperatorsWords } from '../system-refusal.ts';
import { type Check, type Finding, failed, skipped, Unseen } from './check.ts';
import type { Scene } from './scene.ts';

/** Longer than any single thing that a check waits for, and each of those has a bound of its own. */
const CHECK_MS_MAX = 30_000;

/** Whatever happens, a finding. */
export async function lookedAt(check: Check, scene: Scene): Promise<Finding> {
  const { promise: late, resolve } = Promise.withResolvers<Finding>();
  const isBounded = !(check.isLong && scene.isDeep);
  const timer = isBounded ? setTimeout(() => resolve(unended()), CHECK_MS_MAX) : undefined;
  try {
    return await Promise.race([
      Promise.resolve(scene)
        .then((looked) => check.run(looked))
        .catch(findingOf),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

const unended = (): Finding =>
  failed(
    `It did not come to an end in ${CHECK_MS_MAX / 1_000} s.`,
    'Something that it asks does not answer: see the checks before it, and the disk.',
  );

function findingOf(error: unknown): Finding {
  if (error instanceof Unseen) return skipped(`Not looked at, since ${error.message}.`);
  if (error instanceof Refusal) return failed(inOperatorsWords(error));
  const words = error instanceof Error ? error.message : 'something that is no error was thrown';
  return failed(`It could not be looked at: ${words}.`, 'This was not foreseen: report it with these words.');
}
