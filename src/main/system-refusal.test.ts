import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Refusal } from '#domain/refusal.ts';
import { temporaryFolder } from '#support/folder.ts';
import { addressRefusal, inOperatorsWords, naming, namingNew, systemRefusal } from './system-refusal.ts';

const THING = 'The thing x';
const withCode = (code: string) => Object.assign(new Error('of the system'), { code });

test.each([
  { code: 'EACCES', does: 'Give this user the rights, or choose another.' },
  { code: 'EPERM', does: 'Choose another.' }, // a link on a file system that has none is one, too: rights would not help
  { code: 'EROFS', does: 'Mount it writable, or choose another.' },
  { code: 'ENOSPC', does: 'Make room, and start again: nothing is lost.' },
  { code: 'EDQUOT', does: 'Make room, and start again: nothing is lost.' },
  { code: 'ENOENT', does: 'is not there.' },
  { code: 'ENOTDIR', does: 'is not a folder, or lies in something that is none.' },
  { code: 'EEXIST', does: 'is not a folder, or lies in something that is none.' },
  { code: 'EISDIR', does: 'is a folder, and should be a file.' },
  { code: 'ENAMETOOLONG', does: 'has a name that is too long.' },
  { code: 'ELOOP', does: 'is a link that leads back to itself.' },
  { code: 'EIO', does: 'its disk fails.' },
  { code: 'EMFILE', does: 'this process has too many files open.' },
  { code: 'ENFILE', does: 'this machine has too many files open.' },
])('$code is a refusal that names the thing and says what to do', ({ code, does }) => {
  const cause = withCode(code);
  const refusal = systemRefusal(cause, THING);
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal).toMatchObject({ code: 'conflict', cause, message: expect.stringMatching(/^The thing x \S/) });
  expect((refusal as Refusal).message).toContain(does);
});

test.each([
  { code: 'EACCES', does: 'ports below 1024 are kept for root. Choose another with --listen.' },
  { code: 'EADDRINUSE', does: 'choose another with --listen (port 0 takes any free one).' },
  { code: 'EADDRNOTAVAIL', does: 'Choose another with --listen.' },
  { code: 'ENOTFOUND', does: 'Choose another with --listen.' },
])('$code of an address is a refusal in the words for addresses', ({ code, does }) => {
  const cause = withCode(code);
  expect(addressRefusal(cause, THING)).toMatchObject({
    ...{ name: 'Refusal', code: 'conflict', cause, message: expect.stringMatching(/^The thing x \S/) },
  });
  expect((addressRefusal(cause, THING) as Refusal).message).toContain(does);
});

test.each([
  { refuse: systemRefusal, kind: 'a file', code: 'EADDRINUSE' },
  { refuse: addressRefusal, kind: 'an address', code: 'EISDIR' },
])('$code of $kind stays what it is: the other’s words would mislead', ({ refuse, code }) => {
  const error = withCode(code);
  expect(refuse(error, THING)).toBe(error);
});

test.each([
  ['an error of another code', withCode('EWHATEVER')],
  ['an error without one', new Error('a bug')],
  ['a refusal', new Refusal('not_found', 'No.')],
])('%s stays what it is', (_, error) => {
  expect(systemRefusal(error, THING)).toBe(error);
});

test('what is done is handed on, and what the system refuses of it is said', () => {
  expect(naming(THING, () => 'done')).toBe('done');
  expect(() => naming(THING, () => readFileSync(temporaryFolder()))).toThrow(
    expect.objectContaining({ code: 'conflict', message: 'The thing x is a folder, and should be a file.' }),
  );
});

test('of a file that is to be made, what is not there is its folder; all else is said as of any', () => {
  const folder = temporaryFolder();
  const make = (file: string) => () => namingNew(THING, file, () => writeFileSync(file, '', { flag: 'wx' }));
  expect(make(join(folder, 'nowhere', 'x'))).toThrow(
    expect.objectContaining({
      code: 'conflict',
      message: `The thing x cannot be made: its folder ${folder}/nowhere is not there. Make that, or choose another.`,
    }),
  );
  make(join(folder, 'file'))();
  expect(make(join(folder, 'file', 'x'))).toThrow('The thing x is not a folder, or lies in something that is none.');
});

test.each([
  {
    what: 'an outage is told by what is behind it',
    refusal: new Refusal('unavailable', 'Try again later.', { detail: 'database or disk is full' }),
    words: 'database or disk is full. Nothing is lost.',
  },
  {
    what: 'an outage of which nothing is known in its own words',
    refusal: new Refusal('unavailable', 'Try again later.'),
    words: 'Try again later.',
  },
  {
    what: 'any other refusal in its own words, whatever else is known of it',
    refusal: new Refusal('conflict', 'There is one already.', { detail: 'a row of session' }),
    words: 'There is one already.',
  },
])('to an operator $what', ({ refusal, words }) => {
  expect(inOperatorsWords(refusal)).toBe(words);
});
