import { usesIn } from '#app/token/uses-batch.ts';
import type { TokenUse } from '#ports/tokens.ts';
import type { Handler } from './run.ts';

/** Merges one batch. An older use never replaces a newer one, so batches may come in any order, from any process. */
export const mergeUses: Handler = (_, { job, settle }) => {
  const { live, dead } = usesIn(job.payload);
  return settle(async (tx) => {
    await tx.tokenUses.note(inOrder(live));
    await tx.tokenUses.noteDead(inOrder(dead));
    return undefined;
  });
};

/** The same for everybody: two who merge the same tokens at once wait for each other one way only. */
const inOrder = <Use extends TokenUse>(uses: readonly Use[]): readonly Use[] =>
  uses.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));

const keyOf = ({ tenant, token }: TokenUse): string => `${tenant} ${token}`;
