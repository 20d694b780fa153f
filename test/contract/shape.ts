/** Where an answer lacks something of an example, or has another kind of thing there; extra keys are allowed. */
export function differences(example: unknown, answer: unknown, at = '$'): readonly string[] {
  if (kindOf(example) !== kindOf(answer)) return [`${at} is ${kindOf(answer)}, not ${kindOf(example)}`];
  if (Array.isArray(example)) return inLists(example, answer as readonly unknown[], at);
  if (FREE.test(at)) return [];
  if (typeof example !== 'object' || example === null) return literally(example, answer, at);
  return Object.entries(example).flatMap(([key, value]) =>
    differences(value, (answer as Record<string, unknown>)[key], `${at}.${key}`),
  );
}

/** Every element is like one that the example shows, and every one that it shows is there. */
function inLists(examples: readonly unknown[], answer: readonly unknown[], at: string): readonly string[] {
  if (examples.length === 0) return answer.length === 0 ? [] : [`${at} is not empty`];
  if (answer.length === 0) return [`${at} is empty`];
  const strange = answer.flatMap((one, n) =>
    fewest(examples.map((example) => differences(example, one, `${at}[${n}]`))),
  );
  const unseen = examples.flatMap((example) =>
    fewest(answer.map((one, n) => differences(example, one, `${at}[${n}]`))),
  );
  return [...new Set([...strange, ...unseen])];
}

const fewest = (all: readonly (readonly string[])[]): readonly string[] =>
  all.reduce((best, one) => (one.length < best.length ? one : best));

/** Objects that the contract leaves free (1.6). */
const FREE = /\.details\[\d+\]$/;

/** Values that clients compare with; every other text and number is the example’s own. */
const FIXED: readonly RegExp[] = [
  /\.type$/,
  /\.subjectType$/,
  /\.statusCode$/,
  /\.created$/,
  /\.isExpired$/,
  /\.useSFYServerAuthAPIs$/,
  /\.LLM_GATEWAY_URL$/,
  /\.pagination\.(limit|offset)$/,
];

const literally = (example: unknown, answer: unknown, at: string): readonly string[] =>
  example !== answer && FIXED.some((fixed) => fixed.test(at))
    ? [`${at} is ${JSON.stringify(answer)}, not ${JSON.stringify(example)}`]
    : [];

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}
