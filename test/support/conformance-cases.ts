import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type ConformanceCase, elementwise } from './conformance-case.ts';
import { selectionCases } from './conformance-selection-cases.ts';
import { elementwiseCases, layoutCases, pairwiseCases } from './conformance-small-cases.ts';
import { trainingCases } from './conformance-training-cases.ts';
import * as reference from './float64-reference.ts';

const windows = [
  { stride: 1, pad: 'same' },
  { stride: 1, pad: 'valid' },
  { stride: 1, pad: 1 },
  { stride: 2, pad: 'same' },
  { stride: 2, pad: 'valid' },
  { stride: 2, pad: 1 },
] as const;

/** Channels that no SIMD register holds evenly, and whole tiles of them, which other kernels may compute. */
const convolutions = (
  [
    { size: 1, inputs: 3, outputs: 5 },
    { size: 3, inputs: 3, outputs: 5 },
    { size: 5, inputs: 3, outputs: 5 },
    { size: 1, inputs: 8, outputs: 16 },
    { size: 3, inputs: 8, outputs: 16 },
    { size: 3, inputs: 12, outputs: 9 },
  ] as const
).flatMap(({ size, inputs, outputs }) =>
  windows
    // Padding a 1x1 filter is no convolution that a network has; tfjs's own kernels disagree on it.
    .filter(({ pad }) => size > 1 || pad !== 1)
    .map(
      (window): ConformanceCase => ({
        title: `conv2d ${size}x${size}, ${inputs} to ${outputs}, stride ${window.stride}, padding ${window.pad}`,
        shapes: [
          [2, 7, 6, inputs],
          [size, size, inputs, outputs],
        ],
        compute: (x, w) =>
          tf.conv2d(x as Tensor4D, w as Tensor4D, window.stride, window.pad, 'NHWC', 1, roundingOf(window.pad)),
        reference: (x, w) => reference.conv2d(x!, w!, window),
      }),
    ),
);

const depthwise = windows.flatMap((window) =>
  [1, 2].map(
    (multiplier): ConformanceCase => ({
      title: `depthwise conv2d 3x3 x${multiplier}, stride ${window.stride}, padding ${window.pad}`,
      shapes: [
        [2, 7, 6, 3],
        [3, 3, 3, multiplier],
      ],
      compute: (x, w) =>
        tf.depthwiseConv2d(x as Tensor4D, w as Tensor4D, window.stride, window.pad, 'NHWC', 1, roundingOf(window.pad)),
      reference: (x, w) => reference.depthwiseConv2d(x!, w!, window),
    }),
  ),
);

/** What evaluation runs, where a convolution has taken over its normalisation: value only. */
const biased = (['same', 'valid'] as const).flatMap((pad): readonly ConformanceCase[] => {
  const window = { stride: 2, pad };
  const common = { shapes: [[2, 7, 6, 3], [3, 3, 3, 5], [5]], hasGradient: false };
  return [
    {
      ...common,
      title: `fused conv2d 3x3 and bias, stride 2, padding ${pad}`,
      compute: (x, filter, bias) =>
        tf.fused.conv2d({ x: x as Tensor4D, filter: filter as Tensor4D, bias: bias!, strides: 2, pad }),
      reference: (x, w, bias) => reference.addPerChannel(reference.conv2d(x!, w!, window), bias!),
    },
    {
      ...common,
      title: `fused conv2d 3x3 and bias, 8 to 8, stride 1, padding ${pad}`,
      shapes: [[2, 7, 6, 8], [3, 3, 8, 8], [8]],
      compute: (x, filter, bias) =>
        tf.fused.conv2d({ x: x as Tensor4D, filter: filter as Tensor4D, bias: bias!, strides: 1, pad }),
      reference: (x, w, bias) => reference.addPerChannel(reference.conv2d(x!, w!, { stride: 1, pad }), bias!),
    },
    {
      ...common,
      title: `fused depthwise conv2d 3x3 and bias, stride 2, padding ${pad}`,
      shapes: [[2, 7, 6, 5], [3, 3, 5, 1], [5]],
      compute: (x, filter, bias) =>
        tf.fused.depthwiseConv2d({ x: x as Tensor4D, filter: filter as Tensor4D, bias: bias!, strides: 2, pad }),
      reference: (x, w, bias) => reference.addPerChannel(reference.depthwiseConv2d(x!, w!, window), bias!),
    },
  ];
});

const pools = (['max', 'mean'] as const).flatMap((kind) =>
  (
    [
      { size: 2, stride: 2, pad: 'valid' },
      { size: 3, stride: 2, pad: 'same' },
      { size: 3, stride: 1, pad: 'same' },
    ] as const
  ).map(
    ({ size, ...window }): ConformanceCase => ({
      title: `${kind} pool ${size}x${size}, stride ${window.stride}, padding ${window.pad}`,
      shapes: [[2, 7, 6, 3]],
      compute: (x) => (kind === 'max' ? tf.maxPool : tf.avgPool)(x as Tensor4D, size, window.stride, window.pad),
      reference: (x) => reference.pool(kind, x!, size, window),
      // Refused: see the gradient of AvgPool.
      hasGradient: kind === 'max' || window.pad === 'valid',
    }),
  ),
);

const products = [false, true].flatMap((transposeA) =>
  [false, true].map(
    (transposeB): ConformanceCase => ({
      title: `matMul, transposes ${transposeA}, ${transposeB}`,
      shapes: [transposeA ? [5, 7] : [7, 5], transposeB ? [6, 5] : [5, 6]],
      compute: (a, b) => tf.matMul(a as Tensor2D, b as Tensor2D, transposeA, transposeB),
      reference: (a, b) => reference.matMul(a!, b!, transposeA, transposeB),
    }),
  ),
);

const functions: readonly ConformanceCase[] = [
  elementwise('expm1', tf.expm1, Math.expm1),
  elementwise('expm1 near 0', tf.expm1, Math.expm1, [-2e-4, 2e-4]),
  elementwise('log1p', tf.log1p, Math.log1p, [-0.9, 3]),
  { ...elementwise('log1p near 0', tf.log1p, Math.log1p, [-2e-4, 2e-4]), notOn: ['webgpu'] },
  {
    title: 'softmax',
    shapes: [[5, 7]],
    range: [-4, 4],
    compute: (x) => tf.softmax(x as Tensor2D),
    reference: (x) => reference.map(reference.logSoftmax(x!), Math.exp),
  },
  {
    title: 'log-softmax',
    shapes: [[5, 7]],
    range: [-4, 4],
    compute: (x) => tf.logSoftmax(x as Tensor2D),
    reference: (x) => reference.logSoftmax(x!),
  },
  {
    title: 'batch normalisation from moments',
    shapes: [[3, 4, 4, 5], [5], [5]],
    compute: (x, scale, offset) => {
      const { mean, variance } = tf.moments(x!, [0, 1, 2]);
      return tf.batchNorm(x!, mean as Tensor1D, variance as Tensor1D, offset as Tensor1D, scale as Tensor1D, 1e-5);
    },
    reference: (x, scale, offset) => reference.batchNorm(x!, scale!, offset!, 1e-5),
  },
  {
    title: 'gather of rows, some twice',
    shapes: [[6, 4]],
    compute: (x) => tf.gather(x!, tf.tensor1d([5, 0, 0, 3, 5], 'int32')),
    reference: (x) => reference.gatherRows(x!, [5, 0, 0, 3, 5]),
  },
  {
    title: 'unsortedSegmentSum with an empty segment',
    shapes: [[5, 4]],
    compute: (x) => tf.unsortedSegmentSum(x!, tf.tensor1d([2, 0, 2, 3, 0], 'int32'), 4),
    reference: (x) => reference.segmentSum(x!, [2, 0, 2, 3, 0], 4),
    hasGradient: false,
  },
];

export const conformanceCases: readonly ConformanceCase[] = [
  ...convolutions,
  ...depthwise,
  ...biased,
  ...pools,
  ...products,
  ...functions,
  ...elementwiseCases,
  ...pairwiseCases,
  ...layoutCases,
  ...selectionCases,
  ...trainingCases,
];

/** tfjs wants a rounding mode where padding is a number. */
function roundingOf(pad: 'same' | 'valid' | number): 'floor' | undefined {
  return typeof pad === 'number' ? 'floor' : undefined;
}
