import { existsSync } from 'node:fs';
import type { KeyPlace } from '#ports/key-wrapper.ts';
import { PROVABLE } from '#store/sql/inspect.ts';
import { rootKeyFileOf } from '../before-start.ts';
import { refuseRootKey } from '../keyring.ts';
import type { Check } from './check.ts';
import { failed, ok, skipped, some, Unseen } from './finding.ts';
import type { Scene } from './scene.ts';

/** Read of each table when not all of it is: enough to see that somebody has been at work, and soon done. */
const SAMPLE_ROWS = 1_000;

const rootKey: Check = {
  name: 'root-key',
  async run(scene) {
    const file = rootKeyFileOf(scene.config);
    const begun = await fingerprintOf(scene);
    if (!existsSync(file))
      return begun === undefined ? skipped(`${file} is not there: ${A_START_MAKES}`) : missing(file);
    refuseRootKey(file, undefined);
    const { fingerprint } = await scene.wrapper();
    if (begun === undefined)
      return ok(`${file} is a root key (${fingerprint}), and no database was seen that it is of.`);
    if (begun === fingerprint) return ok(`${file} is that of this database (${fingerprint}).`);
    return failed(
      `${file} is ${fingerprint}, and the database was begun with ${begun}.`,
      'Put the right one back from its backup, or name it with --root-key-file. Nothing in the database opens without it.',
    );
  },
};

const A_START_MAKES = 'where there is no database either, a start makes both.';

const missing = (file: string) =>
  failed(
    `${file} is missing, and nothing in the database opens without it.`,
    'Put it back from its backup, with mode 0600, or name it with --root-key-file. A new one would not help.',
  );

/** Of the root key that the database was begun with. */
const fingerprintOf = async (scene: Scene): Promise<string | undefined> => {
  const shelf = await scene.shelf().catch((error: unknown) => {
    if (error instanceof Unseen) return undefined;
    throw error;
  });
  return shelf?.fingerprint;
};

const keys: Check = {
  name: 'keys',
  async run(scene) {
    const { opened, unopened } = await scene.keys();
    if (unopened.length === 0) return ok(`All ${opened.length} keys open: ${byPurpose(opened)}.`);
    return failed(
      `${unopened.length} of ${opened.length + unopened.length} keys do not open: ${some(unopened.map(inWords))}. ` +
        'Their rows were changed, or the database is damaged: the root key is the right one.',
      'Put the database back from a backup in which they open. A start refuses it as it is.',
    );
  },
};

const inWords = ({ purpose, id }: KeyPlace): string => `${purpose} ${id}`;

const byPurpose = (places: readonly KeyPlace[]): string =>
  Object.entries(Object.groupBy(places, ({ purpose }) => purpose))
    .map(([purpose, all]) => `${all.length} ${purpose}`)
    .sort()
    .join(', ');

const rows: Check = {
  name: 'rows',
  isLong: true,
  async run(scene) {
    const [database, macs] = [await scene.tables(), await scene.macs()];
    const rowsMax = scene.isDeep ? Number.POSITIVE_INFINITY : SAMPLE_ROWS;
    const proofs = [];
    for (const table of PROVABLE) proofs.push({ table, ...(await database.prove(macs, table, rowsMax)) });
    const broken = proofs.filter(({ unproved }) => unproved > 0);
    const [total, sampled] = [
      proofs.reduce((sum, one) => sum + one.rows, 0),
      proofs.filter((one) => one.rows >= rowsMax).map(({ table }) => table),
    ];
    const rest =
      sampled.length === 0 ? '' : ` Of ${some(sampled)}, those are the first ${SAMPLE_ROWS}: --deep reads all.`;
    if (broken.length === 0) return ok(`${total} rows in ${proofs.length} tables prove themselves.${rest}`);
    const told = broken.map(({ table, unproved, rows: read }) => `${unproved} of ${read} rows of ${table}`);
    return failed(
      `Not written by this program, or changed since: ${some(told, told.length)}.${rest} Whoever they speak for is refused.`,
      'Find out who or what can write to the database, and put it back from a backup made before.',
    );
  },
};

export const KEY_CHECKS: readonly Check[] = [rootKey, keys, rows];
