import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync } from 'node:fs';
import type { Deps } from '#app/deps.ts';
import { setUpTenant } from '#app/set-up/tenant.ts';
import type { Config } from '#config/read-config.ts';
import { rowMacs } from '#crypto/row-mac.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Step } from '#ports/step.ts';
import { holdLock } from '#store/sqlite/lock.ts';
import { openSqlite } from '#store/sqlite/open.ts';
import { filesIn, rootKeyFileOf } from './before-start.ts';
import { type DataFolder, dataFolder } from './data-folder.ts';
import { unlock } from './keyring.ts';
import { openDeps } from './open.ts';
import { naming } from './system-refusal.ts';

/** One data folder, held by this process alone, with everything in it open. */
export type Instance = {
  readonly deps: Deps;
  readonly tenant: Tenant;
  readonly folder: DataFolder;
  close(): Promise<void>;
};

/** `issuer` is asked whenever a token is signed: where we are reached is known once we listen. */
export async function openInstance(config: Config, issuer: () => string): Promise<Instance> {
  const folder = dataFolder(config.data, filesIn(config));
  const lock = holdLock(folder.lock);
  const clock = { now: () => Date.now() + config.testClockMs };
  const random = { bytes: randomBytes };
  const step = killingAt(config.testStopAt);
  const database = openSqlite(folder.database, clock.now(), step);
  try {
    const parts = { keys: database.keys, clock, random, step };
    const { keyring, wrapper } = await unlock(rootKeyFileOf(config), parts);
    const store = database.store(rowMacs(keyring));
    const deps = await openDeps({ store, keyring, wrapper, clock, random, issuer, step });
    const tenant = await setUpTenant(deps, config.tenant);
    keepToOwner(folder.database);
    const close = async () => {
      await store.close();
      lock.release();
    };
    return { deps, tenant, folder, close };
  } catch (error) {
    database.close();
    lock.release();
    throw error;
  }
}

/** A restored database may have come with other modes; it holds addresses and password hashes. */
function keepToOwner(database: string): void {
  for (const file of ['', '-wal', '-shm'].map((end) => `${database}${end}`)) {
    if (existsSync(file)) naming(`The file ${file}`, () => chmodSync(file, 0o600));
  }
}

/** The seam of the fault tests: the process is gone as if by `kill -9`. */
const killingAt =
  (stopAt: string | undefined): Step =>
  (label) => {
    if (label === stopAt) process.kill(process.pid, 'SIGKILL');
  };
