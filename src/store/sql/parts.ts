/** Ids that stand in one statement: engines bound its parameters, at some ten thousand. */
const IDS_MAX = 500;

/** Asks for many ids a part at a time; for none, nothing. */
export async function inParts<Id, Row>(
  ids: readonly Id[],
  ask: (some: readonly Id[]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (let from = 0; from < ids.length; from += IDS_MAX) found.push(...(await ask(ids.slice(from, from + IDS_MAX))));
  return found;
}
