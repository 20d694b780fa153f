import { existsSync } from 'node:fs';
import { filesIn, isBegun, rootKeyFileOf } from '../before-start.ts';
import { bootstrapChecks } from '../bootstrap.ts';
import { pathsIn, refuseDataFolder, socketsIn } from '../data-folder.ts';
import { problemIn } from '../problem-in.ts';
import { OTHERS_READ, OTHERS_WRITE, refuseShared } from '../shared.ts';
import { naming } from '../system-refusal.ts';
import type { Check } from './check.ts';
import { failed, ok, skipped } from './finding.ts';
import type { Scene } from './scene.ts';

/** Of what only we make and use: nobody else has any business there. */
const OTHERS_ANY = 0o077;

const dataFolder: Check = {
  name: 'data-folder',
  run({ config }) {
    const { data } = config;
    refuseDataFolder(data, filesIn(config), config.databaseUrl === undefined);
    if (!existsSync(data)) return skipped(`${data} is not there: a start makes it.`);
    return ok(`${data} is ours: others can change nothing in it.`);
  },
};

type Kept = { readonly what: string; readonly file: string | undefined; readonly bits: number };

const keptIn = ({ config }: Scene): readonly Kept[] => {
  const { database, lock } = pathsIn(config.data);
  const own = [database, `${database}-wal`, `${database}-shm`, lock, ...socketsIn(config.data)];
  return [
    ...own.map((file) => ({ what: 'file', file, bits: OTHERS_ANY })),
    { what: 'root key', file: rootKeyFileOf(config), bits: OTHERS_READ },
    { what: 'TLS key', file: config.tlsKeyFile, bits: OTHERS_READ },
    { what: 'TLS certificate', file: config.tlsCertFile, bits: OTHERS_WRITE },
    { what: 'password file', file: config.adminPasswordFile, bits: OTHERS_READ },
    { what: 'file of the first token', file: config.bootstrapTokenFile, bits: OTHERS_READ },
  ];
};

const files: Check = {
  name: 'files',
  run(scene) {
    const there = keptIn(scene).flatMap(({ file, ...kept }) => (file && existsSync(file) ? [{ ...kept, file }] : []));
    const shared = there.map(({ what, file, bits }) => () => {
      naming(`The ${what} ${file}`, () => refuseShared(file, `The ${what} ${file}`, bits));
    });
    const unattended = isBegun(scene.config) ? [] : bootstrapChecks(scene.config, scene.config.data);
    const problems = [...shared, ...unattended].flatMap(problemIn);
    if (problems.length > 0) return failed(problems.join(' '));
    return ok(`${there.length} files are kept from others, as far as each has to be.`);
  },
};

export const FILE_CHECKS: readonly Check[] = [dataFolder, files];
