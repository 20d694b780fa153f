import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Refusal } from '#domain/refusal.ts';
import { temporaryFolder } from '#support/folder.ts';
import { said, systemRefusal } from './system-refusal.ts';

const THING = 'The thing x';
const withCode = (code: string) => Object.assign(new Error('of the system'), { code });

test.each([
  { code: 'EACCES', does: 'Give this user the rights, or choose another.' },
  { code: 'EPERM', does: 'Give this user the rights, or choose another.' },
  { code: 'EROFS', does: 'Mount it writable, or choose another.' },
  { code: 'ENOSPC', does: 'Make room, and start again: nothing is lost.' },
  { code: 'EDQUOT', does: 'Make room, and start again: nothing is lost.' },
  { code: 'ENOENT', does: 'is not there.' },
  { code: 'ENOTDIR', does: 'is not a folder, or lies in something that is none.' },
  { code: 'EEXIST', does: 'is not a folder, or lies in something that is none.' },
  { code: 'EISDIR', does: 'is a folder, and should be a file.' },
  { code: 'ENAMETOOLONG', does: 'has a name that is too long.' },
  { code: 'EADDRINUSE', does: 'choose another with --listen (port 0 takes any free one).' },
  { code: 'EADDRNOTAVAIL', does: 'Choose another with --listen.' },
])('$code is a refusal that names the thing and says what to do', ({ code, does }) => {
  const cause = withCode(code);
  const refusal = systemRefusal(cause, THING);
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal).toMatchObject({ code: 'conflict', cause, message: expect.stringMatching(/^The thing x \S/) });
  expect((refusal as Refusal).message).toContain(does);
});

test.each([
  ['an error of another code', withCode('EWHATEVER')],
  ['an error without one', new Error('a bug')],
  ['a refusal', new Refusal('not_found', 'No.')],
])('%s stays what it is', (_, error) => {
  expect(systemRefusal(error, THING)).toBe(error);
});

test('what is done is handed on, and what the system refuses of it is said', () => {
  expect(said(THING, () => 'done')).toBe('done');
  expect(() => said(THING, () => readFileSync(temporaryFolder()))).toThrow(
    expect.objectContaining({ code: 'conflict', message: 'The thing x is a folder, and should be a file.' }),
  );
});
