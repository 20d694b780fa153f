import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { copyDatabaseOf } from '#support/database-of.ts';
import { temporaryFolder } from '#support/folder.ts';
import { bootstrapToken, serving, unattended } from '#support/process.ts';

/** A folder that is gone when the tests of this file are. */
export function folderForAll(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-faults-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Set up without a person and stopped in order, once for all tests of this file. */
export function setUpOnce(prepare: (data: string) => Promise<void> = async () => {}) {
  const data = join(folderForAll(), 'data');
  let made: Promise<void> | undefined;
  const make = async () => {
    const served = await serving(data, unattended(data));
    served.process.kill('SIGTERM');
    await served.ended;
    await prepare(data);
  };
  const once = (): Promise<void> => {
    made ??= make();
    return made;
  };
  return {
    async itself(): Promise<string> {
      await once();
      return data;
    },
    async copy(): Promise<string> {
      await once();
      const copied = join(temporaryFolder(), 'data');
      cpSync(data, copied, { recursive: true, mode: 0 });
      await copyDatabaseOf(data, copied);
      return copied;
    },
  };
}

export const adminToken = (data: string): string => bootstrapToken(data).reveal();
