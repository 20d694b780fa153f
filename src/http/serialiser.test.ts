import { beforeAll, expect, test } from 'vitest';
import { OPERATION_IDS } from '#contract/operations.ts';
import { compiledOnce, readySerialisers, serialiserOf } from './serialiser.ts';

beforeAll(readySerialisers);

test.each(OPERATION_IDS)('what %s answers can be serialised, by what is compiled once', (id) => {
  expect(compiledOnce(id)).toBe(compiledOnce(id));
});

test('a field that the row does not name does not leave', () => {
  const serialise = serialiserOf('wireListWorkspaces');
  const answer = { data: [], pagination: { total: 0, offset: 0, limit: 1, secret: 'x' }, more: 'x' };
  expect(JSON.parse(serialise(answer))).toEqual({ data: [], pagination: { total: 0, offset: 0, limit: 1 } });
});
