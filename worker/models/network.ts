import type { Tensor, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Classifier, ClassifierShape } from './classifier.ts';
import { drawnValues, type InitialRule, type InitialValues } from './initial-values.ts';

/** Training normalises by the batch and updates the running statistics; evaluation uses the latter and changes nothing. */
export interface Mode {
  readonly training: boolean;
}

/** A step from feature maps to feature maps, `[batch, height, width, channels]` float32. Called inside a tidy scope. */
export type Layer = (input: Tensor4D, mode: Mode) => Tensor4D;

/**
 * Declares the tensors of a network under construction. Names are those of the PyTorch state dict of the published
 * weights. Convolution weights are `[height, width, in / groups, out]`, linear weights `[in, out]`.
 */
export interface NetworkTensors {
  /** A trainable tensor. */
  parameter<Kind extends Tensor>(name: string, shape: readonly number[], rule: InitialRule): Kind;
  /** A vector that gradients do not reach. */
  buffer(name: string, length: number, initial: number): Variable;
}

/** A network by its published name. */
export interface Architecture {
  readonly name: string;
  /** Declares every tensor once and returns the way from normalised images to logits `[batch, classes]`. */
  build(tensors: NetworkTensors, shape: ClassifierShape): (images: Tensor4D, mode: Mode) => Tensor2D;
}

/** Builds the network. Who calls it disposes it. */
export function createNetwork(
  architecture: Architecture,
  shape: ClassifierShape,
  initialValues: InitialValues,
): Classifier {
  const parameters = new Map<string, Variable>();
  const buffers = new Map<string, Variable>();
  const forward = architecture.build(
    {
      parameter: <Kind extends Tensor>(name: string, dims: readonly number[], rule: InitialRule) => {
        const length = dims.reduce((product, size) => product * size, 1);
        return declare(parameters, name, dims, initialValues(name, length, rule), true) as Tensor as Kind;
      },
      buffer: (name, length, initial) =>
        declare(buffers, name, [length], new Float32Array(length).fill(initial), false),
    },
    shape,
  );
  return {
    name: architecture.name,
    parameters: [...parameters.values()],
    parameterNames: [...parameters.keys()],
    buffers,
    forward: (images, mode) => tf.tidy(() => forward(images, mode)),
    dispose: () => tf.dispose([...parameters.values(), ...buffers.values()]),
  };
}

/** As `createNetwork`, with values drawn from `seed`. */
export function createSeededNetwork(architecture: Architecture, shape: ClassifierShape, seed: number): Classifier {
  return createNetwork(architecture, shape, drawnValues(seed));
}

function declare(
  declared: Map<string, Variable>,
  name: string,
  shape: readonly number[],
  values: Float32Array,
  trainable: boolean,
): Variable {
  const initial = tf.tensor(values, [...shape]);
  const variable = tf.variable(initial, trainable);
  initial.dispose();
  declared.set(name, variable);
  return variable;
}
