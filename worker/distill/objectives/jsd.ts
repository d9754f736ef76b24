import * as tf from '@tensorflow/tfjs-core';
import { excess, logMixture } from '../log-mixture.ts';
import { softmaxPair, throughSoftmax } from '../softmax-pair.ts';
import type { Divergence } from './contract.ts';

/**
 * The generalised Jensen-Shannon divergence w KL(p || m) + (1 - w) KL(q || m) with m = w p + (1 - w) q and w the
 * teacher's share; w = 1/2 is the Jensen-Shannon divergence itself. The code of arXiv 2505.04560 compares with w = 0.9.
 *
 * With t = ln(m / p) and u = ln(m / q), KL(p || m) = sum p (e^t - 1 - t), since m and p both sum to 1, and the slope
 * with respect to q is -(1 - w) u.
 *
 * @see Agarwal et al., "On-Policy Distillation of Language Models" (GKD), arXiv 2306.13649, section 2
 */
export const jsd: Divergence<'jsd'> = ({ temperature, teacherShare }, batch) => {
  const { logP, logQ, r, q } = softmaxPair({ ...batch, temperature });
  const t = logMixture(r, teacherShare);
  const u = logMixture(tf.neg(r), 1 - teacherShare);
  const toTeacher = tf.mul(tf.mul(tf.exp(logP), excess(t)), teacherShare);
  const toStudent = tf.mul(tf.mul(tf.exp(logQ), excess(u)), 1 - teacherShare);
  return {
    values: tf.sum(tf.add(toTeacher, toStudent), -1),
    gradient: throughSoftmax(tf.mul(tf.mul(q, u), teacherShare - 1), q, temperature),
  };
};
