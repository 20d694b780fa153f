import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

type Test = { readonly fullName: string; readonly status: string };
type File = { readonly name: string; readonly status: string; readonly assertionResults: readonly Test[] };

export type Tally = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
  /** Test files that failed although none of their tests did: they do not load, or a hook failed. */
  readonly broken: readonly string[];
};

/** What Vitest's JSON report holds; a report that was never written holds nothing. */
export function tally(report: string): Tally {
  const files: readonly File[] = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
  const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: nameOf(file) })));
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: tests.filter(hasFailed).length,
    skipped: tests.filter(wasSkipped).map(({ file, fullName }) => `${file} > ${fullName.trim()}`),
    broken: files.filter((file) => file.status === 'failed' && !file.assertionResults.some(hasFailed)).map(nameOf),
  };
}

const nameOf = (file: File): string => relative(process.cwd(), file.name);
const hasFailed = ({ status }: Test): boolean => status === 'failed';

/** Whatever neither passed nor failed: skipped, to do, never begun. */
const wasSkipped = ({ status }: Test): boolean => status !== 'passed' && status !== 'failed';
