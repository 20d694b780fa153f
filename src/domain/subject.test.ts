import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from './refusal.ts';
import { parseSubject, parseSubjectOf, subjectText } from './subject.ts';

describe('a subject', () => {
  test.each([
    { text: 'user:Ada@Example.com ', kind: 'user', name: 'ada@example.com' },
    { text: 'team:platform', kind: 'team', name: 'platform' },
    { text: 'team:everyone', kind: 'team', name: 'everyone' },
    { text: 'serviceaccount:ci-bot', kind: 'virtualaccount', name: 'ci-bot' },
    { text: 'virtualaccount:ci-bot', kind: 'virtualaccount', name: 'ci-bot' },
    { text: 'agent:helper', kind: 'agent', name: 'helper' },
    { text: 'external-identity:gh:repo', kind: 'external-identity', name: 'gh:repo' },
  ])('$text is $kind $name', ({ text, kind, name }) => {
    expect(parseSubject(text)).toEqual({ kind, name });
  });

  test.each([
    ...[
      '',
      ':',
      'user',
      'user:',
      'user:ada',
      'team:',
      'team:-x',
      'team:Everyone',
      'team:a:b',
      'virtualaccount:ci',
      'teams:a',
      'User:a@b.c',
    ],
    ...[
      'agent:',
      'agent:a b',
      'virtual-account:x',
      '__proto__:x',
      'constructor:x',
      'role:admin',
      `user:${'a'.repeat(400)}@b`,
    ],
  ])('%s is none', (text) => {
    expect(() => parseSubject(text)).toThrow(expect.objectContaining({ code: 'unprocessable' }));
  });

  test('of any text is read or refused, and what is read reads the same again', () => {
    const kinds = fc.constantFrom('user', 'team', 'agent', 'serviceaccount', 'external-identity', 'x');
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(kinds, fc.string()).map((parts) => parts.join(':')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const subject = parseSubject(text);
          expect(parseSubject(subjectText(subject))).toEqual(subject);
          expect(parseSubjectOf(subject.kind, subject.name)).toEqual(subject);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
    );
  });
});
