import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { newId } from '#app/new-id.ts';
import { type Keyring, makeKey, openKeyring } from '#crypto/keyring.ts';
import { KEY_BYTES } from '#crypto/keys.ts';
import { Refusal } from '#domain/refusal.ts';
import { fileWrapper } from '#key-wrapper/file/wrapper.ts';
import type { Clock, Random } from '#ports/chance-and-time.ts';
import type { KeyPurpose, KeyWrapper } from '#ports/key-wrapper.ts';
import type { KeyShelf, KeyShelves } from '#ports/keys.ts';
import type { Step } from '#ports/step.ts';
import { refuseUnmakeable, writeNew } from './new-file.ts';
import { OTHERS_READ, refuseShared } from './shared.ts';
import { naming, namingNew } from './system-refusal.ts';

type Parts = { readonly keys: KeyShelves; readonly clock: Clock; readonly random: Random; readonly step: Step };
export type Unlocked = { readonly keyring: Keyring; readonly wrapper: KeyWrapper };

/** Of the instance as a whole; every tenant's KEK is made with the tenant. */
const INSTANCE_KEYS = ['token-pepper', 'row-mac', 'token-signing'] as const satisfies readonly KeyPurpose[];

/** Every key, unwrapped by the root key in this file. Only a database that was never begun gets a new root key. */
export async function unlock(rootKeyFile: string, parts: Parts): Promise<Unlocked> {
  const shelf = await parts.keys.read();
  const wrapper = fileWrapper(rootKeyIn(rootKeyFile, shelf, parts.random), parts.random);
  const { fingerprint, keys } = shelf ?? (await parts.keys.begin(await newShelf(wrapper, parts)));
  if (fingerprint !== wrapper.fingerprint) throw otherKey(rootKeyFile, wrapper.fingerprint, fingerprint);
  const keyring = await openKeyring(wrapper, keys).catch((cause: unknown) => {
    throw changedKey(cause);
  });
  return { keyring, wrapper };
}

/**
 * Whoever has it and the database has everything: back them up apart. One that lies there before the first start is
 * taken, so that it can come from elsewhere, and from where nothing can be written.
 */
function rootKeyIn(file: string, shelf: KeyShelf | undefined, random: Random): Uint8Array {
  const what = `The root key ${file}`;
  return naming(what, () => {
    if (shelf === undefined && !existsSync(file)) namingNew(what, file, () => writeNew(file, random.bytes(KEY_BYTES)));
    if (!existsSync(file)) throw missingKey(file);
    const key = readFileSync(file);
    refuseShared(file, what, OTHERS_READ);
    return key;
  });
}

/** Refuses one that cannot be used; and of a first start, which is in `begins`, one that could not be made. */
export function refuseRootKey(file: string, begins: string | undefined): void {
  const what = `The root key ${file}`;
  if (!existsSync(file)) {
    if (begins !== undefined) refuseUnmakeable(file, what, begins);
    return;
  }
  naming(what, () => accessSync(file, constants.R_OK));
  const stat = statSync(file);
  if (stat.isDirectory()) throw new Refusal('conflict', `${what} is a folder, and should be a file.`);
  refuseShared(file, what, OTHERS_READ);
  if (stat.isFile() && stat.size !== KEY_BYTES) throw wrongSize(what, stat.size); // what is a pipe is read only once
}

async function newShelf(wrapper: KeyWrapper, { clock, random, step }: Parts): Promise<KeyShelf> {
  const make = (purpose: KeyPurpose) =>
    makeKey(wrapper, { id: newId({ random }), purpose, tenant: undefined, createdAt: clock.now() }, random);
  const made = await Promise.all(INSTANCE_KEYS.map(make));
  step('keys.made');
  return { fingerprint: wrapper.fingerprint, keys: made.map(({ wrapped }) => wrapped) };
}

const wrongSize = (what: string, bytes: number): Refusal =>
  new Refusal(
    'conflict',
    `${what} has ${bytes} bytes, and should have ${KEY_BYTES}. Put the right one back from its backup.`,
  );

const missingKey = (file: string): Refusal =>
  new Refusal(
    'conflict',
    `The root key ${file} is missing, and nothing in the database opens without it. Put it back from its backup. ` +
      'A new one would not help: to begin anew, choose another folder with --data.',
  );

const otherKey = (file: string, found: string, wanted: string): Refusal =>
  new Refusal(
    'conflict',
    `The root key ${file} is ${found}, but the database was begun with ${wanted}. Put the right one back from its backup.`,
  );

/** The root key is the right one by then, and it is here: nothing else can be wrong. */
const changedKey = (cause: unknown): Refusal =>
  new Refusal(
    'conflict',
    'A key in the database does not open under its root key: its row was changed, or the file is damaged. ' +
      'Put the database back from its backup.',
    { cause },
  );
