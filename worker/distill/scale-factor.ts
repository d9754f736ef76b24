import type { Scalar } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { TrialError } from '../trial/failure.ts';
import { type DistillingObjective, divergenceRows } from './objectives/registry.ts';

/** How many of the teacher's outputs the factor is measured on. */
export const scaleSampleSize = 1024;

/** A teacher's logits on the images that students train on, from the first on: `[images, classes]`. */
export interface ScaleSample {
  readonly logits: Float32Array;
  readonly classes: number;
}

/**
 * c = sum ||g of forward KL|| / sum ||g||, with g the gradient of each sample's divergence with respect to the student's
 * logits, over the first 1 024 teacher outputs against a uniform student. With it every objective and every point of the
 * plane pulls as hard as forward KL does when training starts. Forward KL is taken at the same temperature, for `abttm`
 * between the same transformed teacher and student.
 *
 * @throws {TrialError} EXCEPTION where the objective has no gradient there, as with all its weights at 0
 */
export async function scaleFactor(objective: DistillingObjective, sample: ScaleSample): Promise<number> {
  const totals = tf.tidy(() => tf.stack([totalPull(forwardKlOf(objective), sample), totalPull(objective, sample)]));
  const [forwardKl, own] = await totals.data();
  totals.dispose();
  const factor = forwardKl! / own!;
  if (Number.isFinite(factor)) return factor;
  throw new TrialError(
    'EXCEPTION',
    `Cannot normalise the gradient of ${objective.kind}: its norm at the start is ${own}, expected more than 0`,
  );
}

function forwardKlOf(objective: DistillingObjective): DistillingObjective {
  if ('gamma' in objective) return { ...objective, kind: 'abttm', alpha: 1, beta: 0, scale: 'raw' };
  const { temperature, weight, ceWeight } = objective;
  return { kind: 'fkl', temperature, weight, ceWeight };
}

/** The sum of the gradients' Euclidean norms over the samples. */
function totalPull(objective: DistillingObjective, { logits, classes }: ScaleSample): Scalar {
  const rows = Math.min(scaleSampleSize, logits.length / classes);
  const teacherLogits = tf.tensor2d(logits.slice(0, rows * classes), [rows, classes]);
  const studentLogits = tf.zerosLike(teacherLogits);
  // Objectives that have a scale do not look at labels.
  const batch = { teacherLogits, studentLogits, labels: tf.zeros<tf.Rank.R1>([rows], 'int32'), epoch: 1 };
  return tf.sum(tf.norm(divergenceRows(objective, batch).gradient, 'euclidean', 1));
}
