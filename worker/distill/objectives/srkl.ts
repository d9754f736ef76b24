import * as tf from '@tensorflow/tfjs-core';
import { exponentialQuotients } from '../exponential-quotients.ts';
import { excess, logMixture } from '../log-mixture.ts';
import { softmaxPair, throughSoftmax } from '../softmax-pair.ts';
import type { Divergence } from './contract.ts';

/**
 * Skew reverse KL, KL(q || m) with m = (1 - skew) p + skew q; skew 0 is reverse KL.
 *
 * With t = ln(m / q) the value is sum q (e^t - 1 - t), and the slope with respect to q, up to a constant,
 * -t - skew (e^-t - 1).
 *
 * @see Ko et al., "DistiLLM: Towards Streamlined Distillation for Large Language Models", arXiv 2402.03898, section 3.1
 */
export const srkl: Divergence<'srkl'> = ({ temperature, skew }, batch) => {
  const { logQ, r, q } = softmaxPair({ ...batch, temperature });
  const t = logMixture(tf.neg(r), skew);
  const slope = tf.mul(t, tf.sub(tf.mul(exponentialQuotients(tf.neg(t)).first, skew), 1));
  return {
    values: tf.sum(tf.mul(tf.exp(logQ), excess(t)), -1),
    gradient: throughSoftmax(tf.mul(q, slope), q, temperature),
  };
};
