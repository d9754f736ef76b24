import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Classifier, ClassifierShape } from './classifier.ts';
import { createParameterList, headGain, type ParameterList, reluGain } from './parameters.ts';

/** A convolution with bias and ReLU, padded to `ceil(size / stride)`. */
export interface ConvSpec {
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
}

/** A plain network for images of 28 to 64 pixels: convolutions, then one linear layer over all positions. */
export interface CnnSpec {
  readonly name: string;
  readonly convs: readonly ConvSpec[];
}

type Layer = (input: Tensor) => Tensor;

/** Builds the network with weights drawn from `seed`. */
export function createCnn(spec: CnnSpec, shape: ClassifierShape, seed: number): Classifier {
  const parameters = createParameterList(seed);
  const layers: Layer[] = [];
  let { imageSize: size, channels } = shape;
  for (const [index, conv] of spec.convs.entries()) {
    layers.push(convLayer(parameters, `conv${index + 1}`, channels, conv));
    channels = conv.filters;
    size = Math.ceil(size / conv.stride);
  }
  layers.push(linearLayer(parameters, 'head', size * size * channels, shape.classes));
  return {
    name: spec.name,
    parameters: parameters.variables,
    parameterNames: parameters.names,
    buffers: new Map(),
    forward: (images) => tf.tidy(() => layers.reduce<Tensor>((input, layer) => layer(input), images) as Tensor2D),
    dispose: () => tf.dispose([...parameters.variables]),
  };
}

function convLayer(parameters: ParameterList, name: string, channels: number, conv: ConvSpec): Layer {
  const { kernel, filters, stride } = conv;
  const weight = parameters.weight<Tensor4D>(`${name}.weight`, [kernel, kernel, channels, filters], reluGain);
  const bias = parameters.bias(`${name}.bias`, filters);
  return (input) => tf.relu(tf.add(tf.conv2d(input as Tensor4D, weight, stride, 'same'), bias));
}

function linearLayer(parameters: ParameterList, name: string, inputs: number, outputs: number): Layer {
  const weight = parameters.weight<Tensor2D>(`${name}.weight`, [inputs, outputs], headGain);
  const bias = parameters.bias(`${name}.bias`, outputs);
  return (input) => tf.add(tf.matMul(tf.reshape(input, [-1, inputs]), weight), bias);
}
