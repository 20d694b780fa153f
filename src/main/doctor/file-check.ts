import { Refusal } from '#domain/refusal.ts';
import { type FileCheck, findingsIn } from '#store/sqlite/findings.ts';
import { inOperatorsWords } from '../system-refusal.ts';

/** A process of its own, started by sqlite.ts: which check, of which file. */
const [, , check, file = ''] = process.argv;
try {
  process.stdout.write(JSON.stringify(findingsIn(file, check as FileCheck))); // by the only one who starts it
} catch (error) {
  process.stderr.write(error instanceof Refusal ? inOperatorsWords(error) : (error as Error).message);
  process.exitCode = 1;
}
