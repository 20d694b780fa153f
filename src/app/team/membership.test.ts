import { expect, test } from 'vitest';
import { parseId } from '#domain/id.ts';
import { changesTo } from './membership.ts';
import type { Person } from './view.ts';

const person = (letter: string, isMember: boolean, isManager: boolean): Person => ({
  principal: { id: parseId(letter.repeat(24)), kind: 'user', name: `${letter}@example.com` },
  ...{ isMember, isManager },
});
const [member, manager, both] = [person('a', true, false), person('b', false, true), person('c', true, true)];
const as = ({ principal }: Person, isMember: boolean, isManager: boolean) => ({
  ...{ principal: principal.id, isMember, isManager },
});

test.each([
  { what: 'nobody in, nobody out', before: [member, both], after: [both, member], changes: [] },
  { what: 'somebody in', before: [], after: [manager], changes: [as(manager, false, true)] },
  { what: 'somebody out', before: [member, both], after: [member], changes: [as(both, false, false)] },
  {
    what: 'somebody in another way',
    before: [both],
    after: [person('c', true, false)],
    changes: [as(both, true, false)],
  },
  {
    what: 'who leaves comes before who joins',
    before: [member],
    after: [manager],
    changes: [as(member, false, false), as(manager, false, true)],
  },
])('only what differs is written: $what', ({ before, after, changes }) => {
  expect(changesTo(before, after)).toEqual(changes);
});
