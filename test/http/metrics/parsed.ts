/** Prometheus' text format 0.0.4, by its grammar and nothing that a lenient reader would let pass. */
export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};
export type Family = {
  readonly name: string;
  readonly kind: string;
  readonly help: string;
  readonly samples: Sample[];
};

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const VALUE = '[+-]?Inf|NaN|-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?';
const HELP = new RegExp(`^# HELP (${NAME}) (\\S.*)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (${VALUE})$`);
const SUFFIXES = { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] } as const;

/** Throws at whatever is not as the grammar, or Prometheus’ rules for a family, would have it. */
export function parsed(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family>();
  const lines = text.split('\n').filter((line) => line !== '');
  for (let at = 0; at < lines.length; ) {
    const family = begun(lines[at], lines[at + 1]);
    if (families.has(family.name)) throw new Error(`${family.name} stands in two places`);
    families.set(family.name, family);
    for (at += 2; at < lines.length && !lines[at]?.startsWith('#'); at += 1) addSample(family, lines[at] ?? '');
    if (family.samples.length === 0) throw new Error(`${family.name} has no sample`);
    if (family.kind === 'histogram') checkHistogram(family);
  }
  return families;
}

function begun(first = '', second = ''): Family {
  const [, name, help] = HELP.exec(first) ?? [];
  const [, typed, kind] = TYPE.exec(second) ?? [];
  if (name === undefined || help === undefined || kind === undefined) throw new Error(`no family: ${first} ${second}`);
  if (name !== typed) throw new Error(`${name} is described, and ${typed} has a type`);
  if ((kind === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is no name of a ${kind}`);
  return { name, help, kind, samples: [] };
}

function addSample({ name, kind, samples }: Family, line: string): void {
  const [, sample, labels = '', value] = SAMPLE.exec(line) ?? [];
  if (sample === undefined) throw new Error(`no sample: ${line}`);
  const suffixes: readonly string[] = SUFFIXES[kind as keyof typeof SUFFIXES];
  if (!suffixes.some((suffix) => sample === name + suffix)) throw new Error(`${sample} stands under ${name}`);
  const found = { name: sample, labels: labelsOf(labels), value: Number(value?.replace('Inf', 'Infinity')) };
  if (samples.some((other) => keyOf(other) === keyOf(found))) throw new Error(`twice: ${line}`);
  if (kind !== 'gauge' && !(found.value >= 0)) throw new Error(`counts downwards: ${line}`);
  samples.push(found);
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value] as const);
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length) throw new Error(`a label stands twice: ${text}`);
  return Object.fromEntries(pairs);
}

const keyOf = ({ name, labels }: Pick<Sample, 'name' | 'labels'>): string =>
  JSON.stringify([name, Object.entries(labels).sort()]);

const without = ({ le: _, ...labels }: Sample['labels']): string => JSON.stringify(Object.entries(labels).sort());

/** Buckets in ascending order, each with all that is in those below it, the last with all there is. */
function checkHistogram({ name, samples }: Family): void {
  for (const [labels, group] of Map.groupBy(samples, (sample) => without(sample.labels))) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels: { le = '' } }) => Number(le.replace('+Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    const ascends = (values: readonly number[]) => values.every((one, at) => at === 0 || one >= (values[at - 1] ?? 0));
    const [count, sum] = ['_count', '_sum'].map((end) => group.find((one) => one.name === name + end)?.value);
    const isWhole = bounds.at(-1) === Number.POSITIVE_INFINITY && counts.at(-1) === count && sum !== undefined;
    if (!isWhole || !ascends(bounds) || !ascends(counts)) throw new Error(`${name}${labels} is no histogram`);
  }
}

/** The value of one sample; undefined where it is not there. */
export function valueIn(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Sample['labels'] = {},
): number | undefined {
  const all = [...families.values()].flatMap(({ samples }) => samples);
  return all.find((sample) => keyOf(sample) === keyOf({ name, labels }))?.value;
}
