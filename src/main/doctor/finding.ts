/** `warning`: it works, and will not for long, or not as well as it could. `skipped`: there was nothing to look at, or no way to. */
export type State = 'ok' | 'warning' | 'failed' | 'skipped';

export type Finding = {
  readonly state: State;
  readonly found: string;
  /** What to do, where the words of what was found do not say it already. */
  readonly remedy?: string;
};

export const ok = (found: string): Finding => ({ state: 'ok', found });
export const warning = (found: string, remedy?: string): Finding => findingOf('warning', found, remedy);
export const failed = (found: string, remedy?: string): Finding => findingOf('failed', found, remedy);
export const skipped = (found: string): Finding => ({ state: 'skipped', found });

const findingOf = (state: State, found: string, remedy: string | undefined): Finding =>
  remedy === undefined ? { state, found } : { state, found, remedy };

/** A check cannot look, for a reason that another one tells of: "since …". */
export class Unseen extends Error {
  override readonly name = 'Unseen';
}

const BY_WEIGHT: readonly State[] = ['failed', 'warning', 'ok', 'skipped'];

/** All that was found, as one finding as bad as the worst of it; of what is well nothing is said beside what is not. */
export function together(findings: readonly Finding[]): Finding {
  const state = BY_WEIGHT.find((each) => findings.some((one) => one.state === each)) ?? 'ok';
  const isBad = state === 'failed' || state === 'warning';
  const told = findings.filter((one) => !isBad || one.state === 'failed' || one.state === 'warning');
  const remedies = told.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy]));
  const found = told.map((one) => one.found).join(' ');
  return findingOf(state, found, remedies.length === 0 ? undefined : remedies.join(' '));
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytesInWords(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const count = bytes / 1024 ** power;
  return `${power === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${UNITS[power]}`;
}

const SECOND_MS = 1_000;
const SPANS = [
  [86_400_000, 'days'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [SECOND_MS, 's'],
] as const;

export function spanInWords(ms: number): string {
  const [size, unit] = SPANS.find(([least]) => Math.abs(ms) >= 2 * least) ?? [1, 'ms'];
  const count = ms / size;
  return `${Math.abs(count) >= 10 ? Math.round(count) : Number(count.toFixed(1))} ${unit}`;
}

/** Of a list that may be long. */
export function some(texts: readonly string[], max = 5): string {
  const more = texts.length - max;
  return `${texts.slice(0, max).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
