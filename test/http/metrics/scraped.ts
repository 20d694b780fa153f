import type { Sensitive } from '#domain/sensitive.ts';
import type { Answer, World } from '#support/world.ts';
import { parsed, type Sample, valueIn } from './parsed.ts';

export const METRICS = { method: 'GET', path: '/metrics' } as const;

/** What Prometheus would have of one look. */
export type Scraped = {
  readonly families: ReturnType<typeof parsed>;
  /** 0 where there is no such sample, as before the first of its kind. */
  value(name: string, labels?: Sample['labels']): number;
};

export async function scraped({ send }: Pick<World, 'send'>, token: Sensitive): Promise<Scraped> {
  const answer: Answer = await send({ ...METRICS, token });
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  const families = parsed(answer.text);
  return { families, value: (name, labels) => valueIn(families, name, labels) ?? 0 };
}

/** How much a sample grew by what was done; the later look’s own requests are in neither. */
export const grownBy = (before: Scraped, after: Scraped, name: string, labels?: Sample['labels']): number =>
  after.value(name, labels) - before.value(name, labels);
