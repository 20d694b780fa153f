import { join } from 'node:path';
import type { Deps } from '#app/deps.ts';
import { newId } from '#app/new-id.ts';
import { callerWithout, originOf } from '#app/program-caller.ts';
import { createPat } from '#app/token/create.ts';
import { readConfig } from '#config/read-config.ts';
import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import { newUser, parseEmail } from '#domain/principal.ts';
import { builtIn } from '#domain/role.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseTokenName } from '#domain/token.ts';
import { openInstance } from '#main/instance.ts';

/** Of no port: nobody follows it. */
export const ORIGIN = 'http://127.0.0.1';

/** The real program on a real disk, opened as `serve` opens it. */
export async function openWorld(folder: string, env: Readonly<Record<string, string>> = {}) {
  const read = readConfig(env, { data: join(folder, 'data') });
  if (!read.ok) throw new Error(read.problems.join('; '));
  const { deps, tenant, close } = await openInstance(read.config, () => ORIGIN);

  /** A new administrator, as if signed in. */
  async function user(name: string): Promise<Caller> {
    const record = newUser(newId(deps), parseEmail(`${name}@example.com`), deps.clock.now());
    await deps.store.transact(async (tx) => {
      await tx.principals.insert(tenant.id, record);
      await tx.grants.add(tenant.id, onTenant(newId(deps), record.id, 'tenant-admin'));
    });
    return callerWithout(tenant, record, builtIn('tenant-admin').permissions, originOf('rest'));
  }
  return { deps, tenant, user, close };
}
export type World = Awaited<ReturnType<typeof openWorld>>;

export const newPat = async (deps: Deps, caller: Caller, name: string): Promise<Sensitive> =>
  (await createPat(deps, caller, { name: parseTokenName(name), format: 'opaque' })).value;
