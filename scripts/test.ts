// What `npm test` runs: installs the parts, runs Vitest with our arguments, says what was skipped, counts.
// With `--full` it is what is heavier: other tests, and other parts; with `--long` the same tests do more of it. The last line is `N passed, N failed, N skipped`; what failed besides tests counts as failed.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { folderInMemory } from '#support/memory.ts';
import { PARTS, type PartName, partNames } from '#support/parts.ts';
import { passSignalsOn, run } from './child.ts';
import { installParts, type Missing, missingLine } from './parts.ts';
import { bundleProgram } from './program.ts';
import { type Tally, tally } from './test/tally.ts';

const vitest = resolve(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs');
const [, , ...asked] = process.argv;
const args = asked.filter((arg) => !['--full', '--long'].includes(arg));
const isFull = asked.includes('--full');
const names = partNames({ full: isFull });
/** Then not every part need have run. */
const isNarrowed = args.length > 0;
/** Then Vitest reports as skipped what was not asked for. */
const isByTitle = args.some((arg) => /^(-t|--testNamePattern)\b/.test(arg));
const isAllRequired = process.env.COUNTERSIGN_TEST_REQUIRE === 'all';

/** Also the tests' own folder for temporary files, so that a test that was killed leaves nothing behind. */
const temporary = mkdtempSync(join(tmpdir(), 'countersign-test-'));
const inMemory = mkdtempSync(join(folderInMemory(), 'countersign-test-'));
for (const each of [temporary, inMemory]) chmodSync(each, 0o711); // what runs as a user without rights must be able to pass through
const isLong = asked.includes('--long');
/** Where there is time, and for a few tests, the sources are started. */
const program = isFull || isLong || isNarrowed ? undefined : await bundleProgram();
passSignalsOn(removeTemporary);
try {
  const missing = await installParts(names);
  const { code, counted, unused } = await runVitest();
  report(counted, missing, problemsOf(code, counted, unused));
} finally {
  removeTemporary();
}

function removeTemporary(): void {
  const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8').split('\n') : [];
  const places = mounts.map((line) => line.split(' ')[1] ?? '').filter((place) => place.startsWith(`${temporary}/`));
  for (const place of places) spawnSync('umount', ['--lazy', place]);
  for (const each of [temporary, inMemory]) rmSync(each, { recursive: true, force: true, maxRetries: 5 });
  program?.remove();
}

async function runVitest() {
  const ranFolder = mkdtempSync(join(temporary, 'ran-'));
  const json = join(temporary, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${json}`];
  const suite = isFull ? { COUNTERSIGN_TEST_SUITE: 'full' } : {};
  const long = isLong ? { COUNTERSIGN_TEST_FULL: '1' } : {};
  const folders = { COUNTERSIGN_TEST_RAN: ranFolder, TMPDIR: temporary, COUNTERSIGN_TEST_MEMORY: inMemory };
  const started = program === undefined ? {} : { COUNTERSIGN_TEST_PROGRAM: program.file };
  const compiled = { NODE_COMPILE_CACHE: join(temporary, 'compiled') };
  const env = { ...process.env, ...suite, ...long, ...folders, ...started, ...compiled };
  const { code } = await run(process.execPath, [vitest, 'run', ...reporters, ...args], { env, shown: true });
  const used = readdirSync(ranFolder);
  return { code, counted: tally(json), unused: names.filter((name) => !used.includes(name)) };
}

/** What makes the run fail besides tests that failed. */
function problemsOf(code: number, { passed, failed, broken }: Tally, unused: readonly PartName[]) {
  const problems = broken.map((file) => `${file} as a file: it does not load, or a hook failed`);
  if (passed + failed === 0) problems.push('the run: no test ran');
  else if (code !== 0 && failed + broken.length === 0) problems.push(`the run: Vitest ended with ${code}; see above`);
  if (isAllRequired && !isNarrowed) {
    problems.push(...unused.map((name) => `part ${name} (${PARTS[name].for}): no test used it`));
  }
  return problems;
}

function report(counted: Tally, missing: readonly Missing[], problems: readonly string[]): void {
  const skipped = [...missing.map(missingLine), ...(isByTitle ? [] : counted.skipped)];
  for (const each of skipped) console.log(`skipped: ${each}`);
  for (const each of problems) console.log(`failed: ${each}`);
  const failed = counted.failed + problems.length;
  const isSkipTooMany = isAllRequired && skipped.length > 0;
  if (isSkipTooMany) console.log('COUNTERSIGN_TEST_REQUIRE=all: what is skipped above makes this run fail');
  console.log(`${counted.passed} passed, ${failed} failed, ${counted.skipped.length} skipped`);
  process.exitCode = failed > 0 || isSkipTooMany ? 1 : 0;
}
