import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { STATUS } from '#contract/errors.ts';
import { ERROR_CODES } from '#domain/refusal.ts';
import { PROVOKED } from '../http/provoked.ts';

/** Headings and what stands first under them. */
function documented(text: string): Readonly<Record<string, number>> {
  const sections = text.matchAll(/^## (\S+)\n+Status (\d+)\./gm);
  return Object.fromEntries([...sections].map(([, code, status]) => [code, Number(status)]));
}

test('docs/errors.md explains every code with its status, and none besides', () => {
  const text = readFileSync('docs/errors.md', 'utf8');
  expect(documented(text)).toEqual(STATUS);
  expect(text.match(/^## /gm)).toHaveLength(ERROR_CODES.length);
});

test('every code is provoked, and so seen in its one shape, by test/http/requests.test.ts', () => {
  expect(Object.keys(PROVOKED)).toEqual([...ERROR_CODES]);
  expect(readFileSync('test/http/requests.test.ts', 'utf8')).toContain('PROVOKED[code]()');
});

/** Broken on purpose. */
test('a code without a status is not explained', () => {
  expect(documented('## gone\nIt is gone.\n\n## here\nStatus 410. It is.\n')).toEqual({ here: 410 });
});
