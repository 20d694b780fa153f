import { expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { countingRandom } from '#support/fixed.ts';
import vectors from '../../test/vectors/password.json' with { type: 'json' };
import { hashPassword, isPassword } from './password.ts';

const password = new Sensitive('correct horse battery staple');
const FORM = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/;

test.each(vectors.hashes)('a hash that was kept matches its password for ever: $hash', async ({ password, hash }) => {
  expect(await isPassword(new Sensitive(password), hash)).toBe(true);
  expect(await isPassword(new Sensitive(`${password.slice(0, -1)}y`), hash)).toBe(false);
});

test('a new hash says how it was made, salted anew each time, and matches', async () => {
  const random = countingRandom();
  const hashes = [await hashPassword(password, random), await hashPassword(password, random)];
  for (const hash of hashes) {
    expect(hash).toMatch(FORM);
    expect(hash).not.toContain('correct');
    expect(await isPassword(password, hash)).toBe(true);
  }
  expect(new Set(hashes).size).toBe(2);
});

test.each(['Correct horse battery staple', 'correct horse battery staple ', 'correct horse battery', ''])(
  '"%s" is another password',
  async (other) => {
    expect(await isPassword(new Sensitive(other), await hashPassword(password, countingRandom()))).toBe(false);
  },
);

test('where there is no hash nobody gets in, not even with nothing', async () => {
  for (const text of ['', '\0', password.reveal()]) expect(await isPassword(new Sensitive(text))).toBe(false);
});

test.each([
  '',
  'hunter2',
  '$2b$10$abcdefghijklmnopqrstuv',
  '$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA',
  '$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA',
  '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$',
  '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA\n',
])('a hash of an unknown form is no wrong password: %j', async (kept) => {
  await expect(isPassword(password, kept)).rejects.toThrow('a password hash of an unknown form');
});

test.each(['m=0,t=1,p=1', 'm=64,t=0,p=1', 'm=64,t=1,p=0'])(
  'a cost that cannot be is no wrong password: %s',
  async (cost) => {
    await expect(isPassword(password, `$argon2id$v=19$${cost}$c2FsdHNhbHQ$aGFzaA`)).rejects.toThrow();
  },
);
