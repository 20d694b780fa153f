import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Deps } from '#app/deps.ts';
import { newId } from '#app/new-id.ts';
import { setUpTenant } from '#app/set-up/tenant.ts';
import type { Config } from '#config/read-config.ts';
import { rowMacs } from '#crypto/row-mac.ts';
import type { Tenant } from '#domain/tenant.ts';
import { openOutbound } from '#egress/outbound.ts';
import type { Step } from '#ports/step.ts';
import { filesIn, rootKeyFileOf } from './before-start.ts';
import { systemClock } from './clock.ts';
import { type DataFolder, dataFolder } from './data-folder.ts';
import { openDatabase } from './database.ts';
import { unlock } from './keyring.ts';
import { openDeps } from './open.ts';

/** A data folder and its database, with everything in them open. */
export type Instance = {
  readonly deps: Deps;
  readonly tenant: Tenant;
  readonly folder: DataFolder;
  close(): Promise<void>;
};

/** `issuer` is asked whenever a token is signed: where we are reached is known once we listen. */
export async function openInstance(config: Config, issuer: () => string): Promise<Instance> {
  const node = newNode();
  const folder = dataFolder(config.data, filesIn(config), config.databaseUrl === undefined ? undefined : node.id);
  const clock = systemClock(config.testClockMs);
  const step = killingAt(config.testStopAt);
  const { database, close: closeDatabase } = await openDatabase(config, folder, { clock, step });
  const outbound = openOutbound({ openings: config.egressAllow });
  const close = async () => {
    await outbound.close();
    await closeDatabase();
  };
  try {
    const keys = { keys: database.keys, clock, random, step };
    const { keyring, wrapper } = await unlock(rootKeyFileOf(config), keys);
    const store = database.store(rowMacs(keyring));
    const { staleMsMax } = config;
    const parts = { store, keyring, wrapper, clock, random, issuer, step, node, outbound };
    const deps = await openDeps({ ...parts, staleMsMax });
    const tenant = await setUpTenant(deps, config.tenant);
    return { deps, tenant, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const newNode = (): Deps['node'] => ({ id: newId({ random }), name: `${hostname()}/${process.pid}` });

const random = { bytes: randomBytes };

/** The seam of the fault tests: the process is gone as if by `kill -9`. */
function killingAt(stopAt: string | undefined): Step {
  const labels = new Set(stopAt?.split(','));
  return (label) => {
    if (labels.has(label)) process.kill(process.pid, 'SIGKILL');
  };
}
