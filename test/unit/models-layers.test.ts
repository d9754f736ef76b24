import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import {
  avgPool3Stride2,
  type ConvSpec,
  convBatchNorm,
  convolution,
  shuffleChannels,
} from '../../worker/models/layers.ts';
import type { NetworkTensors } from '../../worker/models/network.ts';
import { initBackend } from '../../worker/tf/backend.ts';
import { avgPoolReference, convReference, type Maps, randomMaps, relativeError } from '../support/layers-reference.ts';

beforeAll(async () => {
  await initBackend('cpu');
});

const evaluation = { training: false };
const training = { training: true };
const toTensor = ({ values, shape }: Maps) => tf.tensor4d(Float32Array.from(values), [...shape]);

/** Tensors with random values, kept by name. */
function randomTensors(): { readonly network: NetworkTensors; readonly values: Map<string, Float32Array> } {
  const values = new Map<string, Float32Array>();
  const draw = (name: string, length: number) => {
    const seed = values.size + 1;
    // Positive, so that they serve as variances too.
    const drawn = Float32Array.from(randomMaps(seed, [1, 1, 1, length]).values, (value) => 0.5 + Math.abs(value));
    values.set(name, drawn);
    return drawn;
  };
  const network: NetworkTensors = {
    parameter: <Kind extends Tensor>(name: string, shape: readonly number[]) =>
      tf.tensor(
        draw(
          name,
          shape.reduce((a, b) => a * b, 1),
        ),
        [...shape],
      ) as Tensor as Kind,
    buffer: (name, length) => tf.variable(tf.tensor1d(draw(name, length))),
  };
  return { network, values };
}

const convolutions: readonly (ConvSpec & { readonly size: number })[] = [
  { kernel: 3, inputs: 3, outputs: 4, size: 5 },
  { kernel: 3, stride: 2, inputs: 3, outputs: 4, size: 6 },
  { kernel: 3, stride: 2, inputs: 3, outputs: 4, size: 7 },
  { kernel: 1, stride: 2, inputs: 3, outputs: 4, size: 6 },
  { kernel: 1, stride: 2, inputs: 3, outputs: 4, size: 7 },
  { kernel: 1, inputs: 6, outputs: 9, groups: 3, size: 4 },
  { kernel: 3, stride: 2, inputs: 6, outputs: 6, groups: 6, size: 6 },
  { kernel: 3, inputs: 6, outputs: 6, groups: 6, size: 5 },
];

test.each(convolutions)(
  'convolves like PyTorch: kernel $kernel, stride $stride, groups $groups, size $size',
  ({ size, ...spec }) => {
    const { network, values } = randomTensors();
    const { layer } = convolution(network, 'conv', spec);
    const x = randomMaps(7, [2, size, size, spec.inputs]);
    const y = layer(toTensor(x), evaluation);
    const expected = convReference(x, values.get('conv.weight')!, { stride: 1, groups: 1, ...spec });
    expect(y.shape).toEqual(expected.shape);
    expect(relativeError(y.dataSync(), expected.values)).toBeLessThan(1e-6);
  },
);

test.each([{ groups: 1 }, { groups: 2 }, { groups: 4 }])(
  'in evaluation a convolution takes over its normalisation, $groups groups',
  ({ groups }) => {
    const { network, values } = randomTensors();
    const spec = { inputs: 4, outputs: 4, kernel: 3, groups, bias: true };
    const layer = convBatchNorm(network, { conv: 'conv', norm: 'bn' }, spec);
    const x = randomMaps(8, [2, 4, 4, 4]);
    const y = layer(toTensor(x), evaluation).dataSync();

    const convolved = convReference(x, values.get('conv.weight')!, { ...spec, stride: 1 });
    const of = (name: string, c: number) => values.get(name)![c]!;
    const expected = convolved.values.map((value, i) => {
      const c = i % 4;
      const centred = value + of('conv.bias', c) - of('bn.running_mean', c);
      return (of('bn.weight', c) * centred) / Math.sqrt(of('bn.running_var', c) + 1e-5) + of('bn.bias', c);
    });
    // The bias of the convolution starts at zero; its random value here is part of the comparison.
    expect(relativeError(y, expected)).toBeLessThan(1e-5);
  },
);

test.each([5, 6])('average pooling counts the zeros around an image of %i pixels, as PyTorch does', (size) => {
  const x = randomMaps(9, [2, size, size, 2]);
  const y = avgPool3Stride2(toTensor(x), evaluation);
  const expected = avgPoolReference(x, { kernel: 3, stride: 2 });
  expect(y.shape).toEqual(expected.shape);
  expect(relativeError(y.dataSync(), expected.values)).toBeLessThan(1e-6);
});

test('a channel shuffle interleaves the groups', () => {
  const channels = tf.tensor4d([0, 1, 2, 3, 4, 5], [1, 1, 1, 6]);
  expect([...shuffleChannels(2)(channels, evaluation).dataSync()]).toEqual([0, 3, 1, 4, 2, 5]);
  expect([...shuffleChannels(3)(channels, evaluation).dataSync()]).toEqual([0, 2, 4, 1, 3, 5]);
});

test('gradients flow through strides, groups and pooling', () => {
  const { network } = randomTensors();
  const pieces = [
    convolution(network, 'strided', { inputs: 4, outputs: 4, kernel: 3, stride: 2 }).layer,
    convolution(network, 'depthwise', { inputs: 4, outputs: 4, kernel: 3, stride: 2, groups: 4 }).layer,
    convolution(network, 'grouped', { inputs: 4, outputs: 4, kernel: 1, groups: 2 }).layer,
    avgPool3Stride2,
  ];
  const [x, other] = [10, 11].map((seed) => toTensor(randomMaps(seed, [1, 4, 4, 4])));
  for (const piece of pieces) {
    const dy = toTensor(randomMaps(12, piece(x!, training).shape));
    const total = (image: Tensor) => tf.sum(tf.mul(piece(image as Tensor4D, training), dy));
    // Each is linear: the gradient at one image, along another, is the value of that other.
    const along = tf.sum(tf.mul(tf.grad(total)(x!), other!)).dataSync()[0]!;
    expect(along).toBeCloseTo(total(other!).dataSync()[0]!, 4);
  }
});
