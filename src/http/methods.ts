import { ENTRANCES, type Entrance, METHODS } from '#contract/entrances.ts';
import { OPERATIONS } from '#contract/operations.ts';

type Place = { readonly path: string; readonly segments: readonly string[]; readonly methods: readonly string[] };

/** By every method, and below its path, where an entrance answers so. */
function asked({ method, path, anyMethod, below }: Entrance) {
  const paths = [path, ...(below ? [`${path}/*`] : [])];
  return paths.flatMap((one) => (anyMethod ? METHODS : [method]).map((by) => ({ method: by, path: one })));
}

/** Everything that is served, by place; paths that differ by the names of their placeholders alone are one. */
const PLACES: readonly Place[] = [
  ...Map.groupBy([...Object.values(OPERATIONS), ...Object.values(ENTRANCES).flatMap(asked)], ({ path }) =>
    path.replace(/\{\w+\}/g, '{}'),
  ),
].map(([path, rows]) => ({
  path,
  segments: path.split('/'),
  methods: rows.map(({ method }) => method as string).sort(),
}));

/** Where the router ends a path: no client sends a fragment, but somebody may. */
const AFTER_PATH = /[?#]/;

/** Methods that something at this URL answers; none where nothing is there. Only what leads nowhere asks. */
export function methodsAt(url: string): readonly string[] {
  const segments = (url.split(AFTER_PATH)[0] ?? '').split('/').map(decoded);
  const there = PLACES.filter((place) => isAt(place.segments, segments));
  return (there.find(isConcrete) ?? there[0])?.methods ?? [];
}

function isAt(served: readonly string[], asked: readonly string[]): boolean {
  if (served.at(-1) === '*')
    return asked.length >= served.length && isAt(served.slice(0, -1), asked.slice(0, served.length - 1));
  return served.length === asked.length && served.every((segment, at) => segment === '{}' || segment === asked[at]);
}

const isConcrete = ({ path }: Place): boolean => !path.includes('{}') && !path.endsWith('*');

/** As the router reads a path; what is not validly encoded it has refused before, by any method. */
const decoded = (segment: string): string => decodeURIComponent(segment);

type Closed = { readonly url: string; readonly methods: readonly string[] };

/**
 * A path without placeholders is a place of its own, as OpenAPI reads it. The router would take it for a name wherever a
 * placeholder stands beside it for another method.
 */
export const closedPlaces = (): readonly Closed[] =>
  PLACES.filter(isConcrete).flatMap(({ path, segments, methods }) => {
    const beside = PLACES.filter((place) => !isConcrete(place) && isAt(place.segments, segments));
    const closed = beside.flatMap((place) => place.methods).filter((method) => !methods.includes(method));
    return closed.length > 0 ? [{ url: path, methods: closed }] : [];
  });
