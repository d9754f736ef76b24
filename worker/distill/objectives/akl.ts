import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { abRows } from '../divergence.ts';
import { addRows, scaleRows } from '../row-loss.ts';
import { softmaxPair } from '../softmax-pair.ts';
import type { Divergence } from './contract.ts';

/**
 * Adaptive KL: of each sample w KL(p || q) + (1 - w) KL(q || p), where w is the share of the head in the error
 * sum |p - q|. The head are the teacher's most likely classes, as long as their probabilities together stay within
 * `headMass`, and at least the first. w is a constant: no gradient passes through it. Classes that are exactly as likely
 * as the head's last belong to the head as well (a sort would choose among them by chance).
 *
 * @see Wu et al., "Rethinking Kullback-Leibler Divergence in Knowledge Distillation for Large Language Models",
 *   arXiv 2404.02657; `headMass` is its mu, 0.5 there and in the code of arXiv 2505.04560,
 *   distillation_llm/distillm/losses.py, whose rule for the head this is
 */
export const akl: Divergence<'akl'> = ({ temperature, headMass }, batch) => {
  const share = headShare({ ...batch, temperature }, headMass);
  return addRows(
    scaleRows(abRows({ ...batch, temperature, alpha: 1, beta: 0 }), share),
    scaleRows(abRows({ ...batch, temperature, alpha: 0, beta: 1 }), tf.sub(1, share)),
  );
};

/** The head's share of the error, `[batch]` in [0, 1]; 0 where there is no error. */
function headShare(pair: Parameters<typeof softmaxPair>[0], headMass: number): Tensor1D {
  const { logP, q } = softmaxPair(pair);
  const p: Tensor2D = tf.exp(logP);
  const { values: descending } = tf.topk(p, p.shape[1], true);
  const isFirst = tf.less(tf.range(0, p.shape[1]), 1);
  const isHead = tf.logicalOr(tf.lessEqual(tf.cumsum(descending, 1), headMass), isFirst);
  const leastLikely = tf.min(tf.where(isHead, descending, tf.onesLike(p)), 1, true);
  const errors = tf.abs(tf.sub(p, q));
  const inHead = tf.where(tf.greaterEqual(p, leastLikely), errors, tf.zerosLike(p));
  return tf.divNoNan(tf.sum<Tensor1D>(inHead, 1), tf.sum<Tensor1D>(errors, 1)) as Tensor1D;
}
