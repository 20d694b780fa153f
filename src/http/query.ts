/** What stands for a query that is not validly encoded; a parser may not throw where Fastify calls it. */
export const BAD_QUERY: Readonly<Record<string, string>> = Object.freeze({});
const NO_QUERY: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Names and values of a query, strictly: `URLSearchParams` would make replacement characters of broken escapes and
 * invalid UTF-8, and search for those. A name that is given again becomes a list.
 */
export function parseQuery(text: string): Readonly<Record<string, string | string[]>> {
  if (text === '') return NO_QUERY; // on every request without one
  try {
    const values = new Map<string, string[]>();
    for (const pair of text.split('&')) {
      if (pair === '') continue;
      const [name = '', value = ''] = splitOnce(pair).map(decoded);
      const given = values.get(name);
      if (given === undefined) values.set(name, [value]);
      else given.push(value);
    }
    // A null prototype, and so no name that means something else.
    return Object.assign(Object.create(null), Object.fromEntries([...values].map(([name, all]) => [name, oneOr(all)])));
  } catch {
    return BAD_QUERY;
  }
}

function splitOnce(pair: string): readonly string[] {
  const at = pair.indexOf('=');
  return at === -1 ? [pair] : [pair.slice(0, at), pair.slice(at + 1)];
}

const decoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

const oneOr = (all: string[]): string | string[] => (all.length === 1 ? (all[0] as string) : all);
