import * as tf from '@tensorflow/tfjs-core';
import { logRDecileName, logRDeciles, MetricName } from '../../core/measurement.ts';
import { isDistilling } from '../../core/objective.ts';
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
import { createImageReader, evaluationBatchSize, imagesOf } from './images.ts';
import type { ResolvedObjective } from './objective.ts';
import { type DistillingObjective, divergenceRows } from './objectives/registry.ts';
import { planePointOf } from './plane-point.ts';
import type { TeacherOutputs } from './teacher-outputs.ts';

/** Images that are looked at: an eighth of the training images, which costs a twentieth of an epoch, within these bounds. */
const mostImages = 1024;
const fewestImages = 128;

export interface DiagnosticsOptions {
  readonly objective: ResolvedObjective;
  readonly dataset: ImageDataset;
  /** The images that the student trains on, in the order of the teacher's outputs. */
  readonly trainPart: ImagePart;
  /** Null where the student learns alone. */
  readonly teacher: TeacherOutputs | null;
  /** Decides which of the images are looked at: the same for every trial that shares it. */
  readonly seed: number;
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
  const { teacher } = options;
  const { definition, scaleFactor } = options.objective;
  if (!isDistilling(definition) || teacher === null) return async () => ({});
  const { classes } = teacher;
  const chosen = chooseImages(options);
  const teacherLogits = rowsOf(teacher.logits, chosen, classes);
  const temperature = 'temperature' in definition ? definition.temperature : 1;
  const logP = logSoftmaxRows(teacherLogits, classes, temperature);
  const decileOf = rankGroups(logP, logRDeciles);
  const labels = Int32Array.from(chosen, (image) => options.trainPart.labels[image]!);
  const point = planePointOf(definition);
  return async (student, epoch) => {
    const studentLogits = await logitsOf(student, chosen, options, classes);
    const pull = definition.weight * scaleFactor;
    const gradient = await pullOf(definition, { teacherLogits, studentLogits, labels, classes, epoch, pull });
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

function chooseImages({ trainPart, seed }: DiagnosticsOptions): Int32Array {
  const { count, labels } = trainPart;
  const wanted = Math.min(mostImages, Math.max(fewestImages, Math.ceil(count / 8)));
  const all = Int32Array.from({ length: count }, (_, index) => index);
  return sampleStratified(labels, all, wanted, seed);
}

function rowsOf(logits: Float32Array, images: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(images.length * classes);
  for (const [row, image] of images.entries()) {
    rows.set(logits.subarray(image * classes, (image + 1) * classes), row * classes);
  }
  return rows;
}

/** The student's logits on the chosen images as it evaluates them. Keeps no tensor. */
async function logitsOf(
  student: Classifier,
  chosen: Int32Array,
  { dataset, trainPart, context }: DiagnosticsOptions,
  classes: number,
): Promise<Float32Array> {
  const part: ImagePart = {
    count: chosen.length,
    labels: Int32Array.from(chosen, (image) => trainPart.labels[image]!),
    readPixels: (indices, out) =>
      trainPart.readPixels(
        Int32Array.from(indices, (index) => chosen[index]!),
        out,
      ),
  };
  const images = createImageReader(dataset, part, { batchSize: evaluationBatchSize });
  const logits = new Float32Array(chosen.length * classes);
  let filled = 0;
  for await (const batch of images.inOrder()) {
    context.signal.throwIfAborted();
    const output = tf.tidy(() => student.forward(imagesOf(batch, images.shape), { training: false }));
    logits.set(await output.data<'float32'>(), filled);
    filled += output.size;
    output.dispose();
    await context.yieldNow();
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
