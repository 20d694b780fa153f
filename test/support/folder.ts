import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whenOver } from './over.ts';

/** A folder that is gone when the test is; made outside of one, when those of its file are. */
export function temporaryFolder(within = tmpdir()): string {
  const folder = mkdtempSync(join(within, 'countersign-'));
  whenOver(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
