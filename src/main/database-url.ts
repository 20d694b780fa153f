import type { Config } from '#config/read-config.ts';
import type { PostgresOptions } from '#store/postgres/connection.ts';
import { type Destination, destinationOf } from '#store/postgres/destination.ts';

/** With the address, which may hold a password, for the driver alone. */
export function postgresIn(config: Config): PostgresOptions | undefined {
  const { databaseUrl, databaseConnectionsMax: connectionsMax, databasePooled: pooled } = config;
  return databaseUrl && { url: databaseUrl.reveal(), connectionsMax, pooled };
}

/** Undefined where the database is the file in the data folder. Refused where it names files that cannot be read. */
export function destinationIn(config: Config): Destination | undefined {
  const options = postgresIn(config);
  return options && destinationOf(options.url);
}
