import type { Config } from '#config/read-config.ts';
import type { Finding } from './finding.ts';
import type { Scene } from './scene.ts';

/** One thing that is looked at. A name stays what it is: scripts go by it. */
export type Check = {
  readonly name: string;
  /** Undefined: on either. */
  readonly on?: 'SQLite' | 'PostgreSQL';
  /** With `--deep` it takes as long as it takes. */
  readonly isLong?: true;
  run(scene: Scene): Finding | Promise<Finding>;
};

export const engineOf = ({ databaseUrl }: Config): 'SQLite' | 'PostgreSQL' =>
  databaseUrl === undefined ? 'SQLite' : 'PostgreSQL';
