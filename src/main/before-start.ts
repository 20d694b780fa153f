import { existsSync } from 'node:fs';
import type { Config } from '#config/read-config.ts';
import { bootstrapChecks } from './bootstrap.ts';
import { pathsIn, refuseDataFolder } from './data-folder.ts';
import { destinationIn } from './database-url.ts';
import { refuseRootKey } from './keyring.ts';

/** Every file that a setting names; whichever lies in the data folder is ours. */
export const filesIn = (config: Config): readonly string[] => {
  const { rootKeyFile, adminPasswordFile, bootstrapTokenFile, tlsCertFile, tlsKeyFile } = config;
  const files = [rootKeyFile, adminPasswordFile, bootstrapTokenFile, tlsCertFile, tlsKeyFile];
  return files.filter((file) => file !== undefined);
};

/** Of a database on a server only a start can tell: it counts as begun, and what a first start would refuse is refused by that. */
export const isBegun = ({ data, databaseUrl }: Config): boolean =>
  databaseUrl !== undefined || existsSync(pathsIn(data).database);

export const rootKeyFileOf = ({ data, rootKeyFile }: Config): string => rootKeyFile ?? pathsIn(data).rootKey;

/**
 * What only the file system knows, each by itself: `serve` refuses it before it makes or opens anything that it would
 * keep, and `config check` tells all of it.
 */
export const checksBeforeStart = (config: Config): readonly (() => void)[] => [
  () => refuseDataFolder(config.data, filesIn(config), config.databaseUrl === undefined),
  () => void destinationIn(config),
  () => refuseRootKey(rootKeyFileOf(config), isBegun(config) ? undefined : config.data),
  ...(isBegun(config) ? [] : bootstrapChecks(config, config.data)),
];
