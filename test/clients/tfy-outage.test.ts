import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Sensitive } from '#domain/sensitive.ts';
import { temporaryFolder } from '#support/folder.ts';
import { has, needing } from '#support/parts.ts';
import { type Served, serving } from '#support/process.ts';
import { usingRaw } from '#support/raw-sqlite.ts';
import { instance, newToken, revoke } from './instance.ts';
import { keptIn, tfyOf, told, words } from './tfy.ts';

/** Each command is a Python that first imports for seconds, and asks three times before it believes in an outage. */
vi.setConfig({ testTimeout: 300_000 });

const REFUSED_KEY = 'Invalid or expired API token.';

/** The pages at which the search for a token begins, from 1. */
const rootsIn = (file: string): readonly number[] =>
  usingRaw(file, (raw) => {
    raw.exec('pragma wal_checkpoint(truncate)'); // so that no copy of them lies in the log
    const rows = raw.prepare(`select rootpage from sqlite_master where tbl_name = 'token' and rootpage > 0`).all();
    return rows.map(({ rootpage }) => Number(rootpage));
  });
const PAGE_BYTES = 4096;

/** A disk that gives nothing but zeros where the tokens are, under a program that runs; until it is mended. */
function diskFails(file: string, roots: readonly number[]): { mended(): void } {
  const disk = openSync(file, 'r+');
  const pages = roots.map((root) => {
    const [at, bytes] = [(root - 1) * PAGE_BYTES, Buffer.alloc(PAGE_BYTES)];
    readSync(disk, bytes, 0, PAGE_BYTES, at);
    writeSync(disk, Buffer.alloc(PAGE_BYTES), 0, PAGE_BYTES, at);
    return { at, bytes };
  });
  return {
    mended() {
      for (const { at, bytes } of pages) writeSync(disk, bytes, 0, PAGE_BYTES, at);
      closeSync(disk);
    },
  };
}

describe.skipIf(!has('tfy'))(needing('tfy', 'the public command line 0.17.5'), () => {
  const login = ({ origin }: Served, token: Sensitive, home: string) =>
    tfyOf('tfy')(['login', '--host', origin, '--api-key', token.reveal()], home);

  test('a good key, a bad key and an outage read differently, and only the outage says that the key is not the problem', async () => {
    const data = join(temporaryFolder(), 'data');
    const first = await instance({ data });
    const [good, bad] = [await newToken(first, 'my-laptop'), await newToken(first, 'revoked')];
    await revoke(first, bad);
    first.process.kill('SIGTERM');
    await first.ended;
    const database = join(data, 'countersign.db');
    const roots = rootsIn(database);
    expect(roots.length).toBeGreaterThan(1);

    const failing = await serving(data); // it has read no token yet
    const disk = diskFails(database, roots);
    const homes = [temporaryFolder(), temporaryFolder(), temporaryFolder()] as const;
    const outage = await login(failing, good, homes[0]);
    expect(told(outage)).toEqual({
      code: 1,
      words: expect.stringContaining(
        `${REFUSED_KEY} The service is unavailable for the moment; your API key is not the problem. ` +
          'Its database cannot be used: try again.',
      ),
    });
    expect(failing.said()).toContain('the database cannot be used: its file is damaged');
    failing.process.kill('SIGKILL');
    await failing.ended;
    disk.mended();

    const whole = await serving(data);
    expect(told(await login(whole, bad, homes[1]))).toEqual({
      code: 1,
      words: expect.stringContaining(`${REFUSED_KEY} The API key is missing or not valid. Check your API key.`),
    });
    const logged = await login(whole, good, homes[2]);
    expect(told(logged)).toEqual({
      code: 0,
      words: expect.stringContaining(`Successfully logged in to '${whole.origin}' as 'my-laptop'`),
    });
    expect(words(logged)).not.toContain(REFUSED_KEY);
    expect(homes.map((home) => keptIn(home) !== undefined)).toEqual([false, false, true]);
  });
});
