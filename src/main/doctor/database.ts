import { statSync } from 'node:fs';
import { pathsIn } from '../data-folder.ts';
import type { Check } from './check.ts';
import { bytesInWords, type Finding, failed, ok, some, spanInWords, warning } from './finding.ts';
import type { Scene } from './scene.ts';

const LATENCY_MS_WARN = 50;
const ASKED_TIMES = 5;

const database: Check = {
  name: 'database',
  async run(scene) {
    const opened = await scene.opened();
    if (opened.engine === 'PostgreSQL') return reached(scene);
    const { database: file } = pathsIn(scene.config.data);
    await opened.isBegun();
    return ok(`SQLite opens ${file} (${bytesInWords(statSync(file).size)}).`);
  },
};

async function reached(scene: Scene): Promise<Finding> {
  const postgres = await scene.postgres();
  const { user, host, port, database: name } = postgres.at;
  const took: number[] = [];
  for (let times = 0; times < ASKED_TIMES; times++) {
    const begun = performance.now();
    await postgres.nowMs();
    took.push(performance.now() - begun);
  }
  const median = took.toSorted((one, other) => one - other)[ASKED_TIMES >> 1] ?? 0;
  const words = `PostgreSQL at ${user}@${host}:${port}/${name} answers in ${spanInWords(median)} (median of ${ASKED_TIMES}).`;
  if (median <= LATENCY_MS_WARN) return ok(words);
  return warning(
    words,
    'Run the server nearer to its database: each request that changes something asks several times.',
  );
}

const schema: Check = {
  name: 'schema',
  async run(scene) {
    const opened = await scene.database();
    const pending = await opened.pending();
    if (!(await opened.isBegun())) return ok('The database is empty: a start makes its tables.');
    if (pending.length === 0) return ok('Its tables are those of this program.');
    return warning(
      `A start of this program changes its tables, once (${some(pending)}); older programs cannot use it from then on.`,
      'Back the database up, stop every server of the older program, and start this one.',
    );
  },
};

const tenant: Check = {
  name: 'tenant',
  async run(scene) {
    const names = await (await scene.tables()).tenantNames();
    const { tenant: wanted } = scene.config;
    if (names.includes(wanted)) return ok(`The tenant ${wanted} is there.`);
    if (names.length === 0) return ok(`There is none yet: a start makes the tenant ${wanted}.`);
    return failed(
      `There is no tenant ${wanted} in this database.`,
      `Set COUNTERSIGN_TENANT to one of: ${some(names)}.`,
    );
  },
};

export const DATABASE_CHECKS: readonly Check[] = [database, schema, tenant];
