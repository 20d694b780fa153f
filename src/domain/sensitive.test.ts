import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Sensitive } from './sensitive.ts';

const PLACEHOLDER = '[sensitive]';

/** Every road from a value to text or bytes that we know of; each must end in the placeholder or in nothing. */
const ROADS: Readonly<Record<string, (value: Sensitive) => string>> = {
  'a template string': (value) => `${value}`,
  concatenation: (value) => ['a', value].reduce<string>((text, one) => text + one, ''),
  'JSON.stringify': (value) => JSON.stringify({ value, list: [value], [`${value}`]: 1 }),
  'a JSON replacer': (value) => JSON.stringify({ value }, (_, one) => (one instanceof Sensitive ? { ...one } : one)),
  'util.inspect': (value) => inspect({ value, map: new Map([[value, value]]), set: new Set([value]) }, { depth: 9 }),
  'util.inspect with everything shown': (value) =>
    inspect({ value }, { showHidden: true, customInspect: false, getters: true, depth: 9 }),
  'util.format': (value) => format('%s %o %O %j %d', value, value, value, value, value),
  'an error’s message': (value) => inspect(new Error(`${value}`, { cause: value })),
  'an error’s stack': (value) => String(new TypeError(String(value)).stack),
  structuredClone: (value) => inspect(structuredClone({ value }), { showHidden: true }),
  'v8.serialize': (value) => serialize({ value }).toString('latin1'),
  spreading: (value) => JSON.stringify({ ...value, copied: Object.assign({}, value) }),
  'its own names': (value) => JSON.stringify([Reflect.ownKeys(value), Object.values(value), Object.entries(value)]),
  'for … in': (value) => {
    const names = [];
    for (const name in value) names.push(name, (value as unknown as Record<string, unknown>)[name]);
    return String(names);
  },
  'joining a list': (value) => [value, [value]].join(),
  'a property’s name': (value) => Object.keys({ [value as unknown as string]: 1 }).join(),
  localeString: (value) => value.toLocaleString(),
  'URL parameters': (value) => new URLSearchParams({ value: value as unknown as string }).toString(),
};

test.each(Object.entries(ROADS))('plaintext does not leave by %s', (_, road) => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z]{12,20}$/), (text) => {
      const found = road(new Sensitive(text));
      return !found.includes(text) && !found.includes(Buffer.from(text, 'utf16le').toString('latin1'));
    }),
  );
});

test('what is printed says that something was held back', () => {
  const value = new Sensitive('hunter2');
  expect([`${value}`, JSON.stringify(value), inspect(value)]).toEqual([
    ...[PLACEHOLDER, JSON.stringify(PLACEHOLDER), PLACEHOLDER],
  ]);
});

test('reveal is the one way out, and gives exactly what went in', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => new Sensitive(text).reveal() === text));
});
