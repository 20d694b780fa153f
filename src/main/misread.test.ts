import { parseArgs } from 'node:util';
import { expect, test } from 'vitest';
import { misread } from './misread.ts';

/** As of a command that takes two options, and words where it says so. */
function misreadOf(args: readonly string[], allowPositionals: boolean): string {
  const options = { data: { type: 'string' }, bare: { type: 'boolean' } } as const;
  try {
    parseArgs({ args: [...args], options, allowPositionals });
  } catch (error) {
    return misread(error);
  }
  throw new Error('was taken');
}

test.each([
  { args: ['now'], says: "Unexpected argument 'now'. Usage" },
  { args: ['--lisen', 'x'], says: "Unknown option '--lisen'. Usage" },
  { args: ['-x'], says: "Unknown option '-x'. Usage" },
  { args: ['--data'], says: "Option '--data <value>' argument missing" },
  { args: ['--bare=x'], says: "Option '--bare' does not take an argument" },
])('$args is said again: $says', ({ args, says }) => {
  expect(misreadOf(args, false)).toContain(says);
});

const KEY = 'tfy_pat_0123456789abcdefghijABCDEFGHIJ';
const OTHERS = [
  KEY,
  `--${KEY}`,
  `--${KEY}=x`,
  `-${KEY}`,
  `x'${KEY}`,
  `--x'${KEY}`,
  `now'. ${KEY}`,
  'hunter2',
  'a'.repeat(21),
];

test.each(
  OTHERS.flatMap((word) => [true, false].map((words) => ({ word, words }))).filter(
    ({ word, words }) => !words || word.startsWith('-'),
  ),
)('$word is not, whether words are taken ($words) or not: it may be a key', ({ word, words }) => {
  const said = misreadOf([word], words);
  expect(said).not.toContain(word.replace(/^[-x']+|=x$/g, ''));
  expect(said).not.toContain(KEY.slice(8));
});

test.each([
  [`--data=x`, `--bare=${KEY}`],
  ['--data', `--${KEY}`],
])('nor is what stands behind an option: %j', (...args) => {
  expect(misreadOf(args, true)).not.toContain(KEY.slice(8));
});
