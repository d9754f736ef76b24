import type { Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { abRows } from '../divergence.ts';
import { addRows, scaleRows } from '../row-loss.ts';
import { softmaxPair } from '../softmax-pair.ts';
import type { Divergence } from './contract.ts';

/**
 * Balanced divergence: of each sample a KL(p || q) + b KL(q || p), where a is `boost` if the teacher's entropy is the
 * higher one and b is `boost` if the student's is; else they are 1. So a student that is too sure is spread out, and one
 * that is not sure enough is sharpened. The weights are constants: no gradient passes through them. Entropies are those
 * of the distributions that are compared, at temperature T. The paper trains the teacher as well, which is fixed here.
 *
 * @see Amara et al., "BD-KD: Balancing the Divergences for Online Knowledge Distillation", arXiv 2212.12965
 * @see arXiv 2505.04560, table 3, and its code, distillation_llm/distillm/losses.py, where `boost` is 3
 */
export const bdkd: Divergence<'bdkd'> = ({ temperature, boost }, batch) => {
  const { logP, logQ } = softmaxPair({ ...batch, temperature });
  const surplus = tf.sub(entropyOf(logP), entropyOf(logQ));
  const weightWhere = (condition: tf.Tensor): Tensor1D =>
    tf.add<Tensor1D>(tf.mul(tf.cast(condition, 'float32'), boost - 1), 1);
  return addRows(
    scaleRows(abRows({ ...batch, temperature, alpha: 1, beta: 0 }), weightWhere(tf.greater(surplus, 0))),
    scaleRows(abRows({ ...batch, temperature, alpha: 0, beta: 1 }), weightWhere(tf.less(surplus, 0))),
  );
};

function entropyOf(logProbabilities: tf.Tensor): tf.Tensor {
  return tf.neg(tf.sum(tf.mul(tf.exp(logProbabilities), logProbabilities), -1));
}
