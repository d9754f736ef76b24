import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Mean cross-entropy of logits `[batch, classes]` with classes `[batch]` int32, nats: a scalar, differentiable once with
 * respect to the logits by its closed form (softmax - onehot) / batch.
 */
export function crossEntropy(labels: Tensor1D, logits: Tensor2D): Scalar {
  const mean = tf.customGrad((input, save) => {
    const [batch, classes] = (input as Tensor2D).shape;
    const shifted = tf.sub(input as Tensor2D, tf.max(input as Tensor2D, -1, true));
    const logProbabilities = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
    const oneHot = tf.oneHot(labels, classes);
    (save as tf.GradSaveFunc)([tf.div(tf.sub(tf.exp(logProbabilities), oneHot), batch)]);
    return {
      value: tf.neg(tf.div(tf.sum(tf.mul(logProbabilities, oneHot)), batch)),
      gradFunc: (upstream: Tensor, saved: Tensor[]) => tf.mul(saved[0]!, upstream),
    };
  });
  return mean(logits) as Scalar;
}
