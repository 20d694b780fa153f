import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '#app/new-id.ts';
import { callerWithout, originOf } from '#app/program-caller.ts';
import { createPat } from '#app/token/create.ts';
import { readConfig } from '#config/read-config.ts';
import type { Caller } from '#domain/caller.ts';
import { ROLES } from '#domain/permission.ts';
import { newUser, parseEmail } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseTokenName } from '#domain/token.ts';
import { openInstance } from '#main/instance.ts';

/** The real program on a real disk, opened as `serve` opens it. */
export async function openWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const read = readConfig({}, { data: join(folder, 'data') });
  if (!read.ok) throw new Error(read.problems.join('; '));
  const instance = await openInstance(read.config);
  const { deps, tenant } = instance;

  /** A new administrator, as if signed in. */
  async function user(name: string): Promise<Caller> {
    const record = newUser(newId(deps), parseEmail(`${name}@example.com`), deps.clock.now());
    await deps.store.transact(async (tx) => {
      await tx.principals.insert(tenant.id, record);
      await tx.principals.addGrant(tenant.id, newId(deps), record.id, { role: 'tenant-admin', resource: '*' });
    });
    return callerWithout(tenant, record, ROLES['tenant-admin'], originOf('rest'));
  }
  const pat = (caller: Caller, name: string): Promise<Sensitive> =>
    createPat(deps, caller, { name: parseTokenName(name), expiresAt: undefined });
  const close = async () => {
    await instance.close();
    rmSync(folder, { recursive: true });
  };
  return { folder, deps, tenant, user, pat, close };
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
