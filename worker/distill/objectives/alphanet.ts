import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { abRows } from '../divergence.ts';
import type { Divergence } from './contract.ts';

/**
 * The larger of two alpha-divergences, D_AB^(a, 1 - a) and D_AB^(b, 1 - b), each a mean over the whole batch: the form
 * that ABKD compares with. a = -1 and b = 1 are AlphaNet's own, which chooses sample by sample and clips (p / q)^alpha at
 * 5.
 *
 * @see Wang et al., "AlphaNet: Improved Training of Supernets with Alpha-Divergence", arXiv 2102.07954
 *   (adaptive alpha-divergence), and its code, configs/train_alphanet_models.yml
 * @see arXiv 2505.04560, table 3, and its code, distillation_llm/distillm/losses.py
 */
export const alphanet: Divergence<'alphanet'> = ({ temperature, alphaMinus, alphaPlus }, batch) => {
  const low = abRows({ ...batch, temperature, alpha: alphaMinus, beta: 1 - alphaMinus });
  const high = abRows({ ...batch, temperature, alpha: alphaPlus, beta: 1 - alphaPlus });
  // 1 where the second is the larger one, else 0.
  const isHigh = tf.cast(tf.greater(tf.mean(high.values), tf.mean(low.values)), 'float32');
  const pick = <Rows extends Tensor1D | Tensor2D>(one: Rows, other: Rows): Rows =>
    tf.add(tf.mul(one, isHigh), tf.mul(other, tf.sub(1, isHigh)));
  return { values: pick(high.values, low.values), gradient: pick(high.gradient, low.gradient) };
};
