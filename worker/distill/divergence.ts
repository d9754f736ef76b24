import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ObjectiveOf } from '../../core/objective.ts';
import { exponentialQuotients } from './exponential-quotients.ts';
import { differentiable, type RowLoss } from './row-loss.ts';
import { type LogitPair, softmaxPair, throughSoftmax } from './softmax-pair.ts';

type Compat = ObjectiveOf<'abkd'>['compat'];

export interface DivergenceOptions extends LogitPair {
  /** Exponent on the teacher. */
  readonly alpha: number;
  /** Exponent on the student. */
  readonly beta: number;
  /** `abkdRef` multiplies by the factors of the published code: see `compatFactor`. @default 'exact' */
  readonly compat?: Compat;
}

/** Largest exponent that is ever evaluated: e^60 = 1e26 leaves float32 (3e38) room for the factors beside it. */
const maxExponent = 60;

/** `abRows` as values of each sample, `[batch]`, differentiable once with respect to `studentLogits` alone. */
export function abDivergence(options: DivergenceOptions): Tensor1D {
  return differentiable(options.studentLogits, (studentLogits) => abRows({ ...options, studentLogits }));
}

/**
 * The AB divergence D(p || q) of each sample, with p and q the softmax of the logits at `temperature`; no factor T^2.
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
 * Leaves its intermediate tensors to the caller's tidy scope.
 *
 * @see Cichocki, Cruces, Amari, Entropy 13(1), 2011; ABKD (arXiv 2505.04560), Definition 4.1, Appendix B
 */
export function abRows(options: DivergenceOptions): RowLoss {
  const { alpha, beta, temperature, compat = 'exact' } = options;
  const s = alpha + beta;
  const { logP, logQ, r, q } = softmaxPair(options, floorFor(alpha, beta));
  // The base is the side with the larger exponent; the other exponent is the one that may be 0.
  const onTeacher = Math.abs(alpha) >= Math.abs(beta);
  const [large, small, sign, base] = onTeacher ? [alpha, beta, 1, logP] : [beta, alpha, -1, logQ];
  const exponents: Tensor3D = tf.mul(tf.expandDims(r, 0), tf.tensor3d([sign * s, sign * small, -alpha], [3, 1, 1]));
  const { first, second } = exponentialQuotients(exponents);
  const [psiSum, psiSmall] = tf.unstack(second) as [Tensor2D, Tensor2D];
  const ratio = large === 0 ? 0 : small / large;
  const curvature = tf.sub(tf.mul(psiSum, 1 + ratio), tf.mul(psiSmall, ratio));
  const terms = tf.mul(tf.mul(tf.exp(tf.mul(base, s)), tf.square(r)), curvature);

  // -q^beta phi
  const pushes: Tensor2D = tf.mul(tf.exp(tf.mul(logQ, s)), tf.mul(r, tf.unstack(first)[2]!));
  const factor = compatFactor(compat, alpha, beta);
  return {
    values: tf.mul(tf.sum(terms, -1), factor),
    gradient: tf.mul(throughSoftmax(pushes, q, temperature), factor),
  };
}

/**
 * What the published code's value is of the true one: on the axes and on alpha + beta = 0 it divides by alpha or beta
 * once instead of twice. Negative for alpha < 0 on alpha + beta = 0, where the published code maximises.
 * @see github.com/ghwang-s/abkd, standard_classification/distiller_zoo/abkl.py
 */
export function compatFactor(compat: Compat, alpha: number, beta: number): number {
  if (compat === 'exact' || (alpha === 0 && beta === 0)) return 1;
  if (beta === 0 || alpha + beta === 0) return alpha;
  return alpha === 0 ? beta : 1;
}

function floorFor(alpha: number, beta: number): number {
  const negative = Math.max(0, -alpha) + Math.max(0, -beta);
  const steepest = Math.max(Math.abs(alpha), Math.abs(beta), Math.abs(alpha + beta), negative);
  // 0.01 gives the floor a finite value at (0, 0), out of reach of any logit.
  return -maxExponent / Math.max(steepest, 0.01);
}
