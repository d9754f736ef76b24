/** What `abkd doctor` measures on a backend: rates that tell its speed at training small networks. */
import type { Tensor, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ActiveBackend } from './backend.ts';

/** A rate is taken over at least this time, milliseconds, and over one run at least. */
const measuredMs = 300;

/** Sizes that keep the device busy: a processor is at its speed with small ones, a GPU is not. */
const sizes = {
  cpu: { matrix: 384, images: 16, trained: 64 },
  cuda: { matrix: 4096, images: 256, trained: 512 },
  webgpu: { matrix: 2048, images: 128, trained: 256 },
} as const;

/** How large the work is. */
export type Load = keyof typeof sizes;

/** A processor that stands in for a GPU is given a processor's work. */
export function loadFor({ deviceKind, isHardware }: ActiveBackend): Load {
  return isHardware ? deviceKind : 'cpu';
}

/** 10^9 floating-point operations a second of a square matrix product, an addition and a multiplication counted as two. */
export async function measureMatmulGflops(load: Load): Promise<number> {
  const n = sizes[load].matrix;
  const [a, b] = [tf.randomNormal([n, n], 0, 1, 'float32', 1), tf.randomNormal([n, n], 0, 1, 'float32', 2)];
  const perSec = await runsPerSec(() => tf.matMul(a, b));
  tf.dispose([a, b]);
  return (perSec * 2 * n ** 3) / 1e9;
}

/** The same for a 3x3 convolution of 32 to 32 channels on 16x16 images. */
export async function measureConvForwardGflops(load: Load): Promise<number> {
  const { images } = sizes[load];
  const x = tf.randomNormal([images, 16, 16, 32], 0, 1, 'float32', 1) as Tensor4D;
  const filter = tf.randomNormal([3, 3, 32, 32], 0, 1, 'float32', 2) as Tensor4D;
  const perSec = await runsPerSec(() => tf.conv2d(x, filter, 1, 'same'));
  tf.dispose([x, filter]);
  return (perSec * 2 * images * 16 * 16 * 9 * 32 * 32) / 1e9;
}

/** How fast a CNN of two convolutions and a dense layer trains on 28x28 images, and whether its loss falls. */
export async function measureTraining(
  load: Load,
): Promise<{ readonly trainsConv: boolean; readonly imagesPerSec: number }> {
  const batch = sizes[load].trained;
  const images = tf.randomNormal([batch, 28, 28, 1], 0, 1, 'float32', 3) as Tensor4D;
  const labels = tf.oneHot(
    Array.from({ length: batch }, (_, i) => i % 10),
    10,
  );
  const weights = createWeights();
  const losses: number[] = [];
  const perSec = await runsPerSec(
    () => trainStep(weights, images, labels),
    (loss) => losses.push(loss),
  );
  tf.dispose([images, labels, ...weights]);
  const [first, last] = [losses[0]!, losses.at(-1)!];
  return { trainsConv: Number.isFinite(last) && last < first, imagesPerSec: perSec * batch };
}

function createWeights(): readonly Variable[] {
  const shapes = [
    [3, 3, 1, 8],
    [3, 3, 8, 16],
    [7 * 7 * 16, 10],
  ];
  return shapes.map((shape, i) => {
    const inputs = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
    return tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, Math.sqrt(2 / inputs), 'float32', 10 + i)));
  });
}

/** One step of gradient descent; the loss before it, which the caller disposes. */
function trainStep(weights: readonly Variable[], images: Tensor4D, labels: Tensor): Tensor {
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => crossEntropy(weights, images, labels), [...weights]);
    for (const weight of weights) weight.assign(tf.sub(weight, tf.mul(grads[weight.name]!, 0.005)));
    return value;
  });
}

function crossEntropy([first, second, dense]: readonly Variable[], images: Tensor4D, labels: Tensor): tf.Scalar {
  const one = tf.maxPool(tf.relu(tf.conv2d(images, first as unknown as Tensor4D, 1, 'same')), 2, 2, 'valid');
  const two = tf.maxPool(tf.relu(tf.conv2d(one, second as unknown as Tensor4D, 1, 'same')), 2, 2, 'valid');
  const logits = tf.matMul(tf.reshape(two, [images.shape[0], -1]), dense!);
  return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1)));
}

/** Runs `work` until the time is over, after one run that warms it up; reads its results, so that all of it is done. */
async function runsPerSec(work: () => Tensor, onValue: (first: number) => void = () => undefined): Promise<number> {
  await finish(work(), onValue);
  const started = performance.now();
  let runs = 0;
  do {
    await finish(work(), onValue);
    runs++;
  } while (performance.now() - started < measuredMs);
  return runs / ((performance.now() - started) / 1000);
}

async function finish(result: Tensor, onValue: (first: number) => void): Promise<void> {
  const first = tf.tidy(() => tf.slice(tf.reshape(result, [-1]), 0, 1));
  onValue((await first.data())[0]!);
  tf.dispose([result, first]);
}
