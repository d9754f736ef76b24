import type { Tensor, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { type BatchNorm, batchNorm } from '../../worker/models/batch-norm.ts';
import type { NetworkTensors } from '../../worker/models/network.ts';
import { initBackend } from '../../worker/tf/backend.ts';
import { type Maps, normReference, randomMaps, relativeError } from '../support/layers-reference.ts';

const training = { training: true };
const gamma = [1.5, -0.5, 0.75];
const beta = [0.25, 2, -1];

beforeAll(async () => {
  await initBackend('cpu');
});

/** A batch norm of three channels and its tensors by name. */
function createNorm(): { readonly norm: BatchNorm; readonly tensors: ReadonlyMap<string, Variable> } {
  const tensors = new Map<string, Variable>();
  const declare = (name: string, values: number[]) => {
    const variable = tf.variable(tf.tensor1d(values));
    tensors.set(name, variable);
    return variable;
  };
  const network: NetworkTensors = {
    parameter: <Kind extends Tensor>(name: string) =>
      declare(name, name.endsWith('weight') ? gamma : beta) as Tensor as Kind,
    buffer: (name, length, initial) => declare(name, new Array<number>(length).fill(initial)),
  };
  return { norm: batchNorm(network, 'bn', gamma.length), tensors };
}

const toTensor = ({ values, shape }: Maps) => tf.tensor4d(Float32Array.from(values), [...shape]);

test.each([
  { where: 'around zero', mean: 0, tolerance: 2e-6 },
  // A float32 near 30 has five digits left for what it differs from 30 by.
  { where: 'far from zero', mean: 30, tolerance: 2e-5 },
])('in training agrees with a float64 reference in value and gradients, values $where', ({ mean, tolerance }) => {
  const x = randomMaps(1, [4, 5, 3, 3], mean);
  const dy = randomMaps(2, x.shape);
  const expected = normReference(x, gamma, beta, dy.values);
  const { norm, tensors } = createNorm();
  const inputs = [tf.variable(toTensor(x)), tensors.get('bn.weight')!, tensors.get('bn.bias')!];
  const { grads } = tf.variableGrads(
    () => tf.sum(tf.mul(norm.layer(inputs[0] as Tensor as Tensor4D, training), toTensor(dy))),
    inputs,
  );
  const [dx, dGamma, dBeta] = inputs.map(({ name }) => grads[name]!.dataSync());

  expect(relativeError(norm.layer(toTensor(x), training).dataSync(), expected.y)).toBeLessThan(tolerance);
  expect(relativeError(dx!, expected.dx)).toBeLessThan(tolerance);
  expect(relativeError(dGamma!, expected.dGamma)).toBeLessThan(tolerance);
  expect(relativeError(dBeta!, expected.dBeta)).toBeLessThan(tolerance);
});

test('each training pass moves the running statistics a tenth of the way to the mean and the unbiased variance', () => {
  const { norm, tensors } = createNorm();
  const first = randomMaps(3, [3, 2, 2, 3], 1);
  const second = randomMaps(4, [2, 4, 3, 3], -2);
  for (const batch of [first, second]) norm.layer(toTensor(batch), training);

  const [one, two] = [first, second].map((batch) => normReference(batch, gamma, beta, batch.values));
  const mean = gamma.map((_, c) => 0.9 * (0.1 * one!.mean[c]!) + 0.1 * two!.mean[c]!);
  const variance = gamma.map((_, c) => 0.9 * (0.9 + 0.1 * one!.unbiasedVariance[c]!) + 0.1 * two!.unbiasedVariance[c]!);
  expect(relativeError(tensors.get('bn.running_mean')!.dataSync(), mean)).toBeLessThan(1e-6);
  expect(relativeError(tensors.get('bn.running_var')!.dataSync(), variance)).toBeLessThan(1e-6);
});

test('evaluation uses the running statistics and leaves them alone', () => {
  const { norm, tensors } = createNorm();
  tensors.get('bn.running_mean')!.assign(tf.tensor1d([1, 2, 3]));
  tensors.get('bn.running_var')!.assign(tf.tensor1d([4, 9, 0.25]));
  const x = randomMaps(5, [2, 2, 2, 3]);
  const y = norm.layer(toTensor(x), { training: false });

  const deviations = [4, 9, 0.25].map((variance) => Math.sqrt(variance + 1e-5));
  const expected = x.values.map((value, i) => {
    const c = i % 3;
    return (gamma[c]! * (value - (c + 1))) / deviations[c]! + beta[c]!;
  });
  expect(relativeError(y.dataSync(), expected)).toBeLessThan(1e-6);
  expect([...tensors.get('bn.running_mean')!.dataSync()]).toEqual([1, 2, 3]);
  expect([...tensors.get('bn.running_var')!.dataSync()]).toEqual([4, 9, 0.25]);
});

test('refuses to train on one value per channel, whose variance does not exist', () => {
  const { norm } = createNorm();
  const single = toTensor(randomMaps(6, [1, 1, 1, 3]));
  expect(() => norm.layer(single, training)).toThrow('a batch of 1 value per channel: expected at least 2');
});
