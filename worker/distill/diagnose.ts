import * as tf from '@tensorflow/tfjs-core';
import { logRDecileName, logRDeciles, MetricName } from '../../core/measurement.ts';
import { isDistilling } from '../../core/objective.ts';
import { subsetOf } from '../data/parts.ts';
import { sampleStratified } from '../data/sample.ts';
import type { ImageDataset, ImagePart } from '../data/source.ts';
import type { Classifier } from '../models/classifier.ts';
import type { TrialContext } from '../trial/context.ts';
import {
  concentrationWeights,
  logSoftmaxRows,
  meanAbsolute,
  meanByGroup,
  meanNorm,
  rankGroups,
} from './diagnostics.ts';
import { createImageReader, evaluationBatchSize, type ImageReader } from './images.ts';
import { logitsInOrder } from './logits.ts';
import type { ResolvedObjective } from './objective.ts';
import { type DistillingObjective, divergenceRows } from './objectives/registry.ts';
import { planePointOf } from './plane-point.ts';

/** Images that are looked at: an eighth of the training images, which costs a twentieth of an epoch, within these bounds. */
const mostImages = 1024;
const fewestImages = 128;

/** A teacher's logits on the images that are looked at. */
export interface DiagnosedTeacher {
  readonly classes: number;
  /** Places of the images, as `chooseDiagnosed` gives them, and logits `[images, classes]`. */
  readonly diagnosed: { readonly images: Int32Array; readonly logits: Float32Array };
}

export interface DiagnosticsOptions {
  readonly objective: ResolvedObjective;
  readonly dataset: ImageDataset;
  /** The images that the student trains on. */
  readonly trainPart: ImagePart;
  /** Null where the student learns alone. */
  readonly teacher: DiagnosedTeacher | null;
  readonly context: Pick<TrialContext, 'signal' | 'yieldNow'>;
}

/** Metrics of a student after an epoch, by their names in `MetricName`. */
export type Diagnose = (student: Classifier, epoch: number) => Promise<Readonly<Record<string, number>>>;

/**
 * How the objective pulls at a student, measured on a fixed, stratified part of the training images: the gradient norm,
 * |LogR| and its deciles, and the concentration weights. A step of gradient descent moves the logits by -rate x gradient,
 * so to first order |LogR| = |ln(q after / q before)| per unit of rate is the gradient's absolute value, up to a shift
 * that all classes of an image share. The gradient is that of the distillation term with its weight and scale, as
 * training feels it, and without the cross-entropy. Nothing without a teacher.
 *
 * @see arXiv 2505.04560, section 3 and Proposition 4.2
 */
export function createDiagnostics(options: DiagnosticsOptions): Diagnose {
  const { teacher, dataset, trainPart } = options;
  const { definition, scaleFactor } = options.objective;
  if (!isDistilling(definition) || teacher === null) return async () => ({});
  const { classes } = teacher;
  const { images: chosen, logits: teacherLogits } = teacher.diagnosed;
  const part = subsetOf(trainPart, chosen);
  const images = createImageReader(dataset, part, { batchSize: evaluationBatchSize });
  const temperature = 'temperature' in definition ? definition.temperature : 1;
  const logP = logSoftmaxRows(teacherLogits, classes, temperature);
  const decileOf = rankGroups(logP, logRDeciles);
  const point = planePointOf(definition);
  return async (student, epoch) => {
    const studentLogits = await logitsOf(student, images, options, teacherLogits.length);
    const pull = definition.weight * scaleFactor;
    const gradient = await pullOf(definition, {
      teacherLogits,
      studentLogits,
      labels: part.labels,
      classes,
      epoch,
      pull,
    });
    const weights =
      point === null ? null : concentrationWeights(logP, logSoftmaxRows(studentLogits, classes, temperature), point);
    return {
      [MetricName.gradientNorm]: meanNorm(gradient, classes),
      [MetricName.logR]: meanAbsolute(gradient),
      ...decileMetrics(gradient, decileOf),
      ...(weights === null
        ? {}
        : { [MetricName.hardnessWeight]: weights.hardness, [MetricName.confidenceWeight]: weights.confidence }),
    };
  };
}

/** Places of the images that are looked at, drawn class by class: the same for every trial that shares part and seed. */
export function chooseDiagnosed({ count, labels }: ImagePart, seed: number): Int32Array {
  const wanted = Math.min(mostImages, Math.max(fewestImages, Math.ceil(count / 8)));
  const all = Int32Array.from({ length: count }, (_, index) => index);
  return sampleStratified(labels, all, wanted, seed);
}

/** The student's logits on the diagnosed images as it evaluates them, `[images, classes]`. Keeps no tensor. */
async function logitsOf(student: Classifier, images: ImageReader, options: DiagnosticsOptions, length: number) {
  const logits = new Float32Array(length);
  let filled = 0;
  for await (const rows of logitsInOrder(student, images, options.context)) {
    logits.set(rows, filled);
    filled += rows.length;
  }
  return logits;
}

interface PullInput {
  readonly teacherLogits: Float32Array;
  readonly studentLogits: Float32Array;
  readonly labels: Int32Array;
  readonly classes: number;
  readonly epoch: number;
  readonly pull: number;
}

/** Gradient of each image's distillation term, row-major `[images, classes]`. Keeps no tensor. */
async function pullOf(definition: DistillingObjective, input: PullInput): Promise<Float32Array> {
  const { labels, classes, epoch, pull } = input;
  const gradient = tf.tidy(() => {
    const batch = {
      teacherLogits: tf.tensor2d(input.teacherLogits, [labels.length, classes]),
      studentLogits: tf.tensor2d(input.studentLogits, [labels.length, classes]),
      labels: tf.tensor1d(labels, 'int32'),
      epoch,
    };
    return tf.mul(divergenceRows(definition, batch).gradient, pull);
  });
  const values = await gradient.data<'float32'>();
  gradient.dispose();
  return values;
}

function decileMetrics(gradient: Float32Array, decileOf: Uint8Array): Readonly<Record<string, number>> {
  const means = meanByGroup(gradient, decileOf, logRDeciles);
  return Object.fromEntries([...means].map((mean, index) => [logRDecileName(index + 1), mean]));
}
