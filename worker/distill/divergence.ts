import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ObjectiveDefinition } from '../../core/task.ts';
import { exponentialQuotients } from './exponential-quotients.ts';

export interface DivergenceOptions {
  /** `[batch, classes]` float32; treated as a constant. */
  readonly teacherLogits: Tensor2D;
  /** `[batch, classes]` float32. */
  readonly studentLogits: Tensor2D;
  /** Exponent on the teacher. */
  readonly alpha: number;
  /** Exponent on the student. */
  readonly beta: number;
  /** Softmax temperature of both, > 0. */
  readonly temperature: number;
  /** `abkdRef` multiplies by the factors of the published code: see `compatFactor`. */
  readonly compat: ObjectiveDefinition['compat'];
}

/** Largest exponent that is ever evaluated: e^60 = 1e26 leaves float32 (3e38) room for the factors beside it. */
const maxExponent = 60;

/**
 * The AB divergence D(p || q) of each sample, `[batch]` float32, with p and q the softmax of the logits at
 * `temperature`; no factor T^2. Differentiable once, with respect to `studentLogits` alone.
 *
 * With r = ln q - ln p, s = alpha + beta and psi(y) = (e^y - 1 - y) / y^2 the textbook definition equals
 *
 *     D = sum_k p^s r^2 (s psi(s r) - beta psi(beta r)) / alpha        where |alpha| >= |beta|
 *     D = sum_k q^s r^2 (s psi(-s r) - alpha psi(-alpha r)) / beta     else
 *
 * in every region: on beta = 0, alpha = 0 and alpha + beta = 0 it is the continuous extension without a special case,
 * every summand is positive, and neither a small r nor a small exponent cancels digits. The gradient is
 *
 *     dD/dz_y = (q_y sum_k q_k^beta phi_k - q_y^beta phi_y) / T,   q^beta phi = q^s (p^alpha / q^alpha - 1) / alpha
 *
 * Log-probabilities are clamped from below where an exponential could leave float32: at -60 / m with m the largest of
 * |alpha|, |beta|, |s| and the sum of the negative exponents, so at -60 for forward and reverse KL and at -30 for
 * (1, 1). A clamped sample keeps a finite value, and a gradient that still pulls the right way.
 *
 * @see Cichocki, Cruces, Amari, Entropy 13(1), 2011; ABKD (arXiv 2505.04560), Definition 4.1, Appendix B
 */
export function abDivergence(options: DivergenceOptions): Tensor1D {
  const perSample = tf.customGrad((student, save) => {
    const { divergence, gradient } = evaluate(options, student as Tensor2D);
    // tfjs types what it hands to a custom gradient as a list of arguments, the last being the function that saves.
    (save as tf.GradSaveFunc)([gradient]);
    return {
      value: divergence,
      gradFunc: (upstream: Tensor, saved: Tensor[]) => tf.mul(saved[0]!, tf.expandDims(upstream, -1)),
    };
  });
  return perSample(options.studentLogits) as Tensor1D;
}

/** Gradient of each sample's AB divergence with respect to the student's logits, `[batch, classes]`. The caller disposes it. */
export function abGradient(options: DivergenceOptions): Tensor2D {
  return tf.tidy(() => evaluate(options, options.studentLogits).gradient);
}

/**
 * What the published code's value is of the true one: on the axes and on alpha + beta = 0 it divides by alpha or beta
 * once instead of twice. Negative for alpha < 0 on alpha + beta = 0, where the published code maximises.
 * @see github.com/ghwang-s/abkd, standard_classification/distiller_zoo/abkl.py
 */
export function compatFactor(compat: ObjectiveDefinition['compat'], alpha: number, beta: number): number {
  if (compat === 'exact' || (alpha === 0 && beta === 0)) return 1;
  if (beta === 0 || alpha + beta === 0) return alpha;
  return alpha === 0 ? beta : 1;
}

interface Evaluation {
  readonly divergence: Tensor1D;
  readonly gradient: Tensor2D;
}

/** Leaves its intermediate tensors to the caller's tidy scope. */
function evaluate(options: DivergenceOptions, studentLogits: Tensor2D): Evaluation {
  const { alpha, beta, temperature } = options;
  const s = alpha + beta;
  const { logP, logQ, r, q } = logProbabilities(options, studentLogits);
  // The base is the side with the larger exponent; the other exponent is the one that may be 0.
  const onTeacher = Math.abs(alpha) >= Math.abs(beta);
  const [large, small, sign, base] = onTeacher ? [alpha, beta, 1, logP] : [beta, alpha, -1, logQ];
  const exponents: Tensor3D = tf.mul(tf.expandDims(r, 0), tf.tensor3d([sign * s, sign * small, -alpha], [3, 1, 1]));
  const { first, second } = exponentialQuotients(exponents);
  const [psiSum, psiSmall] = tf.unstack(second) as [Tensor2D, Tensor2D];
  const ratio = large === 0 ? 0 : small / large;
  const curvature = tf.sub(tf.mul(psiSum, 1 + ratio), tf.mul(psiSmall, ratio));
  const terms = tf.mul(tf.mul(tf.exp(tf.mul(base, s)), tf.square(r)), curvature);

  const quotient = tf.neg(tf.mul(r, tf.unstack(first)[2]!));
  const pull = tf.mul(tf.exp(tf.mul(logQ, s)), quotient);
  const gradient = tf.sub(tf.mul(q, tf.sum(pull, -1, true)), pull);
  const factor = compatFactor(options.compat, alpha, beta);
  return { divergence: tf.mul(tf.sum(terms, -1), factor), gradient: tf.mul(gradient, factor / temperature) };
}

interface LogProbabilities {
  /** ln p and ln q, clamped. */
  readonly logP: Tensor2D;
  readonly logQ: Tensor2D;
  /** ln q - ln p, clamped. */
  readonly r: Tensor2D;
  /** Not clamped: sums to 1. */
  readonly q: Tensor2D;
}

function logProbabilities(options: DivergenceOptions, studentLogits: Tensor2D): LogProbabilities {
  const { alpha, beta, temperature } = options;
  const teacher = logSoftmaxParts(options.teacherLogits, temperature);
  const student = logSoftmaxParts(studentLogits, temperature);
  const negative = Math.max(0, -alpha) + Math.max(0, -beta);
  const steepest = Math.max(Math.abs(alpha), Math.abs(beta), Math.abs(alpha + beta), negative);
  // 0.01 gives the limit a finite value at (0, 0), out of reach of any logit.
  const limit = -maxExponent / Math.max(steepest, 0.01);
  const exactLogP: Tensor2D = tf.sub(teacher.shifted, teacher.logTotal);
  const exactLogQ: Tensor2D = tf.sub(student.shifted, student.logTotal);
  const logP: Tensor2D = tf.maximum(exactLogP, limit);
  const logQ: Tensor2D = tf.maximum(exactLogQ, limit);
  // Logits first: ln q - ln p would round each term to 1e-7, which is much where the student nearly equals the teacher.
  const fine: Tensor2D = tf.sub(tf.sub(student.shifted, teacher.shifted), tf.sub(student.logTotal, teacher.logTotal));
  const inside = tf.greaterEqual(tf.minimum(exactLogP, exactLogQ), limit);
  const clamped: Tensor2D = tf.sub(logQ, logP);
  return { logP, logQ, r: tf.where<Tensor2D>(inside, fine, clamped), q: tf.exp(exactLogQ) };
}

/** z / T less its largest, `[batch, classes]`, and ln of the sum of its exponentials, `[batch, 1]`. */
function logSoftmaxParts(logits: Tensor2D, temperature: number): { shifted: Tensor2D; logTotal: Tensor2D } {
  const scaled = tf.div(logits, temperature);
  const shifted: Tensor2D = tf.sub(scaled, tf.max(scaled, -1, true));
  return { shifted, logTotal: tf.log(tf.sum(tf.exp(shifted), -1, true)) };
}
