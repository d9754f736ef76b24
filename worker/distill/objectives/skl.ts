import * as tf from '@tensorflow/tfjs-core';
import { exponentialQuotients } from '../exponential-quotients.ts';
import { excess, logMixture } from '../log-mixture.ts';
import { softmaxPair, throughSoftmax } from '../softmax-pair.ts';
import type { Divergence } from './contract.ts';

/**
 * Skew KL, KL(p || m) with m = skew p + (1 - skew) q; skew 0 is forward KL.
 *
 * With t = ln(m / p) the value is sum p (e^t - 1 - t), and the slope with respect to q, up to a constant,
 * (1 - skew) (1 - e^-t).
 *
 * @see Ko et al., "DistiLLM: Towards Streamlined Distillation for Large Language Models", arXiv 2402.03898, section 3.1
 */
export const skl: Divergence<'skl'> = ({ temperature, skew }, batch) => {
  const { logP, r, q, logQ } = softmaxPair({ ...batch, temperature });
  const t = logMixture(r, skew);
  const slope = tf.mul(tf.mul(t, exponentialQuotients(tf.neg(t)).first), 1 - skew);
  // The clamped q keeps a pull on classes that the student has given up, as in `abRows`.
  return {
    values: tf.sum(tf.mul(tf.exp(logP), excess(t)), -1),
    gradient: throughSoftmax(tf.mul(tf.exp(logQ), slope), q, temperature),
  };
};
