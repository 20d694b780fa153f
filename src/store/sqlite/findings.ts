import { DatabaseSync } from 'node:sqlite';
import { outageAware } from './outage.ts';

const FINDINGS_MAX = 10;
const NOTHING_FOUND = 'ok';

/** What to look for in a whole file, and how the engine does; each says what is wrong, line by line. */
const FILE_CHECKS = {
  pages: `pragma quick_check(${FINDINGS_MAX})`,
  'pages-and-indexes': `pragma integrity_check(${FINDINGS_MAX})`,
  'foreign-keys': `select count(*) || ' rows of ' || "table" || ' name a ' || parent || ' that is not there'
    from pragma_foreign_key_check group by "table", parent`,
} as const satisfies Readonly<Record<string, string>>;
export type FileCheck = keyof typeof FILE_CHECKS;

/** Reads all of the file, and lets nothing else be done by this process meanwhile. */
export const findingsIn = (file: string, check: FileCheck): readonly string[] =>
  outageAware(() => {
    const raw = new DatabaseSync(file, { readOnly: true });
    try {
      const rows = raw.prepare(FILE_CHECKS[check]).all();
      return rows.map((row) => String(Object.values(row)[0])).filter((text) => text !== NOTHING_FOUND);
    } finally {
      raw.close();
    }
  });
