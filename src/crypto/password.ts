import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Random } from '#ports/chance-and-time.ts';
import type { PasswordHash } from '#ports/principals.ts';

const derive = promisify(argon2);

type Cost = { readonly memory: number; readonly passes: number; readonly parallelism: number };

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. Older hashes keep their own. */
const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/;

/** In PHC string form, which says how it was made. */
export async function hashPassword(password: Sensitive, random: Random): Promise<PasswordHash> {
  const salt = random.bytes(SALT_BYTES);
  const hash = await stretched(password, salt, COST, HASH_BYTES);
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${base64(salt)}$${base64(hash)}`;
}

/** Where there is no hash, the same work is done for nothing: an answer's time must not say who exists. */
export async function isPassword(password: Sensitive, kept: PasswordHash = NOBODY): Promise<boolean> {
  const [, memory, passes, parallelism, salt = '', hash = ''] = PHC.exec(kept) ?? [];
  const expected = Buffer.from(hash, 'base64');
  if (expected.length === 0) throw new Error('a password hash of an unknown form');
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const found = await stretched(password, Buffer.from(salt, 'base64'), cost, expected.length);
  return timingSafeEqual(found, expected) && kept !== NOBODY;
}

const stretched = (password: Sensitive, nonce: Uint8Array, cost: Cost, tagLength: number) =>
  derive('argon2id', { message: password.reveal(), nonce, tagLength, ...cost });

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');

/** Of no password: nothing hashes to zeros that anybody will find. */
const NOBODY: PasswordHash = `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${base64(new Uint8Array(SALT_BYTES))}$${base64(new Uint8Array(HASH_BYTES))}`;
