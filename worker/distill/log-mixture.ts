import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { exponentialQuotients } from './exponential-quotients.ts';

/**
 * ln(share + (1 - share) e^x) elementwise, share in [0, 1): with x = ln b - ln a, the logarithm of how many times `a` the
 * mixture share a + (1 - share) b is. Accurate to float32 relative to the result, also where x is small and the result
 * with it. Leaves its intermediate tensors to the caller's tidy scope; not differentiable.
 */
export function logMixture(x: Tensor2D, share: number): Tensor2D {
  const isLarger = tf.greater(x, 0);
  // The larger of the two is taken out, the rest is ln(1 + c (e^y - 1)) with y <= 0 and c the share of the smaller one.
  const y = tf.neg(tf.abs(x));
  const c = tf.where(isLarger, tf.fill(x.shape, share), tf.fill(x.shape, 1 - share));
  const growth = tf.mul(c, tf.mul(y, exponentialQuotients(y).first));
  const near = tf.add(growth, 1);
  // Kahan's ln(1 + g): what 1 + g loses by rounding, the quotient loses as well.
  const rounded = tf.equal(near, 1);
  const divisor = tf.where(rounded, tf.onesLike(near), tf.sub(near, 1));
  const small = tf.where(rounded, growth, tf.div(tf.mul(growth, tf.log(near)), divisor));
  const large = tf.log(tf.add(tf.sub(1, c), tf.mul(c, tf.exp(y))));
  return tf.add(tf.relu(x), tf.where(tf.greater(growth, -0.5), small, large));
}

/** e^t - 1 - t elementwise, without cancellation. */
export function excess(t: Tensor2D): Tensor2D {
  return tf.mul(tf.square(t), exponentialQuotients(t).second);
}
