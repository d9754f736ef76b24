/**
 * Names under which a distillation trial reports; units in the comment. A measurement may carry others. The diagnostics
 * from `gradientNorm` on are those of objectives with a teacher, over a fixed part of the training images.
 */
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
  /** The same at the objective's temperature, nats; absent where it has none. */
  studentEntropyAtT: 'studentEntropyAtT',
  /** Wall time of the epoch, seconds. */
  epochSeconds: 'epochSeconds',
  /** Mean over images of the Euclidean norm of the distillation term's gradient by the student's logits, nats per logit. */
  gradientNorm: 'gradientNorm',
  /** Mean over images and classes of |LogR|, nats per unit of learning rate: the absolute value of that gradient. */
  logR: 'logR',
  /** Mean of |p^alpha - q^alpha| / |alpha| (hardness concentration), dimensionless; for points of the AB divergence. */
  hardnessWeight: 'hardnessWeight',
  /** Mean of q^beta (confidence concentration), dimensionless; for points of the AB divergence. */
  confidenceWeight: 'confidenceWeight',
} as const;

/** |LogR| has one metric more for each tenth of the (image, class) pairs in order of the teacher's probability. */
export const logRDeciles = 10;

/** `logRDecile1`: the pairs that the teacher thinks least likely; `logRDecile10`: the most likely. Unit as `logR`. */
export function logRDecileName(decile: number): string {
  return `${MetricName.logR}Decile${decile}`;
}

/** Metrics of one attempt at one step (epoch, counted from 1). Non-finite values are stored as null. */
export interface Measurement {
  readonly step: number;
  readonly values: Readonly<Record<string, number | null>>;
}
