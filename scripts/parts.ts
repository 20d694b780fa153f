// The real components that tests use, installed into .parts/: `node bin/launch.js scripts/parts.ts`, and with `--full` those of the heavier tests
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { has, markerIn, markerText, PARTS, type PartName, partNames, partsFolder } from '#support/parts.ts';
import { passSignalsOn } from './child.ts';
import { INSTALL } from './parts/install.ts';
import { locked } from './parts/lock.ts';

export type Missing = { readonly name: PartName; readonly reason: string };

/** What is missing is installed; what cannot be had is answered, with the reason. */
export async function installParts(names: readonly PartName[]): Promise<readonly Missing[]> {
  if (names.every(has)) return [];
  return locked(partsFolder, async () => {
    removeAside();
    const begun = new Map<PartName, Promise<Missing | undefined>>();
    const begin = (name: PartName): Promise<Missing | undefined> => {
      const known = begun.get(name) ?? install(name, begin);
      begun.set(name, known);
      return known;
    };
    return (await Promise.all(names.map(begin))).filter((missing) => missing !== undefined);
  });
}

async function install(name: PartName, begin: (name: PartName) => Promise<unknown>): Promise<Missing | undefined> {
  if (has(name)) return undefined;
  const { after, into } = INSTALL[name];
  if (after !== undefined) await begin(after);
  try {
    await aside(name, into);
    return has(name) ? undefined : { name, reason: 'installed, but still not found' };
  } catch (error) {
    return { name, reason: (error as Error).message };
  }
}

/** Made beside its place and moved there when whole, so a killed start leaves either all of it or nothing. */
async function aside(name: PartName, into: (folder: string) => Promise<void>): Promise<void> {
  mkdirSync(asideFolder, { recursive: true });
  const folder = mkdtempSync(join(asideFolder, `${name}-`));
  try {
    await into(folder);
    writeFileSync(markerIn(folder), markerText(name));
    const place = join(partsFolder, name);
    rmSync(place, { recursive: true, force: true });
    renameSync(folder, place);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const asideFolder = join(partsFolder, '.aside');

/** Only under the lock, when nobody can be filling it but a child of a start that was killed. */
function removeAside(): void {
  rmSync(asideFolder, { recursive: true, force: true });
}

export const missingLine = ({ name, reason }: Missing): string => `part ${name} (${PARTS[name].for}): ${reason}`;

if (process.argv[1] === import.meta.filename) {
  passSignalsOn();
  const names = partNames({ full: process.argv.includes('--full') });
  const missing = await installParts(names);
  for (const each of missing) console.log(`missing: ${missingLine(each)}`);
  console.log(`parts: ${names.length - missing.length} of ${names.length} are here`);
  process.exitCode = missing.length === 0 ? 0 : 1;
}
