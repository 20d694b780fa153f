import { DELAY_MS_MAX } from '#domain/job.ts';
import type { Handler } from './run.ts';

export const FIRST_RETENTION = '{}';
export const retain: Handler = async (deps, { job, settle }) => {
  await settle(async () => ({ payload: job.payload, dueAt: deps.clock.now() + DELAY_MS_MAX }));
};
