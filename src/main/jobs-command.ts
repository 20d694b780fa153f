import { jsonText, table } from '#cli/printable.ts';
import type { ShownJob } from '#ports/jobs.ts';
import { ask } from './operator-command.ts';

/** What runs by itself, and another try for what is dead. */
export async function jobsCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [first, ...rest] = args;
  if (first === 'retry') return ask('jobs-retry', rest, env);
  const words = args.filter((word) => word !== '--json');
  return ask('jobs', words, env, words.length < args.length ? asJson : asTable);
}

const jobsIn = (answer: string) => JSON.parse(answer) as readonly ShownJob[];

const shown = ({ dueAt, lastError, ...job }: ShownJob) => ({
  ...{ ...job, dueAt: new Date(dueAt).toISOString(), lastError: lastError ?? null },
});

const asJson = (answer: string): string => jsonText(jobsIn(answer).map(shown));

function asTable(answer: string): string {
  const rows = jobsIn(answer)
    .map(shown)
    .map((job) => [job.id, job.kind, job.state, job.dueAt, String(job.attempts), job.lastError ?? '']);
  return table(['ID', 'Kind', 'State', 'Due At', 'Attempts', 'Last Error'], rows).join('\n');
}
