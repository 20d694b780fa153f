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
