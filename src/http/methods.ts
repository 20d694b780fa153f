import { ENTRANCES } from '#contract/entrances.ts';
import { OPERATIONS } from '#contract/operations.ts';

type Served = { readonly method: string; readonly segments: readonly string[] };

/** Everything that is served, by the segments of its path. */
const SERVED: readonly Served[] = [...Object.values(OPERATIONS), ...Object.values(ENTRANCES)].map(
  ({ method, path }) => ({
    method,
    segments: path.split('/'),
  }),
);

/** Methods that something at this URL answers, in order; none where nothing is there. Only what leads nowhere asks. */
export function methodsAt(url: string): readonly string[] {
  const segments = (url.split('?')[0] ?? '').split('/').map(decoded);
  const there = SERVED.filter((served) => isAt(served.segments, segments));
  return [...new Set(there.map(({ method }) => method))].sort();
}

const isAt = (served: readonly string[], asked: readonly string[]): boolean =>
  served.length === asked.length && served.every((segment, at) => segment.startsWith('{') || segment === asked[at]);

/** As the router reads a path; what is not validly encoded it has refused before, by any method. */
const decoded = (segment: string): string => decodeURIComponent(segment);
