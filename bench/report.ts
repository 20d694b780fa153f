/** What one row measured: for one answer, where it is not a rate. What was not measured is left out. */
export type Figure = {
  /** The letter by which a run is narrowed. */
  readonly row: string;
  readonly what: string;
  readonly tokens?: number;
  readonly connections?: number;
  readonly rate?: number;
  readonly cpuMs?: number;
  readonly statements?: number;
  readonly commits?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** 99th percentile of the event loop's delay; about 1 ms of it is the timer's own. */
  readonly delayMs?: number;
  /** From the start of a process to its end, or to its first answer. */
  readonly tookMs?: number;
};
/** Both sides were measured in this run, in turns. */
export type Ratio = { readonly name: string; readonly value: number };
export type Bound =
  | { readonly atLeast: number }
  | { readonly atMost: number }
  | { readonly within: readonly [number, number] };
export type Gate = Ratio & { readonly bound: Bound; readonly met: boolean };
export type Report = {
  readonly figures: readonly Figure[];
  readonly ratios: readonly Ratio[];
  readonly gates: readonly Gate[];
  /** What could not be measured, and why. */
  readonly skipped: readonly string[];
};

export const gate = (name: string, value: number, bound: Bound): Gate => ({
  name,
  value,
  bound,
  met: holds(value, bound),
});

function holds(value: number, bound: Bound): boolean {
  if ('atLeast' in bound) return value >= bound.atLeast;
  if ('atMost' in bound) return value <= bound.atMost;
  return value >= bound.within[0] && value <= bound.within[1];
}

export const together = (reports: readonly Report[]): Report => ({
  figures: reports.flatMap(({ figures }) => figures),
  ratios: reports.flatMap(({ ratios }) => ratios),
  gates: reports.flatMap(({ gates }) => gates),
  skipped: reports.flatMap(({ skipped }) => skipped),
});

const COLUMNS = {
  row: 3,
  what: -46,
  tokens: 8,
  connections: 5,
  rate: 8,
  cpuMs: 8,
  statements: 8,
  commits: 8,
  p50Ms: 8,
  p99Ms: 8,
  delayMs: 8,
  tookMs: 8,
} as const satisfies Record<keyof Figure, number>;
const HEADS: Readonly<Partial<Record<string, string>>> = {
  ...{ connections: 'conn', rate: '/s', cpuMs: 'cpu ms', statements: 'sql', p50Ms: 'p50 ms', p99Ms: 'p99 ms' },
  ...{ delayMs: 'loop ms', tookMs: 'took ms' },
};
const NAMES = Object.keys(COLUMNS) as readonly (keyof Figure)[];

export function asText({ figures, ratios, gates, skipped }: Report): string {
  const table = [
    NAMES.map((name) => padded(HEADS[name] ?? name, COLUMNS[name])).join(' '),
    ...figures.map((figure) => NAMES.map((name) => padded(shown(figure[name]), COLUMNS[name])).join(' ')),
  ];
  return [
    ...(figures.length > 0 ? table : []),
    ...ratios.map(({ name, value }) => `${rounded(value)}  ${name}`),
    ...gates.map(
      ({ name, value, bound, met }) => `${met ? 'met    ' : 'NOT MET'} ${rounded(value)} ${worded(bound)}  ${name}`,
    ),
    ...skipped.map((why) => `skipped: ${why}`),
  ].join('\n');
}

const padded = (text: string, width: number): string => (width < 0 ? text.padEnd(-width) : text.padStart(width));
const shown = (value: string | number | undefined): string =>
  typeof value === 'number' ? rounded(value) : (value ?? '');
const rounded = (value: number): string =>
  Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toPrecision(3);

function worded(bound: Bound): string {
  if ('atLeast' in bound) return `(at least ${bound.atLeast})`;
  if ('atMost' in bound) return `(at most ${bound.atMost})`;
  return `(${bound.within.join(' to ')})`;
}
