import { type Operation, PLACES, type Place } from '#contract/operation.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { Failure } from './failure.ts';

export type Request = {
  readonly url: string;
  readonly method: Operation['method'];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
};
type Values = Readonly<Record<string, unknown>>;

/** A request as the row says: each value in the place that the row gives it, so that none of a body lands in a URL. */
export function requestOf(host: string, key: Sensitive | undefined, row: Operation, input: Values): Request {
  const { path, query, header, body } = partsOf(row, input);
  return {
    url: host + pathOf(row, path) + queryOf(query),
    method: row.method,
    headers: {
      accept: 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key.reveal()}` }),
      ...(row.input.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(header as Readonly<Record<string, string>>), // a header is text, as the row's own schema has it
    },
    body: row.input.body === undefined ? undefined : JSON.stringify(body),
  };
}

function partsOf(row: Operation, input: Values): Readonly<Record<Place, Values>> {
  const at = (place: Place) => {
    const names = Object.keys(row.input[place]?.shape ?? {});
    return Object.fromEntries(names.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]));
  };
  return Object.fromEntries(PLACES.map((place) => [place, at(place)])) as Record<Place, Values>;
}

/** Names that a URL takes for steps, and so leads to another operation. */
const STEPS = new Set(['', '.', '..']);

function pathOf(row: Operation, values: Values): string {
  return row.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(values[name] ?? '');
    if (STEPS.has(value)) throw new Failure('not_found', absenceOf(row));
    return encodeURIComponent(value);
  });
}

const absenceOf = (row: Operation): string => ('absence' in row ? row.absence : undefined) ?? 'No such id.';

function queryOf(values: Values): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) for (const one of [value].flat()) query.append(name, String(one));
  return query.size === 0 ? '' : `?${query}`;
}
