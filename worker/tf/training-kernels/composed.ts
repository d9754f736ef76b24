/** The training kernels out of tfjs's own operations, for backends that bring none of their own. */
import type { KernelFunc, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import {
  type BatchNormAttributes,
  BatchNormTrain,
  BatchNormTrainGrad,
  type BatchNormTrainGradInputs,
  type BatchNormTrainInputs,
  MomentumStep,
  type MomentumStepAttributes,
  type MomentumStepInputs,
  ReluGrad,
  type ReluGradInputs,
} from './kernels.ts';

/** Registers those that the backend of that name does not have. Call once its own are registered. */
export function registerComposedKernels(backendName: string): void {
  const kernels: Readonly<Record<string, KernelFunc>> = {
    [BatchNormTrain]: composed(batchNormTrain),
    [BatchNormTrainGrad]: composed(batchNormTrainGrad),
    [ReluGrad]: composed(reluGrad),
    [MomentumStep]: composed(momentumStep),
  };
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    if (!tf.getKernel(kernelName, backendName)) tf.registerKernel({ kernelName, backendName, kernelFunc });
  }
}

/** tfjs hands tensors to kernels and takes tensors from them, whatever its types say. */
function composed<Inputs, Attributes>(
  compute: (inputs: Inputs, attributes: Attributes) => Tensor | Tensor[],
): KernelFunc {
  return ({ inputs, attrs }) => tf.tidy(() => compute(inputs as Inputs, attrs as Attributes));
}

function batchNormTrain({ x, scale, offset }: BatchNormTrainInputs, { epsilon }: BatchNormAttributes): Tensor[] {
  const count = x.size / scale.size;
  const mean = tf.div(sumPerChannel(x), count);
  const variance = tf.div(sumPerChannel(tf.squaredDifference(x, mean)), count);
  const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)));
  return [tf.add(tf.mul(x, factor), tf.sub(offset, tf.mul(mean, factor))), mean, variance];
}

/** dx as dy g + x p + q with p and q per channel: two products of the input's size, not four. */
function batchNormTrainGrad(inputs: BatchNormTrainGradInputs, { epsilon }: BatchNormAttributes): Tensor[] {
  const { dy, x, scale, mean, variance } = inputs;
  const count = x.size / scale.size;
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const factor = tf.mul(scale, inverse);
  const doffset = sumPerChannel(dy);
  const dscale = tf.mul(tf.sub(sumPerChannel(tf.mul(dy, x)), tf.mul(mean, doffset)), inverse);
  const p = tf.div(tf.mul(tf.mul(factor, inverse), dscale), -count);
  const q = tf.sub(tf.div(tf.mul(factor, doffset), -count), tf.mul(mean, p));
  return [tf.add(tf.add(tf.mul(dy, factor), tf.mul(x, p)), q), dscale, doffset];
}

/**
 * `[batch, height, width, channels]` to `[channels]` as two products with rows of ones: first over the images, then over
 * the positions. Short sums lose fewer digits than one long one.
 */
function sumPerChannel(x: Tensor): Tensor1D {
  const [batch, height, width, channels] = (x as Tensor4D).shape;
  const positions = height * width;
  const overImages = tf.matMul(tf.ones([1, batch]), tf.reshape(x, [batch, positions * channels])) as Tensor2D;
  const total = tf.matMul(tf.ones([1, positions]), tf.reshape(overImages, [positions, channels]));
  return tf.reshape(total, [channels]);
}

function reluGrad({ dy, y }: ReluGradInputs): Tensor {
  return tf.mul(dy, tf.step(y));
}

function momentumStep(inputs: MomentumStepInputs, attributes: MomentumStepAttributes): Tensor[] {
  const { parameter, gradient, velocity } = inputs;
  const { lr, momentum, weightDecay } = attributes;
  const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, weightDecay));
  const moved = tf.add(tf.mul(velocity, momentum), decayed);
  return [tf.sub(parameter, tf.mul(moved, lr)), moved];
}
