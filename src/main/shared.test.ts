import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Refusal } from '#domain/refusal.ts';
import { temporaryFolder } from '#support/folder.ts';
import { OTHERS_READ, OTHERS_WRITE, refuseShared } from './shared.ts';

type Kind = { readonly make: (path: string) => void; readonly bits: number };
const KEY: Kind = { make: (path) => writeFileSync(path, 'key'), bits: OTHERS_READ };
const FOLDER: Kind = { make: (path) => mkdirSync(path), bits: OTHERS_WRITE };

function thing({ make }: Kind, mode: number): string {
  const path = join(temporaryFolder(), 'thing');
  make(path);
  chmodSync(path, mode);
  return path;
}
const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
const refused = (what: string, kind: Kind, mode: number) => ({ what, kind, mode, name: octal(mode) });

describe.skipIf(process.platform === 'win32')('what other users of this machine could use', () => {
  test.each([
    refused('a key', KEY, 0o666),
    refused('a key', KEY, 0o644),
    refused('a key', KEY, 0o604),
    refused('a key', KEY, 0o602),
    refused('a key', KEY, 0o601),
    refused('a key', KEY, 0o660), // the group could put another in its place
    refused('a folder', FOLDER, 0o777),
    refused('a folder', FOLDER, 0o775),
    refused('a folder', FOLDER, 0o757),
    refused('a folder', FOLDER, 0o1777), // nobody removes ours there, but anybody may add
  ])('is refused, and named with its mode and the way out: $what of mode $name', ({ kind, mode }) => {
    const path = thing(kind, mode);
    const refuse = () => refuseShared(path, `The thing ${path}`, kind.bits);
    expect(refuse).toThrow(Refusal);
    expect(refuse).toThrow(
      expect.objectContaining({
        code: 'conflict',
        message:
          `The thing ${path} can be read or changed by other users of this machine ` +
          `(mode ${(mode & 0o777).toString(8)}). Keep them out, with: chmod go-rwx ${path}`,
      }),
    );
    chmodSync(path, mode & ~0o077); // as it says
    expect(refuse).not.toThrow();
  });

  test.each([
    refused('a key', KEY, 0o640), // how containers hand out secrets
    refused('a key', KEY, 0o600),
    refused('a key', KEY, 0o400),
    refused('a folder', FOLDER, 0o755), // others may see that it is there
    refused('a folder', FOLDER, 0o750),
    refused('a folder', FOLDER, 0o700),
  ])('is not $what of mode $name', ({ kind, mode }) => {
    expect(() => refuseShared(thing(kind, mode), 'The thing', kind.bits)).not.toThrow();
  });
});

/** Only root can give a file away. */
describe.skipIf(process.getuid?.() !== 0)('what belongs to another user', () => {
  const [US, THEM] = [65_534, 65_533];
  const asUs = (act: () => void) => {
    const getuid = vi.spyOn(process, 'getuid').mockReturnValue(US);
    onTestFinished(() => getuid.mockRestore());
    act();
  };
  function ownedBy(owner: number): string {
    const path = thing(KEY, 0o600);
    chownSync(path, owner, owner);
    return path;
  }

  test('is refused: they could replace it', () => {
    const path = ownedBy(THEM);
    expect(() => asUs(() => refuseShared(path, 'The key', OTHERS_READ))).toThrow(
      expect.objectContaining({
        code: 'conflict',
        message: 'The key belongs to another user, who could replace it. Give it to the user that this runs as.',
      }),
    );
  });

  test.each([
    { whose: 'our own', owner: US },
    { whose: 'root’s, who can replace anything', owner: 0 },
  ])('is not $whose', ({ owner }) => {
    const path = ownedBy(owner);
    expect(() => asUs(() => refuseShared(path, 'The key', OTHERS_READ))).not.toThrow();
  });

  test('is refused to root too: they could put another in its place', () => {
    expect(() => refuseShared(ownedBy(THEM), 'The key', OTHERS_READ)).toThrow('belongs to another user');
  });
});
