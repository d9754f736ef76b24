/**
 * Batch normalisation over all but the last axis, as PyTorch's BatchNorm2d computes it:
 *
 *     y = gamma (x - mean) / sqrt(variance + eps) + beta
 *
 * In training, mean and variance are those of the batch (variance over n); the running statistics move by `momentum`
 * towards the batch's mean and its unbiased variance (over n - 1). In evaluation the running statistics are used.
 * @see Ioffe and Szegedy, "Batch Normalization", 2015
 */
import type { Tensor, Tensor1D, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { AbkdError } from '../../core/errors.ts';
import { ones, zeros } from './initial-values.ts';
import type { Layer, NetworkTensors } from './network.ts';

const momentum = 0.1;
const epsilon = 1e-5;

/** Evaluation as y = scale x + shift, per channel. */
export interface ChannelAffine {
  readonly scale: Tensor1D;
  readonly shift: Tensor1D;
}

export interface BatchNorm {
  readonly layer: Layer;
  /** What evaluation does to a channel, so that a convolution before can do it in its own weights. The caller tidies. */
  evaluation(): ChannelAffine;
}

/** Declares `name.weight`, `name.bias`, `name.running_mean` and `name.running_var`. */
export function batchNorm(tensors: NetworkTensors, name: string, channels: number): BatchNorm {
  const gamma = tensors.parameter<Tensor1D>(`${name}.weight`, [channels], ones);
  const beta = tensors.parameter<Tensor1D>(`${name}.bias`, [channels], zeros);
  const runningMean = tensors.buffer(`${name}.running_mean`, channels, 0);
  const runningVariance = tensors.buffer(`${name}.running_var`, channels, 1);
  const evaluation = () => {
    const scale = tf.mul(gamma, tf.rsqrt(tf.add(runningVariance, epsilon))) as Tensor1D;
    return { scale, shift: tf.sub(beta, tf.mul(runningMean, scale)) as Tensor1D };
  };
  const track = ({ mean, variance, count }: BatchStatistics) => {
    moveTowards(runningMean, mean);
    moveTowards(runningVariance, tf.mul(variance, count / (count - 1)));
  };
  const layer: Layer = (input, { training }) => {
    if (training) return normaliseByBatch(input, gamma, beta, track);
    const { scale, shift } = evaluation();
    return tf.add(tf.mul(input, scale), shift);
  };
  return { layer, evaluation };
}

interface BatchStatistics {
  readonly mean: Tensor;
  /** Over `count`. */
  readonly variance: Tensor;
  /** Values per channel. */
  readonly count: number;
}

/**
 * One operation with its own gradient, since the tape of the plain formula keeps six tensors of the input's size and
 * this keeps the input. With s = 1 / sqrt(variance + eps), g = gamma s, x̂ = (x - mean) s:
 *
 *     d beta = Σ dy;   d gamma = Σ dy x̂;   dx = g (dy - (d beta + x̂ d gamma) / n)
 */
function normaliseByBatch(
  input: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  track: (statistics: BatchStatistics) => void,
): Tensor4D {
  const count = assertSeveralValues(input);
  const operation = tf.customGrad((...args) => {
    const [x, weight, bias, save] = args as [Tensor4D, Tensor1D, Tensor1D, (saved: Tensor[]) => void];
    const mean = tf.div(sumPerChannel(x), count);
    const variance = tf.div(sumPerChannel(tf.squaredDifference(x, mean)), count);
    track({ mean, variance, count });
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    const scale = tf.mul(weight, inverse);
    save([x, mean, inverse, scale]);
    const value = tf.add(tf.mul(x, scale), tf.sub(bias, tf.mul(mean, scale)));
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => gradients(dy, saved, count) };
  });
  return operation(input, gamma, beta) as Tensor4D;
}

/** dx as dy g + x p + q with p and q per channel: two products of the input's size, not four. */
function gradients(dy: Tensor, saved: readonly Tensor[], count: number): Tensor[] {
  const [x, mean, inverse, scale] = saved as readonly [Tensor, Tensor, Tensor, Tensor];
  const dBeta = sumPerChannel(dy as Tensor4D);
  const centred = tf.sub(sumPerChannel(tf.mul(dy, x) as Tensor4D), tf.mul(mean, dBeta));
  const dGamma = tf.mul(centred, inverse);
  const p = tf.div(tf.mul(tf.mul(scale, inverse), dGamma), -count);
  const q = tf.sub(tf.div(tf.mul(scale, dBeta), -count), tf.mul(mean, p));
  return [tf.add(tf.add(tf.mul(dy, scale), tf.mul(x, p)), q), dGamma, dBeta];
}

/**
 * `[batch, height, width, channels]` to `[channels]` as two products with rows of ones: first over the images, then over
 * the positions. On WASM 0.2 ms where `tf.sum` takes 3 (64 × 32 × 32 × 16), and short sums lose fewer digits.
 */
function sumPerChannel(x: Tensor4D): Tensor1D {
  const [batch, height, width, channels] = x.shape;
  const positions = height * width;
  const overImages = tf.matMul(tf.ones([1, batch]), tf.reshape(x, [batch, positions * channels])) as Tensor2D;
  const total = tf.matMul(tf.ones([1, positions]), tf.reshape(overImages, [positions, channels]));
  return tf.reshape(total, [channels]);
}

function moveTowards(running: Variable, latest: Tensor): void {
  running.assign(tf.add(running, tf.mul(tf.sub(latest, running), momentum)));
}

/** The unbiased variance of one value does not exist. */
function assertSeveralValues(input: Tensor4D): number {
  const [batch, height, width] = input.shape;
  const count = batch * height * width;
  if (count > 1) return count;
  throw new AbkdError('INVALID_SPEC', `Cannot normalise a batch of ${count} value per channel: expected at least 2`);
}
