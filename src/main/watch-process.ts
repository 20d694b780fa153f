import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ProcessFigures } from '#telemetry/metrics.ts';

/** How often the delay is looked at: five times as often takes two per cent of what a busy process can do. */
const LOOK_MS = 50;
const NS_PER_MS = 1e6;
const US_PER_SECOND = 1e6;
const MS_PER_SECOND = 1e3;

/** Watches the event loop from the first time that somebody asks, until it is stopped. */
export function watchProcess(): { figures(): ProcessFigures; stop(): void } {
  const delays = monitorEventLoopDelay({ resolution: LOOK_MS });
  /** What is recorded is the time between two looks. */
  const seconds = (ns: number) => Math.max(0, ns / NS_PER_MS - LOOK_MS) / MS_PER_SECOND;
  const figures = (): ProcessFigures => {
    delays.enable(); // again is nothing
    const loopDelaySeconds = [
      { quantile: '0.5', seconds: seconds(delays.percentile(50)) },
      { quantile: '0.99', seconds: seconds(delays.percentile(99)) },
      { quantile: '1', seconds: seconds(delays.max) },
    ] as const;
    delays.reset();
    const { user, system } = process.cpuUsage();
    return {
      startedAtSeconds: performance.timeOrigin / MS_PER_SECOND,
      cpuSeconds: (user + system) / US_PER_SECOND,
      residentBytes: process.memoryUsage.rss(),
      heapUsedBytes: process.memoryUsage().heapUsed,
      loopActiveSeconds: performance.eventLoopUtilization().active / MS_PER_SECOND,
      loopDelaySeconds,
    };
  };
  return { figures, stop: () => void delays.disable() };
}
