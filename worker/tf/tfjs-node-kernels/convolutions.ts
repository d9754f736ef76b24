/**
 * Convolutions and their gradients by TensorFlow's operations of the same names. tfjs-node calls them too, but refuses
 * padding given as a number, and in gradients any but 'same' and 'valid'.
 */
import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type AttributeValue, asKernelFunc, attributes, type KernelCall } from './backend-access.ts';

type Shape4D = [number, number, number, number];
type Pair = number | [number, number];

/** What tfjs passes. A gradient has the shape of what it is of, where the operation itself has the tensor. */
interface ConvolutionAttributes {
  readonly strides: Pair;
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: Pair | null;
  readonly inputShape?: Shape4D;
  readonly filterShape?: Shape4D;
}

type Inputs = Readonly<Partial<Record<'x' | 'filter' | 'dy', TensorInfo>>>;

/** What TensorFlow takes, in order. */
const operands = {
  value: ['x', 'filter'],
  ofInput: ['shape', 'filter', 'dy'],
  ofFilter: ['x', 'shape', 'dy'],
} as const;

export function convolutions(): readonly KernelConfig[] {
  return [
    convolution(tf.Conv2D, operands.value),
    convolution(tf.Conv2DBackpropInput, operands.ofInput),
    convolution(tf.Conv2DBackpropFilter, operands.ofFilter),
    convolution(tf.DepthwiseConv2dNative, operands.value),
    convolution(tf.DepthwiseConv2dNativeBackpropInput, operands.ofInput),
    convolution(tf.DepthwiseConv2dNativeBackpropFilter, operands.ofFilter),
  ];
}

function convolution(kernelName: string, order: (typeof operands)[keyof typeof operands]): KernelConfig {
  const isDepthwise = kernelName.startsWith('Depthwise');
  function kernel({ backend, inputs, attrs }: KernelCall<Inputs, ConvolutionAttributes>): TensorInfo {
    const shape = tf.tensor1d(attrs.inputShape ?? attrs.filterShape ?? [], 'int32');
    const values = order.map((operand) => (operand === 'shape' ? shape : inputs[operand]!));
    const window = attributes(backend, windowOf(inputs, attrs, isDepthwise));
    const result = backend.executeSingleOutput(kernelName, window, values);
    shape.dispose();
    return result;
  }
  return { kernelName, backendName: 'tensorflow', kernelFunc: asKernelFunc(kernel) };
}

function windowOf(
  { x, filter }: Inputs,
  attrs: ConvolutionAttributes,
  isDepthwise: boolean,
): Readonly<Record<string, AttributeValue>> {
  const { strides, pad, dimRoundingMode, dataFormat = 'NHWC', dilations } = attrs;
  if (dataFormat !== 'NHWC') throw new Error(`Cannot convolve images as ${dataFormat}, expected NHWC`);
  const info = tf.backend_util.computeConv2DInfo(
    attrs.inputShape ?? (x!.shape as Shape4D),
    attrs.filterShape ?? (filter!.shape as Shape4D),
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    isDepthwise,
  );
  const { type, top, bottom, left, right } = info.padInfo;
  const isNamed = type === 'SAME' || type === 'VALID';
  return {
    T: { type: 'float32' },
    strides: { ints: [1, info.strideHeight, info.strideWidth, 1] },
    padding: { text: isNamed ? type : 'EXPLICIT' },
    explicit_paddings: { ints: isNamed ? [] : [0, 0, top, bottom, left, right, 0, 0] },
    data_format: { text: dataFormat },
    dilations: { ints: [1, info.dilationHeight, info.dilationWidth, 1] },
  };
}
