import { EXIT } from '#cli/exit.ts';
import { jsonText, printable } from '#cli/printable.ts';
import { type Config, readConfig } from '#config/read-config.ts';
import { engineOf } from './doctor/check.ts';
import { CHECKS } from './doctor/checks.ts';
import { type Finding, failed, type State } from './doctor/finding.ts';
import { looking } from './doctor/run.ts';
import { sceneOf } from './doctor/scene.ts';
import { notUnderstood } from './serve-command.ts';
import { readFlags } from './serve-flags.ts';

/** A check as `--json` shows it: stable. `remedy` is null where there is none, or where `found` says it. */
type Shown = {
  readonly check: string;
  readonly state: State;
  readonly found: string;
  readonly remedy: string | null;
};
type Show = (shown: Shown) => void;

const OPTIONS = { json: { type: 'boolean' }, deep: { type: 'boolean' } } as const;

/** Looks at everything that a server with the same flags and environment rests on, and says what to do. Changes nothing. */
export async function doctorCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const flags = readFlags(args, OPTIONS);
  const isJson = args.includes('--json');
  const read = typeof flags === 'string' ? ({ ok: false, problems: [flags] } as const) : readConfig(env, flags);
  if (!read.ok) return misunderstood(read.problems, isJson);
  const isDeep = args.includes('--deep');
  const found = await lookedAtAll(read.config, isDeep, isJson ? () => {} : (one) => print(asText(one)));
  if (isJson) printJson(found);
  else print(`\n${inTotal(found)}`);
  return isWell(found) ? EXIT.done : EXIT.refused;
}

/** One after the other: what one waits for must not be what slows another down. */
async function lookedAtAll(config: Config, isDeep: boolean, show: Show): Promise<readonly Shown[]> {
  const scene = sceneOf(config, isDeep);
  const look = looking(scene);
  const found: Shown[] = [];
  for (const check of CHECKS) {
    if (check.on !== undefined && check.on !== engineOf(config)) continue;
    const shown = shownOf(check.name, await look(check));
    found.push(shown);
    show(shown);
  }
  await scene.close();
  return found;
}

const shownOf = (check: string, { state, found, remedy }: Finding): Shown => ({
  ...{ check, state, found, remedy: remedy ?? null },
});

/** Nothing else can be looked at by settings that are not known. */
function misunderstood(problems: readonly string[], isJson: boolean): number {
  if (isJson) printJson(problems.map((words) => shownOf('settings', failed(words))));
  return isJson ? EXIT.usage : notUnderstood(problems);
}

const isWell = (found: readonly Shown[]): boolean => found.every(({ state }) => state !== 'failed');

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const printJson = (checks: readonly Shown[]): void => print(asJson(checks));

/** What is found holds names and words of the database, which somebody else may have written. */
export const asJson = (checks: readonly Shown[]): string => jsonText({ ok: isWell(checks), checks });

/** What is not well stands out, also where there is no colour. */
const WORDS: Readonly<Record<State, string>> = { ok: 'ok', warning: 'WARNING', failed: 'FAILED', skipped: 'skipped' };
const width = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length)) + 2;
const STATE_WIDTH = width(Object.values(WORDS));
const NAME_WIDTH = width(CHECKS.map(({ name }) => name));

export function asText({ check, state, found, remedy }: Shown): string {
  const line = `${WORDS[state].padEnd(STATE_WIDTH)}${check.padEnd(NAME_WIDTH)}${printable(found)}`;
  return remedy === null ? line : `${line}\n${' '.repeat(STATE_WIDTH + NAME_WIDTH)}→ ${printable(remedy)}`;
}

function inTotal(found: readonly Shown[]): string {
  const states = (['failed', 'warning', 'ok', 'skipped'] as const).map((state) => ({
    state,
    count: found.filter((one) => one.state === state).length,
  }));
  const told = states.filter(({ count }) => count > 0).map(({ state, count }) => `${count} ${state}`);
  return told.join(', ');
}
