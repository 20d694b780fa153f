// What `npm run check` runs: types, style and the walls, at the same time. Shows only what fails.
import { join, resolve } from 'node:path';
import { passSignalsOn, run } from './child.ts';

const modules = resolve(import.meta.dirname, '..', 'node_modules');
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  types: [join(modules, 'typescript', 'bin', 'tsc')],
  style: [join(modules, '@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings'],
  walls: [join(modules, 'vitest', 'vitest.mjs'), 'run', 'test/architecture'],
};

passSignalsOn();
const results = await Promise.all(Object.entries(CHECKS).map(([name, args]) => check(name, args)));
process.exitCode = results.includes(false) ? 1 : 0;

async function check(name: string, args: readonly string[]): Promise<boolean> {
  const begun = performance.now();
  const { code, said } = await run(process.execPath, args);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(code === 0 ? `${name}: ok (${seconds} s)` : `${said.trimEnd()}\n${name}: failed (exit code ${code})`);
  return code === 0;
}
