/** Gradients of matrix products, convolutions, pooling and batch normalisation. */
import type { GradConfig, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type BatchNormAttributes, BatchNormTrain, batchNormTrainGrad } from '../training-kernels/kernels.ts';
import { gradient, sumToShape } from './gradient.ts';

interface ProductAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

interface WindowAttributes {
  readonly strides: number | [number, number];
  readonly pad: tf.backend_util.ExplicitPadding | 'same' | 'valid' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dilations: number | [number, number];
  readonly filterSize: number | [number, number];
}

/** Runs the kernel that a backend has for a gradient; these are no operations of tfjs's public interface. */
function runKernel(name: string, inputs: Record<string, Tensor>, attrs: object): Tensor {
  return tf.engine().runKernel(name, inputs as NamedTensorMap, attrs as tf.NamedAttrMap);
}

/** With A = op(a), B = op(b): dA = dy B', dB = A' dy, each transposed where its operand was. */
const product = gradient<ProductAttributes>(
  tf.BatchMatMul,
  { inputs: ['a', 'b'] },
  (dy, [a, b], { transposeA, transposeB }) => ({
    a: () =>
      sumToShape(transposeA ? tf.matMul(b!, dy, transposeB, true) : tf.matMul(dy, b!, false, !transposeB), a!.shape),
    b: () =>
      sumToShape(transposeB ? tf.matMul(dy, a!, true, transposeA) : tf.matMul(a!, dy, !transposeA, false), b!.shape),
  }),
);

function assertNoDilation(kernel: string, { dilations }: WindowAttributes): void {
  if ([dilations ?? 1].flat().some((dilation) => dilation !== 1)) {
    throw new Error(`Cannot differentiate ${kernel} with dilations ${dilations}, expected 1`);
  }
}

/** Forward, tfjs divides by the pixels inside the image, backward by those of the whole window: wrong at the border. */
function assertNoPoolPadding(x: Tensor, { filterSize, strides, pad, dimRoundingMode }: WindowAttributes): void {
  const shape = x.shape as [number, number, number, number];
  const { padInfo } = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  if (padInfo.top + padInfo.bottom + padInfo.left + padInfo.right > 0) {
    throw new Error(`Cannot differentiate average pooling with padding ${JSON.stringify(pad)}, expected none`);
  }
}

function convolution(kernelName: string, inputKernel: string, filterKernel: string): GradConfig {
  return gradient<WindowAttributes>(kernelName, { inputs: ['x', 'filter'] }, (dy, [x, filter], attrs) => {
    assertNoDilation(kernelName, attrs);
    return {
      x: () => runKernel(inputKernel, { dy, filter: filter! }, { ...attrs, inputShape: x!.shape }),
      filter: () => runKernel(filterKernel, { x: x!, dy }, { ...attrs, filterShape: filter!.shape }),
    };
  });
}

/**
 * The statistics are inputs of their own: what depends on them through x is the caller's graph.
 * Needs a scale and an offset: tfjs cannot save an input that is not given.
 */
const batchNorm = gradient<{ readonly varianceEpsilon: number }>(
  tf.FusedBatchNorm,
  { inputs: ['x', 'mean', 'variance', 'scale'] },
  (dy, [x, mean, variance, scale], { varianceEpsilon }) => {
    const inverse = tf.rsqrt(tf.add(variance!, varianceEpsilon));
    const centred = tf.sub(x!, mean!);
    const scaled = tf.mul(dy, tf.mul(inverse, scale!));
    return {
      x: () => tf.clone(scaled),
      mean: () => sumToShape(tf.neg(scaled), mean!.shape),
      variance: () => sumToShape(tf.mul(tf.mul(scaled, centred), tf.mul(tf.square(inverse), -0.5)), variance!.shape),
      scale: () => sumToShape(tf.mul(dy, tf.mul(centred, inverse)), scale!.shape),
      offset: () => sumToShape(dy, mean!.shape),
    };
  },
);

/** Of y alone; mean and variance, which it keeps, count as constants. */
const batchNormTrain: GradConfig = {
  kernelName: BatchNormTrain,
  inputsToSave: ['x', 'scale'],
  outputsToSave: [false, true, true],
  gradFunc: (upstream, saved, attrs) => {
    const [dy] = upstream as Tensor[];
    const [x, scale, mean, variance] = saved as [Tensor, Tensor, Tensor, Tensor];
    const { epsilon } = attrs as unknown as BatchNormAttributes;
    const [dx, dscale, doffset] = batchNormTrainGrad({ dy: dy!, x, scale, mean, variance }, { epsilon });
    return { x: () => dx, scale: () => dscale, offset: () => doffset };
  },
};

export const layerGradients: readonly GradConfig[] = [
  product,
  convolution(tf.Conv2D, tf.Conv2DBackpropInput, tf.Conv2DBackpropFilter),
  convolution(tf.DepthwiseConv2dNative, tf.DepthwiseConv2dNativeBackpropInput, tf.DepthwiseConv2dNativeBackpropFilter),
  gradient<WindowAttributes>(tf.MaxPool, { inputs: ['x'], output: true }, (dy, [x, y], attrs) => ({
    x: () => runKernel(tf.MaxPoolGrad, { dy, input: x!, output: y! }, attrs),
  })),
  gradient<WindowAttributes>(tf.AvgPool, { inputs: ['x'] }, (dy, [x], attrs) => {
    assertNoPoolPadding(x!, attrs);
    return { x: () => runKernel(tf.AvgPoolGrad, { dy, input: x! }, attrs) };
  }),
  batchNorm,
  batchNormTrain,
];
