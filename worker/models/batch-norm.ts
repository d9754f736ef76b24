/**
 * Batch normalisation over all but the last axis, as PyTorch's BatchNorm2d computes it:
 *
 *     y = gamma (x - mean) / sqrt(variance + eps) + beta
 *
 * In training, mean and variance are those of the batch (variance over n); the running statistics move by `momentum`
 * towards the batch's mean and its unbiased variance (over n - 1). In evaluation the running statistics are used.
 * @see Ioffe and Szegedy, "Batch Normalization", 2015
 */
import type { Tensor, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { AbkdError } from '../../core/errors.ts';
import { batchNormTrain } from '../tf/training-kernels/kernels.ts';
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

function normaliseByBatch(
  x: Tensor4D,
  scale: Tensor1D,
  offset: Tensor1D,
  track: (statistics: BatchStatistics) => void,
): Tensor4D {
  const count = assertSeveralValues(x);
  const [y, mean, variance] = batchNormTrain({ x, scale, offset }, { epsilon });
  track({ mean, variance, count });
  return y as Tensor4D;
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
