import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { State } from '#main/doctor/finding.ts';
import { ADMIN_PASSWORD, spawned } from '#support/process.ts';

export type Found = { readonly state: State; readonly found: string; readonly remedy: string | null };
export type Told = {
  readonly code: number | null;
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, Found>>;
  readonly names: readonly string[];
};
type Options = { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> };

/** What no output of any run may hold, on whatever database. */
export const PASSWORD = 'planted-database-password';

/** The command as a process beside whatever runs, and what it says as JSON. */
export async function doctor(data: string, { args = [], env = {} }: Options = {}): Promise<Told> {
  const said = await doctorSays(data, { args: ['--json', ...args], env });
  const { ok, checks } = JSON.parse(said.said) as {
    ok: boolean;
    checks: readonly (Found & { readonly check: string })[];
  };
  const named = checks.map(({ check, ...found }) => [check, found] as const);
  return { code: said.code, ok, checks: Object.fromEntries(named), names: checks.map(({ check }) => check) };
}

/** Any port will do, unless the test says which. */
export async function doctorSays(data: string, { args = [], env = {} }: Options = {}) {
  const given = { COUNTERSIGN_LISTEN: '127.0.0.1:0', ...env };
  const ended = await spawned(['doctor', '--data', data, ...args], given).ended;
  for (const secret of secretsOf(data)) expect(ended.said).not.toContain(secret);
  expect(ended.said).not.toMatch(/\n\s+at /); // a stack
  return ended;
}

function secretsOf(data: string): readonly string[] {
  const kept = ['root.key', 'bootstrap-token'].map((name) => join(data, name)).filter((file) => existsSync(file));
  const encodings = ['hex', 'base64', 'base64url', 'latin1'] as const;
  const bytes = kept.map((file) => readFileSync(file)).filter(({ length }) => length > 0);
  return [PASSWORD, ADMIN_PASSWORD, ...bytes.flatMap((each) => encodings.map((encoding) => each.toString(encoding)))];
}

/** A machine may have little room, or be slow, without anybody having broken it. */
const OF_THE_MACHINE = new Set(['disk-space', 'disk-sync', 'database']);

/** The checks that are not well, with their states. */
export const unwell = ({ checks }: Told): Readonly<Record<string, State>> =>
  Object.fromEntries(
    Object.entries(checks)
      .filter(([name, { state }]) => state === 'failed' || (state === 'warning' && !OF_THE_MACHINE.has(name)))
      .map(([name, { state }]) => [name, state]),
  );

export const skippedIn = ({ checks }: Told): readonly string[] =>
  Object.entries(checks).flatMap(([name, { state }]) => (state === 'skipped' ? [name] : []));

export const wordsOf = ({ checks }: Told, name: string): string =>
  `${checks[name]?.found}${checks[name]?.remedy === null ? '' : ` → ${checks[name]?.remedy}`}`;
