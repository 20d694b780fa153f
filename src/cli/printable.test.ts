import { expect, test } from 'vitest';
import { fields, jsonText, printable, table } from './printable.ts';

const HOSTILE = [
  '\u001b[2J',
  '\r',
  '\u0007',
  '\u009b1A',
  '\u202e',
  '\u2028',
  '\ud800',
  '\u{e0041}',
  '\u00ad',
  '\n',
  '\t',
];

test.each(HOSTILE)('%j acts on no terminal, as text or as JSON, and JSON says the same', (text) => {
  expect(printable(`a${text}b`)).toMatch(/^a(?:\\u\{[0-9a-f]+\}|[\x20-\x7e])+b$/);
  expect(jsonText([text])).toMatch(/^\[\n {2}"[\x20-\x7e]+"\n\]$/);
  expect(JSON.parse(jsonText([text]))).toEqual([text]);
});

test('other writing stays as it is', () => {
  const text = 'Zoë 名前 tfy_pat_7Fk2…9xQd ⚠️';
  expect([printable(text), JSON.parse(jsonText(text))]).toEqual([text, text]);
});

test('fields and tables line up', () => {
  expect(fields({ A: '1', Longer: 'x\u001b' })).toEqual(['A:      1', 'Longer: x\\u{1b}']);
  expect(
    table(
      ['Name', 'ID'],
      [
        ['a', 'long'],
        ['名前五字', ''],
      ],
    ),
  ).toEqual(['| Name | ID   |', '|------|------|', '| a    | long |', '| 名前五字 |      |']);
});
