import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ResolvedOf } from '../../../core/objective.ts';
import { abRows } from '../divergence.ts';
import { type RowLoss, scaleRows } from '../row-loss.ts';
import type { DistillationBatch } from './contract.ts';

/** Added to the standard deviation, as the published code does. */
const epsilon = 1e-7;

/** Keeps the direction of equal logits, which have none, from becoming 0 / 0. */
const leastDeviation = 1e-30;

/**
 * T^2 D_AB of standardised logits. See `lsd.ts` and `ablsd.ts`. Leaves its intermediate tensors to the caller's tidy
 * scope.
 */
export function standardisedRows(
  { temperature, alpha, beta }: Pick<ResolvedOf<'ablsd'>, 'temperature' | 'alpha' | 'beta'>,
  { teacherLogits, studentLogits }: DistillationBatch,
): RowLoss {
  const teacher = standardise(teacherLogits);
  const student = standardise(studentLogits);
  const { values, gradient } = abRows({
    ...{ teacherLogits: teacher.standard, studentLogits: student.standard },
    ...{ temperature, alpha, beta },
  });
  return scaleRows({ values, gradient: throughStandardisation(gradient, student) }, temperature ** 2);
}

interface Standardised {
  /** (z - mean) / (sd + 1e-7), `[batch, classes]`. */
  readonly standard: Tensor2D;
  /** (z - mean) / sd. */
  readonly direction: Tensor2D;
  /** sd + 1e-7, `[batch, 1]`; sd is the unbiased standard deviation. */
  readonly deviation: Tensor2D;
}

function standardise(logits: Tensor2D): Standardised {
  const centred: Tensor2D = tf.sub(logits, tf.mean(logits, 1, true));
  const variance = tf.div(tf.sum(tf.square(centred), 1, true), logits.shape[1] - 1);
  const sd = tf.sqrt(variance) as Tensor2D;
  const deviation: Tensor2D = tf.add(sd, epsilon);
  return {
    standard: tf.div(centred, deviation),
    direction: tf.div(centred, tf.maximum(sd, leastDeviation)),
    deviation,
  };
}

/**
 * With c = z - mean, s = sd and n classes, the standardised logit is c / (s + eps), and ds / dz_j = c_j / ((n - 1) s):
 * dL/dz_j = (g_j - mean(g)) / (s + eps) - (c_j / s) sum_k g_k c_k / ((n - 1) (s + eps)^2).
 */
function throughStandardisation(gradient: Tensor2D, { standard, direction, deviation }: Standardised): Tensor2D {
  const along = tf.div(tf.sum(tf.mul(gradient, standard), 1, true), gradient.shape[1] - 1);
  const centred = tf.sub(gradient, tf.mean(gradient, 1, true));
  return tf.div(tf.sub(centred, tf.mul(direction, along)), deviation);
}
