import { expect, test } from 'vitest';
import { type Invitation, isSpent } from './invitation.ts';
import { standingOf } from './verification.ts';

const AT = 1_000;

test.each([
  { ended: false, expiresAt: undefined, now: Number.MAX_SAFE_INTEGER, expected: 'live' },
  { ended: false, expiresAt: AT, now: AT - 1, expected: 'live' },
  { ended: false, expiresAt: AT, now: AT, expected: 'expired' }, // at the instant, not after it
  { ended: false, expiresAt: AT, now: AT + 1, expected: 'expired' },
  { ended: false, expiresAt: 0, now: 0, expected: 'expired' }, // 0 is an instant, not "none"
  { ended: true, expiresAt: undefined, now: 0, expected: 'revoked' },
  { ended: true, expiresAt: AT, now: AT + 1, expected: 'revoked' }, // what somebody did goes before what time did
])('ended $ended, until $expiresAt, at $now: $expected', ({ ended, expiresAt, now, expected }) => {
  expect(standingOf({ ended, expiresAt }, now)).toBe(expected);
});

/** Alive by uses for 10 after each, and by nothing else beyond `until`; read with an end at 1000. */
test.each([
  { usedAt: undefined, until: undefined, now: AT, expected: 'expired' },
  { usedAt: AT - 1, until: undefined, now: AT, expected: 'live' },
  { usedAt: AT - 1, until: undefined, now: AT + 8, expected: 'live' },
  { usedAt: AT - 1, until: undefined, now: AT + 9, expected: 'expired' },
  { usedAt: AT - 1, until: AT + 2, now: AT + 1, expected: 'live' },
  { usedAt: AT - 1, until: AT + 2, now: AT + 2, expected: 'expired' },
  { usedAt: 0, until: undefined, now: AT - 1, expected: 'live' }, // what was read is newer than what is remembered
])('used at $usedAt, at most until $until, at $now: $expected', ({ usedAt, until, now, expected }) => {
  const idle = { msMax: 10, endsAt: until };
  expect(standingOf({ ended: false, expiresAt: AT, idle }, now, usedAt)).toBe(expected);
  expect(standingOf({ ended: true, expiresAt: AT, idle }, now, usedAt)).toBe('revoked');
  expect(standingOf({ ended: false, expiresAt: AT }, now, usedAt)).toBe(now < AT ? 'live' : 'expired');
});

test.each([
  { usedAt: undefined, now: AT - 1, expected: false },
  { usedAt: undefined, now: AT, expected: true }, // at the instant, not after it
  { usedAt: undefined, now: AT + 1, expected: true },
  { usedAt: 0, now: 1, expected: true }, // 0 is an instant, not "unused"
])('an invitation used at $usedAt, until 1000, is spent at $now: $expected', ({ usedAt, now, expected }) => {
  const invitation = { id: 'i', principal: undefined, createdAt: 0, expiresAt: AT, usedAt } as unknown as Invitation;
  expect(isSpent(invitation, now)).toBe(expected);
});
