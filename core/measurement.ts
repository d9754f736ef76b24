/** Names under which a distillation trial reports; units in the comment. A measurement may carry others. */
export const MetricName = {
  /** Mean training loss of the epoch (CE weight x CE + weight x divergence). */
  loss: 'loss',
  /** Mean divergence term alone, before its weight. */
  divergence: 'divergence',
  /** Metric on the selection split, in the metric's unit (top1: percent, 0..100). */
  selection: 'selection',
  /** Metric on the test split, in the metric's unit. */
  test: 'test',
  /** Mean Shannon entropy of the student on the selection split at T = 1, nats. */
  studentEntropy: 'studentEntropy',
  /** Wall time of the epoch, seconds. */
  epochSeconds: 'epochSeconds',
} as const;

/** Metrics of one attempt at one step (epoch, counted from 1). Non-finite values are stored as null. */
export interface Measurement {
  readonly step: number;
  readonly values: Readonly<Record<string, number | null>>;
}
