import type { BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { HistogramMetricData } from '@opentelemetry/sdk-metrics';
import { AggregationTemporality, DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { Histogram } from '#domain/histogram.ts';
import { type Distribution, type Figure, METRICS, type Point, type Seen } from './metrics.ts';

const SCOPE = 'countersign';

/** Read when it is asked, and by nobody else. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/**
 * All metrics as Prometheus' text, version 0.0.4. The instruments live for one reading: those of the SDK go on showing a
 * value that nobody observes any more, such as jobs of a database that is gone.
 */
export async function textOf(seen: Seen): Promise<string> {
  const reader = new Reader();
  observe(new MeterProvider({ readers: [reader] }).getMeter(SCOPE), METRICS.filter(isFigure), seen);
  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length > 0) throw new AggregateError(errors, 'metrics could not be read');
  // There is no instrument whose whole histogram is observed; what is counted elsewhere is handed over as it is.
  const spread = METRICS.filter((metric) => metric.kind === 'histogram').map((metric) => dataOf(metric, seen));
  const metrics = spread.filter(({ dataPoints }) => dataPoints.length > 0); // as those of the SDK: described only where there is something
  const scopeMetrics = [...resourceMetrics.scopeMetrics, { scope: { name: SCOPE }, metrics }];
  return new PrometheusSerializer('', false, undefined, true, true).serialize({ ...resourceMetrics, scopeMetrics });
}

const isFigure = (metric: Figure | Distribution): metric is Figure => metric.kind !== 'histogram';

function observe(meter: Meter, figures: readonly Figure[], seen: Seen): void {
  const instruments = new Map<Figure, Observable>(
    figures.map((figure) => {
      const options = { description: figure.help };
      const { kind, name } = figure;
      return [
        figure,
        kind === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options),
      ];
    }),
  );
  meter.addBatchObservableCallback(
    (result: BatchObservableResult) => {
      for (const [{ labels, read }, instrument] of instruments) {
        for (const [of, value] of read(seen)) result.observe(instrument, value, attributes(labels, of));
      }
    },
    [...instruments.values()],
  );
}

const attributes = (labels: readonly string[], of: readonly string[]): Record<string, string> =>
  Object.fromEntries(labels.map((label, at) => [label, of[at] ?? '']));

/** Only in a form that takes times; the text has none. */
const NO_TIME: [number, number] = [0, 0];

const dataOf = ({ name, help, labels, read }: Distribution, seen: Seen): HistogramMetricData => ({
  descriptor: { name, description: help, unit: '', valueType: 1 },
  aggregationTemporality: AggregationTemporality.CUMULATIVE,
  dataPointType: DataPointType.HISTOGRAM,
  dataPoints: read(seen).map(([of, { bounds, counts, sum, count }]: Point<Histogram>) => ({
    ...{ startTime: NO_TIME, endTime: NO_TIME, attributes: attributes(labels, of) },
    value: { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count },
  })),
});
