import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/** Logits of a teacher and a student for the same images. */
export interface LogitPair {
  /** `[batch, classes]` float32; treated as a constant. */
  readonly teacherLogits: Tensor2D;
  /** `[batch, classes]` float32. */
  readonly studentLogits: Tensor2D;
  /** Softmax temperature of both, > 0. */
  readonly temperature: number;
}

/** Both softmax distributions in log space, each `[batch, classes]`. p is the teacher's, q the student's. */
export interface SoftmaxPair {
  /** ln p and ln q, at least the floor. */
  readonly logP: Tensor2D;
  readonly logQ: Tensor2D;
  /** ln q - ln p of what is clamped so; exact to float32 also where q nearly equals p. */
  readonly r: Tensor2D;
  /** Not clamped: sums to 1. */
  readonly q: Tensor2D;
}

/** Below this a probability's logarithm is clamped where an objective has no reason to clamp earlier: e^80 = 6e34. */
export const lowestLogProbability = -80;

/** Leaves its intermediate tensors to the caller's tidy scope. */
export function softmaxPair(
  { teacherLogits, studentLogits, temperature }: LogitPair,
  floor = lowestLogProbability,
): SoftmaxPair {
  const teacher = logSoftmaxParts(teacherLogits, temperature);
  const student = logSoftmaxParts(studentLogits, temperature);
  const exactLogP: Tensor2D = tf.sub(teacher.shifted, teacher.logTotal);
  const exactLogQ: Tensor2D = tf.sub(student.shifted, student.logTotal);
  const logP: Tensor2D = tf.maximum(exactLogP, floor);
  const logQ: Tensor2D = tf.maximum(exactLogQ, floor);
  // Logits first: ln q - ln p would round each term to 1e-7, which is much where the student nearly equals the teacher.
  const fine: Tensor2D = tf.sub(tf.sub(student.shifted, teacher.shifted), tf.sub(student.logTotal, teacher.logTotal));
  const inside = tf.greaterEqual(tf.minimum(exactLogP, exactLogQ), floor);
  const clamped: Tensor2D = tf.sub(logQ, logP);
  return { logP, logQ, r: tf.where<Tensor2D>(inside, fine, clamped), q: tf.exp(exactLogQ) };
}

/**
 * Gradient with respect to the student's logits of sum_k f(q_k), from `pushes` = q_k f'(q_k):
 * (pushes_y - q_y sum_k pushes_k) / T. A constant added to every f' changes nothing, since q sums to 1. Exact to 1e-7 of
 * the largest push: a class with 1 - q below that gets no pull of its own.
 */
export function throughSoftmax(pushes: Tensor2D, q: Tensor2D, temperature: number): Tensor2D {
  return tf.div(tf.sub(pushes, tf.mul(q, tf.sum(pushes, -1, true))), temperature);
}

/** z / T less its largest, `[batch, classes]`, and ln of the sum of its exponentials, `[batch, 1]`. */
function logSoftmaxParts(logits: Tensor2D, temperature: number): { shifted: Tensor2D; logTotal: Tensor2D } {
  const scaled = tf.div(logits, temperature);
  const shifted: Tensor2D = tf.sub(scaled, tf.max(scaled, -1, true));
  return { shifted, logTotal: tf.log(tf.sum(tf.exp(shifted), -1, true)) };
}
