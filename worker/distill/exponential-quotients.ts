import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/** Taylor coefficients 1 / (n + 2)! of psi, highest power first. The first one left out is 1 / 12! = 2e-9. */
const coefficients = [
  1 / 39_916_800,
  1 / 3_628_800,
  1 / 362_880,
  1 / 40_320,
  1 / 5_040,
  1 / 720,
  1 / 120,
  1 / 24,
  1 / 6,
];

/**
 * first = (e^y - 1) / y and second = psi(y) = (e^y - 1 - y) / y^2, elementwise, each to float32 accuracy for every y
 * including 0 (where they are 1 and 1/2). Not through `expm1`: some backends lack it, others compute exp(y) - 1.
 * Leaves its intermediate tensors to the caller's tidy scope; not differentiable.
 */
export function exponentialQuotients(y: Tensor): { readonly first: Tensor; readonly second: Tensor } {
  // Below |y| = 1 the series, from there on the closed form, whose subtractions cost at most two bits.
  const isSmall = tf.less(tf.abs(y), 1);
  const series = coefficients.reduce<Tensor>((sum, c) => tf.add(tf.mul(sum, y), c), tf.zerosLike(y));
  const psi = tf.add(tf.mul(series, y), 0.5);
  const growth = tf.sub(tf.exp(y), 1);
  return {
    first: tf.where(isSmall, tf.add(tf.mul(psi, y), 1), tf.div(growth, y)),
    second: tf.where(isSmall, psi, tf.div(tf.sub(growth, y), tf.square(y))),
  };
}
