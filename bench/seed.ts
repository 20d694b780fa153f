import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Deps } from '#app/deps.ts';
import { originOf } from '#app/program-caller.ts';
import { verifyToken } from '#app/token/verify.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { SQLITE } from '#store/sql/engine.ts';
import { MACED } from '#store/sql/maced.ts';
import { MIGRATIONS } from '#store/sql/migrations.ts';
import { newPat, openWorld, type World } from './world.ts';

/** Ignored by git, and on the disk that the program itself would use. */
const FOLDER = join(import.meta.dirname, '..', '.bench');
const TOKENS_OF_USER = 1_000;
/** Values kept beside a database: more are never presented. */
const VALUES_MAX = 100_000;
/** Counts up when what is seeded changes in a way that no table shows. */
const VERSION = 1;

/** The folder of a database with so many live tokens, made by the program itself: once for each shape of the tables, in minutes. */
export async function seeded(count: number, say: (line: string) => void): Promise<string> {
  const kept = join(FOLDER, `${count}-${shape()}`);
  if (!(await isGood(kept))) await seed(kept, count, say);
  return kept;
}

/** One that may be written to, with the values of its tokens. */
export type Seeded = { readonly folder: string; readonly tokens: readonly string[] };

export function copyOf(kept: string, folder: string): Seeded {
  copyAll(join(kept, 'data'), join(folder, 'data'));
  return { folder, tokens: readFileSync(join(kept, 'tokens'), 'utf8').trimEnd().split('\n') };
}

/** For what one run writes. Whoever asks removes it. */
export function newRun(): string {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  return mkdtempSync(join(FOLDER, 'run-'));
}

const shape = (): string =>
  createHash('sha256')
    .update(JSON.stringify([VERSION, MACED, MIGRATIONS.map(({ statements }) => statements(SQLITE.types))]))
    .digest('hex')
    .slice(0, 12);

/** One whose rows the program of today does not believe is made again. */
async function isGood(kept: string): Promise<boolean> {
  if (!existsSync(kept)) return false;
  const world = await openWorld(kept);
  const [first = ''] = readFileSync(join(kept, 'tokens'), 'utf8').split('\n', 1);
  const verified = await Promise.resolve(verifyToken(world.deps, new Sensitive(first), originOf('rest'))).catch(
    () => undefined,
  );
  await world.close();
  return verified?.ok === true;
}

async function seed(kept: string, count: number, say: (line: string) => void): Promise<void> {
  const begunAt = performance.now();
  const part = `${kept}.part`;
  for (const name of readdirSync(FOLDER).filter((other) => other.startsWith(`${count}-`))) {
    rmSync(join(FOLDER, name), { recursive: true });
  }
  mkdirSync(part, { mode: 0o700 });
  const world = await openWorld(part);
  const values = await fill(world, count);
  await world.close();
  writeFileSync(join(part, 'tokens'), `${values.join('\n')}\n`, { mode: 0o600 });
  renameSync(part, kept);
  say(`seeded a database of ${count} tokens in ${((performance.now() - begunAt) / 1000).toFixed(1)} s; it is kept`);
}

async function fill(world: World, count: number): Promise<readonly string[]> {
  const values: string[] = [];
  for (let made = 0; made < count; made += TOKENS_OF_USER) {
    const caller = await world.user(`user-${made / TOKENS_OF_USER}`);
    const wanted = Math.min(TOKENS_OF_USER, count - made);
    await inOneCommit(world.deps, async (deps) => {
      for (let n = 0; n < wanted; n++) {
        const value = await newPat(deps, caller, `token-${n}-x`);
        if (values.length < VALUES_MAX) values.push(value.reveal());
      }
    });
  }
  return values;
}

/** The use cases themselves, with their audit entries; only the commits are fewer. */
const inOneCommit = (deps: Deps, use: (deps: Deps) => Promise<void>): Promise<void> =>
  deps.store.transact((tx) => use({ ...deps, store: { ...deps.store, transact: (body) => body(tx) } }));

/** On the disk before it is used, or writing it out would slow what is measured. */
function copyAll(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(from)) {
    copyFileSync(join(from, name), join(to, name), constants.COPYFILE_FICLONE);
    const file = openSync(join(to, name), 'r+');
    fsyncSync(file);
    closeSync(file);
  }
}
