import type { AskedJobs, Sources } from './metrics.ts';

/** Whoever asks is answered then, whether the database has answered or not. */
const DATABASE_MS_MAX = 1_000;

/** Metrics for whoever asks. What writes them as text is loaded by the first who does: some 30 MB, and 0.2 s of one core. */
export function metricsOf(sources: Sources): () => Promise<string> {
  const asked = askingOnce(sources);
  return async () => {
    const { textOf } = await import('./metrics-text.ts');
    const jobs = await inTime(asked(), DATABASE_MS_MAX);
    return textOf({ ...sources, process: sources.process(), jobs });
  };
}

/** One question at a time, or those to a database that is silent would pile up. */
function askingOnce({ store, clock }: Sources): () => Promise<AskedJobs | undefined> {
  let under: Promise<AskedJobs | undefined> | undefined;
  const ask = async () => {
    const now = clock.now();
    const [counts, oldestDueAt] = await Promise.all([store.jobs.counts(now), store.jobs.oldestDueAt(now)]);
    return { counts, oldestDueAt };
  };
  return () => {
    under ??= ask()
      .catch(() => undefined) // an outage, and seen as one
      .finally(() => {
        under = undefined;
      });
    return under;
  };
}

/** Undefined where it takes longer. */
function inTime<Result>(result: Promise<Result>, ms: number): Promise<Result | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  return Promise.race([result, promise]).finally(() => clearTimeout(timer));
}
