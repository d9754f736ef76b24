import * as tf from '@tensorflow/tfjs-core';
import { exponentialQuotients } from '../exponential-quotients.ts';
import { softmaxPair, throughSoftmax } from '../softmax-pair.ts';
import type { Divergence } from './contract.ts';

/**
 * Total variation distance, 1/2 sum |p - q|. Where p = q its slope is taken as 0.
 *
 * @see Wen et al., "f-Divergence Minimization for Sequence-Level Knowledge Distillation", arXiv 2307.15190 (TVD)
 */
export const tv: Divergence<'tv'> = ({ temperature }, batch) => {
  const { logP, logQ, r, q } = softmaxPair({ ...batch, temperature });
  // |p - q| as max(p, q) (1 - e^-|r|), which does not cancel where both are near.
  const drop = tf.mul(tf.abs(r), exponentialQuotients(tf.neg(tf.abs(r))).first);
  const distances = tf.mul(tf.exp(tf.maximum(logP, logQ)), drop);
  return {
    values: tf.mul(tf.sum(distances, -1), 0.5),
    gradient: throughSoftmax(tf.mul(tf.mul(q, tf.sign(r)), 0.5), q, temperature),
  };
};
