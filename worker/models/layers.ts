/** The pieces that the networks have in common. Padding is PyTorch's: (kernel - 1) / 2 on every side. */
import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { batchNorm, type ChannelAffine } from './batch-norm.ts';
import { heNormal, type InitialRule, torchDefault, zeros } from './initial-values.ts';
import type { Layer, NetworkTensors } from './network.ts';

export interface ConvSpec {
  readonly inputs: number;
  readonly outputs: number;
  /** Odd. */
  readonly kernel: number;
  /** @default 1 */
  readonly stride?: number;
  /** 1, a divisor of inputs and outputs, or equal to both (depthwise). @default 1 */
  readonly groups?: number;
  /** With a bias, zero at first. @default false */
  readonly bias?: boolean;
  /** @default He's rule over the outputs, kernel² outputs */
  readonly initial?: InitialRule;
}

interface Convolution {
  readonly layer: Layer;
  /** The convolution followed by scale and shift, in one pass; for evaluation. */
  scaled(input: Tensor4D, affine: ChannelAffine): Tensor4D;
}

/** Declares `name.weight` and, with `bias`, `name.bias`. */
export function convolution(tensors: NetworkTensors, name: string, spec: ConvSpec): Convolution {
  const { inputs, outputs, kernel, groups = 1 } = spec;
  const rule = spec.initial ?? heNormal(kernel * kernel * outputs);
  const filter = tensors.parameter<Tensor4D>(`${name}.weight`, [kernel, kernel, inputs / groups, outputs], rule);
  const bias = spec.bias ? tensors.parameter<Tensor1D>(`${name}.bias`, [outputs], zeros) : null;
  return {
    layer: (input) => {
      const convolved = convolve(input, filter, spec, null);
      return bias === null ? convolved : tf.add(convolved, bias);
    },
    scaled: (input, { scale, shift }) => {
      const moved = bias === null ? shift : (tf.add(tf.mul(bias, scale), shift) as Tensor1D);
      return convolve(input, tf.mul(filter, scale) as Tensor4D, spec, moved);
    },
  };
}

/**
 * A convolution and the batch normalisation of its outputs. Evaluation multiplies the filters instead of the feature
 * maps: two passes over them less.
 */
export function convBatchNorm(
  tensors: NetworkTensors,
  names: { readonly conv: string; readonly norm: string },
  spec: ConvSpec,
): Layer {
  const conv = convolution(tensors, names.conv, spec);
  const norm = batchNorm(tensors, names.norm, spec.outputs);
  return (input, mode) =>
    mode.training ? norm.layer(conv.layer(input, mode), mode) : conv.scaled(input, norm.evaluation());
}

/** Declares `name.weight` and `name.bias`. Defaults are those of PyTorch. */
export function linear(
  tensors: NetworkTensors,
  name: string,
  spec: {
    readonly inputs: number;
    readonly outputs: number;
    readonly weight?: InitialRule;
    readonly bias?: InitialRule;
  },
): (input: Tensor2D) => Tensor2D {
  const { inputs, outputs, weight = torchDefault(inputs), bias = torchDefault(inputs) } = spec;
  const matrix = tensors.parameter<Tensor2D>(`${name}.weight`, [inputs, outputs], weight);
  const offset = tensors.parameter<Tensor1D>(`${name}.bias`, [outputs], bias);
  return (input) => tf.add(tf.matMul(input, matrix), offset);
}

/** The layers one after the other. */
export function chain(...layers: readonly Layer[]): Layer {
  return (input, mode) => layers.reduce((output, layer) => layer(output, mode), input);
}

export const relu: Layer = (input) => tf.relu(input);

/** Halves height and width. */
export const maxPool2: Layer = (input) => tf.maxPool(input, 2, 2, 'valid');

/** 3 × 3, stride 2, one zero around the image that counts in the mean, as in PyTorch. */
export const avgPool3Stride2: Layer = (input) => tf.avgPool(padForValid(input, 3, 2), 3, 2, 'valid');

/** The mean of each channel, `[batch, channels]`. */
export function globalAveragePool(input: Tensor4D): Tensor2D {
  return tf.mean(input, [1, 2]);
}

/**
 * Channel shuffle: channels as `groups` rows of equal length, transposed.
 * @see Zhang et al., "ShuffleNet", 2018, Fig. 1
 */
export function shuffleChannels(groups: number): Layer {
  if (groups === 1) return (input) => input;
  return (input) => {
    const [batch, height, width, channels] = input.shape;
    const grouped = tf.reshape(input, [batch * height * width, groups, channels / groups]);
    return tf.reshape(tf.transpose(grouped, [0, 2, 1]), [batch, height, width, channels]);
  };
}

function convolve(input: Tensor4D, filter: Tensor4D, spec: ConvSpec, bias: Tensor1D | null): Tensor4D {
  const { kernel, stride = 1, groups = 1 } = spec;
  const { x, pad } = padded(input, kernel, stride);
  if (groups === 1) return convolveGroup(x, filter, stride, pad, bias);
  if (groups === spec.inputs && groups === spec.outputs) {
    const perChannel = tf.reshape(filter, [kernel, kernel, groups, 1]) as Tensor4D;
    if (bias === null) return tf.depthwiseConv2d(x, perChannel, stride, pad);
    return tf.fused.depthwiseConv2d({ x, filter: perChannel, strides: stride, pad, bias });
  }
  const filters = tf.split<Tensor4D>(filter, groups, 3);
  const parts = tf
    .split<Tensor4D>(x, groups, 3)
    .map((part, group) => convolveGroup(part, filters[group]!, stride, pad, null));
  const convolved = tf.concat(parts, 3);
  return bias === null ? convolved : tf.add(convolved, bias);
}

function convolveGroup(
  x: Tensor4D,
  filter: Tensor4D,
  strides: number,
  pad: 'same' | 'valid',
  bias: Tensor1D | null,
): Tensor4D {
  return bias === null ? tf.conv2d(x, filter, strides, pad) : tf.fused.conv2d({ x, filter, strides, pad, bias });
}

/**
 * The input and the TensorFlow padding that together give PyTorch's. 'same' puts the odd row at the end where PyTorch
 * has as many at both ends. Explicit padding inside the convolution has no gradient in tfjs-node.
 */
function padded(x: Tensor4D, kernel: number, stride: number): { readonly x: Tensor4D; readonly pad: 'same' | 'valid' } {
  if (kernel === 1) return { x, pad: 'valid' };
  const [, height, width] = x.shape;
  const isSymmetric = (height - 1) % stride === 0 && (width - 1) % stride === 0;
  return isSymmetric ? { x, pad: 'same' } : { x: padForValid(x, kernel, stride), pad: 'valid' };
}

/** (kernel - 1) / 2 zeros before, and after as many of them as the last window reaches. */
function padForValid(x: Tensor4D, kernel: number, stride: number): Tensor4D {
  const before = (kernel - 1) / 2;
  const [, height, width] = x.shape;
  const ends = [height, width].map((size) => Math.max(before - ((size - 1) % stride), 0));
  return tf.pad(x, [
    [0, 0],
    [before, ends[0]!],
    [before, ends[1]!],
    [0, 0],
  ]);
}
