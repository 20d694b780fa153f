/** One pair of a `Forwarded` element (RFC 7239, 4). Values that should be quoted and are not, as `for=[::1]`, are borne. */
const PAIR = /\s*([\w!#$%&'*+.^`|~-]+)=(?:"([^"\\]*)"|([^\s";,=]*))\s*(?:;|$)/y;

/**
 * The last element of a list, and what stands before it. Read from the right, since only that is a proxy's: a quote that
 * a client has opened on the left must not swallow what was added after it.
 */
export function lastOf(list: string): { readonly last: string; readonly before: string | undefined } {
  let quoted = false;
  for (let at = list.length - 1; at >= 0; at--) {
    if (list[at] === '"') quoted = !quoted;
    else if (list[at] === ',' && !quoted) return { last: list.slice(at + 1), before: list.slice(0, at) };
  }
  return { last: list, before: undefined };
}

/** Whom an element was forwarded for; undefined where it does not say so exactly once, or is not well formed. */
export function forOf(element: string): string | undefined {
  const found: string[] = [];
  let at = 0;
  while (at < element.length) {
    PAIR.lastIndex = at;
    const pair = PAIR.exec(element);
    if (pair === null) return undefined;
    const [all, name = '', quoted, bare] = pair;
    if (name.toLowerCase() === 'for') found.push(quoted ?? bare ?? '');
    at += all.length;
  }
  return found.length === 1 ? found[0] : undefined;
}
