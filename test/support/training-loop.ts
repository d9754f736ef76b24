import type { Rank, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '../../core/random.ts';

/** What a training run on the present backend left behind. */
export interface TrainingTrace {
  readonly losses: readonly number[];
  /** Tensors after the second step and after the last. */
  readonly tensors: readonly [number, number];
}

const batch = 12;
const classes = 5;

/**
 * Trains a CNN with every kind of layer that our models have (convolutions of 5x5, 3x3 with stride 2 and 1x1, depthwise,
 * max and mean pooling, dense) by gradient descent. The same numbers go in on every backend.
 */
export async function runTrainingLoop(steps: number): Promise<TrainingTrace> {
  const images = tf.tensor4d(draw('images', batch * 12 * 12 * 2, 1), [batch, 12, 12, 2]);
  const labels = tf.oneHot(
    Array.from({ length: batch }, (_, i) => i % classes),
    classes,
  ) as Tensor2D;
  const weights = createWeights();
  const losses: number[] = [];
  let early = 0;
  for (let step = 0; step < steps; step++) {
    const loss = trainStep(weights, images, labels);
    losses.push((await loss.data())[0]!);
    loss.dispose();
    if (step === 1) early = tf.memory().numTensors;
  }
  const late = tf.memory().numTensors;
  tf.dispose([images, labels, ...weights]);
  return { losses, tensors: [early, late] };
}

const shapes = [
  [5, 5, 2, 8],
  [3, 3, 8, 12],
  [3, 3, 12, 1],
  [1, 1, 12, 16],
  [16, classes],
];

function createWeights(): readonly Variable[] {
  return shapes.map((shape, i) => {
    // A depthwise filter sums over its own channel alone.
    const fanIn = i === 2 ? 9 : shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
    const size = shape.reduce((product, extent) => product * extent, 1);
    return tf.tidy(() => tf.variable(tf.tensor<Rank>(draw(`weights ${i}`, size, Math.sqrt(2 / fanIn)), shape)));
  });
}

function draw(label: string, size: number, deviation: number): Float32Array {
  const random = createRandom(3).split(label);
  return Float32Array.from({ length: size }, () => deviation * random.normal());
}

function trainStep(weights: readonly Variable[], images: Tensor4D, labels: Tensor2D): tf.Scalar {
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => meanLoss(weights, images, labels), [...weights]);
    for (const weight of weights) weight.assign(tf.sub(weight, tf.mul(grads[weight.name]!, 0.1)));
    return value;
  });
}

function meanLoss(weights: readonly Variable[], images: Tensor4D, labels: Tensor2D): tf.Scalar {
  const [wide, strided, depthwise, point] = weights.slice(0, 4) as unknown as [Tensor4D, Tensor4D, Tensor4D, Tensor4D];
  const first = tf.maxPool(tf.relu(tf.conv2d(images, wide, 1, 'same')), 3, 2, 'same');
  const second = tf.relu(tf.conv2d(first, strided, 2, 'same'));
  const third = tf.relu(tf.conv2d(tf.depthwiseConv2d(second, depthwise, 1, 'same'), point, 1, 'valid'));
  const logits: Tensor2D = tf.matMul(tf.reshape(tf.avgPool(third, 3, 3, 'valid'), [batch, 16]), weights[4] as Variable);
  return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1)));
}
