import { warningsOf } from '../network.ts';
import type { Check } from './check.ts';
import { CLOCK_CHECKS } from './clock.ts';
import { DATABASE_CHECKS } from './database.ts';
import { DISK_CHECKS } from './disk.ts';
import { FILE_CHECKS } from './files.ts';
import { ok, together, warning } from './finding.ts';
import { KEY_CHECKS } from './keys.ts';
import { NETWORK_CHECKS } from './network.ts';
import { NODE_CHECKS } from './nodes.ts';
import { POSTGRES_CHECKS } from './postgres.ts';
import { SQLITE_CHECKS } from './sqlite.ts';

/** Where they are not readable nothing else can be looked at, and the command says so before. */
const settings: Check = {
  name: 'settings',
  run: ({ config }) =>
    together([ok('They can be used.'), ...warningsOf(config, config.listen).map((words) => warning(words))]),
};

/** In the order in which they are told: what others rest on first. */
export const CHECKS: readonly Check[] = [
  settings,
  ...FILE_CHECKS,
  ...DISK_CHECKS,
  ...DATABASE_CHECKS,
  ...KEY_CHECKS,
  ...SQLITE_CHECKS,
  ...POSTGRES_CHECKS,
  ...CLOCK_CHECKS,
  ...NODE_CHECKS,
  ...NETWORK_CHECKS,
];
