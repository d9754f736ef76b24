/** Functions of one element, of two tensors that broadcast, and moves of elements: one case for each gradient of ours. */
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type ConformanceCase, elementwise } from './conformance-case.ts';
import { type Array64, at, fill } from './float64-reference.ts';

export const elementwiseCases: readonly ConformanceCase[] = [
  elementwise('relu', tf.relu, (x) => Math.max(0, x)),
  elementwise('relu6', tf.relu6, (x) => Math.min(6, Math.max(0, x)), [-4, 9]),
  elementwise(
    'leakyRelu',
    (x) => tf.leakyRelu(x, 0.1),
    (x) => (x < 0 ? 0.1 * x : x),
  ),
  elementwise('elu', tf.elu, (x) => (x < 0 ? Math.expm1(x) : x)),
  elementwise(
    'clipByValue',
    (x) => tf.clipByValue(x, -0.41, 0.32),
    (x) => Math.min(0.32, Math.max(-0.41, x)),
  ),
  elementwise(
    'neg of abs',
    (x) => tf.neg(tf.abs(x)),
    (x) => -Math.abs(x),
  ),
  elementwise('exp', tf.exp, Math.exp),
  elementwise('log', tf.log, Math.log, [0.1, 3]),
  elementwise('sqrt', tf.sqrt, Math.sqrt, [0.1, 3]),
  elementwise('rsqrt', tf.rsqrt, (x) => 1 / Math.sqrt(x), [0.1, 3]),
  elementwise('reciprocal', tf.reciprocal, (x) => 1 / x, [0.3, 3]),
  elementwise('square', tf.square, (x) => x * x),
  // WGSL promises sines to 2^-11 only.
  { ...elementwise('sin', tf.sin, Math.sin), notOn: ['webgpu'] },
  { ...elementwise('cos', tf.cos, Math.cos), notOn: ['webgpu'] },
  elementwise('sigmoid', tf.sigmoid, (x) => 1 / (1 + Math.exp(-x)), [-5, 5]),
  elementwise('tanh', tf.tanh, Math.tanh, [-3, 3]),
  elementwise('softplus', tf.softplus, (x) => Math.log1p(Math.exp(x)), [-5, 5]),
  elementwise(
    'cast there and back',
    (x) => tf.cast(tf.cast(x, 'float32'), 'float32'),
    (x) => x,
  ),
];

/** Of a tensor `[3, 4]` and a row `[4]`, which is broadcast. */
function pairwise(
  title: string,
  compute: (a: Tensor, b: Tensor) => Tensor,
  of: (a: number, b: number) => number,
  range: readonly [number, number] = [0.4, 2],
): ConformanceCase {
  return {
    title: `${title} with broadcasting`,
    shapes: [[3, 4], [4]],
    range,
    compute: (a, b) => compute(a!, b!),
    reference: (a, b) => fill([3, 4], ([i, j]) => of(at(a!, [i!, j!]), at(b!, [j!]))),
  };
}

export const pairwiseCases: readonly ConformanceCase[] = [
  pairwise('add', tf.add, (a, b) => a + b),
  pairwise('sub', tf.sub, (a, b) => a - b),
  pairwise('mul', tf.mul, (a, b) => a * b),
  pairwise('div', tf.div, (a, b) => a / b),
  pairwise('pow', tf.pow, (a, b) => a ** b),
  pairwise('squaredDifference', tf.squaredDifference, (a, b) => (a - b) ** 2),
  pairwise('maximum', tf.maximum, Math.max),
  pairwise('minimum', tf.minimum, Math.min),
  pairwise(
    'where by a comparison',
    (a, b) => tf.where(tf.less(a, b), tf.square(a), b),
    (a, b) => (a < b ? a * a : b),
  ),
  {
    title: 'addN',
    shapes: [[5], [5], [5]],
    compute: (...xs) => tf.addN([...xs]),
    reference: (a, b, c) => fill([5], ([i]) => at(a!, [i!]) + at(b!, [i!]) + at(c!, [i!])),
  },
];

/** Of one tensor `[3, 4, 5]`; `from` gives the element of the input behind each of the output, or null for 0. */
function moved(
  title: string,
  compute: (x: Tensor3D) => Tensor,
  shape: readonly number[],
  from: (index: readonly number[]) => readonly number[] | null,
): ConformanceCase {
  const reference = (x?: Array64) =>
    fill(shape, (index) => {
      const source = from(index);
      return source === null ? 0 : at(x!, source);
    });
  return { title, shapes: [[3, 4, 5]], compute: (x) => compute(x as Tensor3D), reference };
}

/** Of one tensor `[3, 4, 5]`: `of` combines the four elements along the middle axis. */
function reduced(
  title: string,
  compute: (x: Tensor3D) => Tensor,
  of: (values: readonly number[]) => number,
): ConformanceCase {
  const reference = (x?: Array64) => fill([3, 5], ([i, j]) => of([0, 1, 2, 3].map((k) => at(x!, [i!, k, j!]))));
  return { title, shapes: [[3, 4, 5]], compute: (x) => compute(x as Tensor3D), reference };
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

export const layoutCases: readonly ConformanceCase[] = [
  reduced('sum along an axis', (x) => tf.sum(x, 1), total),
  reduced(
    'mean along an axis',
    (x) => tf.mean(x, 1),
    (values) => total(values) / 4,
  ),
  reduced(
    'max along an axis',
    (x) => tf.max(x, 1),
    (values) => Math.max(...values),
  ),
  reduced(
    'min along an axis',
    (x) => tf.min(x, 1),
    (values) => Math.min(...values),
  ),
  reduced('sum of unstacked', (x) => tf.addN(tf.unstack(x, 1)), total),
  reduced('sum of split', (x) => tf.squeeze(tf.addN(tf.split(x, 4, 1)), [1]), total),
  moved(
    'transpose',
    (x) => tf.transpose(x, [2, 0, 1]),
    [5, 3, 4],
    ([a, b, c]) => [b!, c!, a!],
  ),
  moved(
    'reshape and expandDims',
    (x) => tf.expandDims(tf.reshape(x, [12, 5]), 1),
    [12, 1, 5],
    ([a, , c]) => [a! >> 2, a! & 3, c!],
  ),
  moved(
    'slice',
    (x) => tf.slice(x, [1, 0, 2], [2, -1, 3]),
    [2, 4, 3],
    ([a, b, c]) => [a! + 1, b!, c! + 2],
  ),
  moved('concat of unequal parts', concatenate, [3, 4, 5], ([a, b, c]) => [a!, (b! + 3) % 4, c!]),
  moved(
    'stack',
    (x) => tf.stack([x, tf.mul(x, 1)], 1),
    [3, 2, 4, 5],
    ([a, , c, d]) => [a!, c!, d!],
  ),
  moved('pad', padded, [5, 5, 5], ([a, b, c]) => (a! < 2 || b! > 3 ? null : [a! - 2, b!, c!])),
  moved(
    'tile',
    (x) => tf.tile(x, [2, 1, 3]),
    [6, 4, 15],
    ([a, b, c]) => [a! % 3, b!, c! % 5],
  ),
  moved('gather along the middle axis', gatherMiddle, [3, 3, 5], ([a, b, c]) => [a!, [3, 0, 3][b!]!, c!]),
];

/** The last of four, then the first three. */
function concatenate(x: Tensor3D): Tensor {
  return tf.concat([tf.slice(x, [0, 3, 0], [3, 1, 5]), tf.slice(x, [0, 0, 0], [3, 3, 5])], 1);
}

function padded(x: Tensor3D): Tensor {
  return tf.pad(x, [
    [2, 0],
    [0, 1],
    [0, 0],
  ]);
}

function gatherMiddle(x: Tensor3D): Tensor2D {
  return tf.gather(x, tf.tensor1d([3, 0, 3], 'int32'), 1) as unknown as Tensor2D;
}
