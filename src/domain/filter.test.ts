import { expect, test } from 'vitest';
import { parseFilter } from './filter.ts';

const COLUMNS = ['email', 'userId'] as const;
const ROWS = [
  { email: 'ada@example.com', userId: 'a1' },
  { email: 'bob@example.com', userId: 'b2' },
  { email: 'carol@other.example', userId: 'c3' },
];
const kept = (filter: object) => {
  const matches = parseFilter(JSON.stringify(filter), COLUMNS);
  return ROWS.filter(matches).map(({ userId }) => userId);
};

test.each([
  { op: 'STRING_CONTAINS', value: 'B@EX', found: ['b2'] },
  { op: 'STRING_STARTS_WITH', value: 'ada', found: ['a1'] },
  { op: 'STRING_ENDS_WITH', value: '.example', found: ['c3'] },
  { op: 'EQUAL', value: 'bob@example.com', found: ['b2'] },
  { op: 'NOT_EQUAL', value: 'bob@example.com', found: ['a1', 'c3'] },
  { op: 'IN', value: ['ada@example.com', 'carol@other.example', 'nobody'], found: ['a1', 'c3'] },
  { op: 'NOT_IN', value: ['ada@example.com'], found: ['b2', 'c3'] },
])('$op finds what it says, in letters of either case', ({ op, value, found }) => {
  expect(kept({ column: 'email', op, value })).toEqual(found);
});

test('groups join conditions, however deep', () => {
  const of = (column: string, value: string) => ({ column, op: 'STRING_CONTAINS', value });
  const either = { type: 'OR', children: [of('email', 'ada'), of('userId', 'c')] };
  expect(kept(either)).toEqual(['a1', 'c3']);
  expect(kept({ type: 'AND', children: [either, of('email', 'other')] })).toEqual(['c3']);
  expect(kept({ type: 'AND', children: [] })).toEqual(['a1', 'b2', 'c3']);
});

test.each([
  'no JSON',
  '7',
  '[]',
  'null',
  '{}',
  '{"type":"NOT","children":[]}',
  '{"type":"AND"}',
  '{"type":"AND","children":[7]}',
  '{"column":"password","op":"EQUAL","value":"x"}',
  '{"column":"__proto__","op":"EQUAL","value":"x"}',
  '{"column":"email","op":"constructor","value":"x"}',
  '{"column":"email","op":"EQUAL"}',
  '{"column":"email","op":"EQUAL","value":["x"]}',
  '{"column":"email","op":"IN","value":"x"}',
  '{"column":"email","op":"IN","value":[7]}',
])('what is not understood is refused as a whole: %s', (text) => {
  expect(() => parseFilter(text, COLUMNS)).toThrow(
    expect.objectContaining({ code: 'invalid_request', problems: [expect.objectContaining({ field: 'filter' })] }),
  );
});

const TAGS = { 'manifest.tags': 'tags' } as const;
const ACCOUNTS = [
  { name: 'ci', tags: { cost: '42', owner: { team: 'x' }, 'a.b': 'dotted', live: true, n: 7 } },
  { name: 'app', tags: { cost: 'Other' } },
  { name: 'none', tags: {} },
];
const tagged = (filter: object) => {
  const matches = parseFilter(JSON.stringify(filter), ['name'], TAGS);
  return ACCOUNTS.filter(matches).map(({ name }) => name);
};

test.each([
  { what: 'a column of its own', leaf: { column: 'manifest.tags.cost', op: 'EQUAL', value: '42' } },
  { what: 'dots in it', leaf: { column: 'manifest.tags.a.b', op: 'EQUAL', value: 'dotted' } },
  { what: 'key', leaf: { type: 'json_map', column: 'manifest.tags', key: 'cost', op: 'EQUAL', value: '42' } },
  { what: 'key alone', leaf: { column: 'manifest.tags', key: 'cost', op: 'EQUAL', value: 42 } },
  { what: 'jsonKey', leaf: { type: 'json_map', column: 'manifest.tags', jsonKey: 'cost', op: 'IN', value: ['42'] } },
  { what: 'path', leaf: { type: 'json_map', column: 'manifest.tags', path: ['cost'], op: 'EQUAL', value: '42' } },
  { what: 'two that agree', leaf: { column: 'manifest.tags', key: 'cost', path: 'cost', op: 'EQUAL', value: '42' } },
  { what: 'truth', leaf: { column: 'manifest.tags.live', op: 'EQUAL', value: true } },
  { what: 'a number', leaf: { column: 'manifest.tags.n', op: 'EQUAL', value: '7' } },
])('a key of a map is named by $what', ({ leaf }) => {
  expect(tagged(leaf)).toEqual(['ci']);
});

test('of a key that is not there nothing is true but that it is something else; what holds several values is no one value', () => {
  const cost = (op: string, value: unknown) => tagged({ column: 'manifest.tags.cost', op, value });
  expect([cost('NOT_EQUAL', '42'), cost('NOT_IN', ['42', 'other']), cost('STRING_CONTAINS', '')]).toEqual([
    ['app', 'none'],
    ['none'],
    ['ci', 'app'],
  ]);
  expect(tagged({ column: 'manifest.tags.owner', op: 'STRING_CONTAINS', value: '' })).toEqual([]);
  expect(tagged({ column: 'manifest.tags.__proto__', op: 'STRING_CONTAINS', value: '' })).toEqual([]);
  const both = [
    { column: 'name', op: 'STRING_CONTAINS', value: 'c' },
    { column: 'manifest.tags.cost', op: 'EQUAL', value: '42' },
  ];
  expect(tagged({ type: 'AND', children: both })).toEqual(['ci']);
});

test.each([
  '{"column":"manifest.tags","op":"EQUAL","value":"x"}',
  '{"type":"json_map","column":"name","key":"x","op":"EQUAL","value":"x"}',
  '{"type":"json_map","column":"manifest.tags","key":"a","path":"b","op":"EQUAL","value":"x"}',
  '{"type":"json_map","column":"manifest.tags","path":["a","b"],"op":"EQUAL","value":"x"}',
  '{"type":"json_map","column":"manifest.tags","key":"","op":"EQUAL","value":"x"}',
  '{"column":"manifest.tags.a","op":"EQUAL","value":{}}',
  '{"column":"manifest.labels.a","op":"EQUAL","value":"x"}',
  '{"column":7,"op":"EQUAL","value":"x"}',
])('a key that is not understood is refused as a whole: %s', (text) => {
  expect(() => parseFilter(text, ['name'], TAGS)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});
