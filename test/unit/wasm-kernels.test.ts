import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { loadCpu } from '../../worker/tf/cpu.ts';
import { registerGradients } from '../../worker/tf/gradients/registry.ts';
import { registerComposedKernels } from '../../worker/tf/training-kernels/composed.ts';
import { loadWasm } from '../../worker/tf/wasm.ts';
import { type Array64, array64, conv2d, differentiate } from '../support/float64-reference.ts';
import { runTrainingLoop } from '../support/training-loop.ts';

// Two backends in one process, to compare them: what the product never does.
beforeAll(async () => {
  tf.enableProdMode();
  registerGradients();
  await loadCpu();
  await loadWasm();
  for (const name of ['cpu', 'wasm']) registerComposedKernels(name);
});

it('a CNN trains on wasm with the losses that it has on cpu, and leaves no tensor behind', async () => {
  await tf.setBackend('cpu');
  const expected = await runTrainingLoop(8);
  await tf.setBackend('wasm');
  const actual = await runTrainingLoop(8);
  expect(expected.losses[7]!).toBeLessThan(0.9 * expected.losses[0]!);
  for (const [step, loss] of actual.losses.entries()) {
    expect(Math.abs(loss / expected.losses[step]! - 1)).toBeLessThan(1e-4);
  }
  expect(actual.tensors[1]).toBe(actual.tensors[0]);
});

it('training on wasm keeps its heap at the size that it has after two steps', async () => {
  await tf.setBackend('wasm');
  const backend = tf.backend() as BackendWasm;
  const heapBytes = () => (backend.wasm as unknown as { readonly HEAPU8: Uint8Array }).HEAPU8.byteLength;
  await runTrainingLoop(2);
  const [settledBytes, settledBuffers] = [heapBytes(), backend.numDataIds()];
  await runTrainingLoop(30);
  expect([heapBytes(), backend.numDataIds()]).toEqual([settledBytes, settledBuffers]);
});

it('the gradients of a convolution are right where its tiles are no multiple of those transformed at once', async () => {
  await tf.setBackend('wasm');
  // 49 tiles an image, 64 at once.
  const x = drawn('x', [3, 14, 14, 8]);
  const w = drawn('w', [3, 3, 8, 8]);
  const upstream = drawn('dy', [3, 14, 14, 8]);
  const gradients = await gradientsOf(x.tensor, w.tensor, upstream.tensor);
  const convolve = (a?: Array64, b?: Array64) => conv2d(a!, b!, { stride: 1, pad: 'same' });
  for (const [which, actual] of gradients.entries()) {
    const elements = [actual.length >> 1, actual.length - 9];
    const expected = differentiate(convolve, [x.reference, w.reference], which, upstream.reference, elements);
    const largest = actual.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const at of elements) expect(Math.abs(actual[at]! - expected.values[at]!) / largest).toBeLessThan(1e-5);
  }
});

function drawn(label: string, shape: readonly number[]) {
  const random = createRandom(11).split(label);
  const size = shape.reduce((product, extent) => product * extent, 1);
  const values = Float32Array.from({ length: size }, () => random.uniform() * 2 - 1);
  return { tensor: tf.tensor(values, [...shape]), reference: array64(shape, values) };
}

async function gradientsOf(x: Tensor, w: Tensor, dy: Tensor): Promise<readonly Float32Array[]> {
  const f = (a: Tensor, b: Tensor) => tf.conv2d(a as Tensor4D, b as Tensor4D, 1, 'same');
  const gradients = tf.grads(f)([x, w], dy);
  const values = await Promise.all(gradients.map((gradient) => gradient.data() as Promise<Float32Array>));
  tf.dispose([x, w, dy, ...gradients]);
  return values;
}
