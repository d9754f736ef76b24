/**
 * Kernels of ours for what training does most and tfjs takes many operations for. Every backend has them: its own, or
 * composed of tfjs's operations (`composed.ts`). `y` and `dy` are float32; the last axis is that of the channels.
 */
import type { NamedAttrMap, NamedTensorMap, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

export const BatchNormTrain = 'BatchNormTrain';
export const BatchNormTrainGrad = 'BatchNormTrainGrad';
export const ReluGrad = 'ReluGrad';
export const MomentumStep = 'MomentumStep';

export interface BatchNormTrainInputs<Kind = Tensor> {
  /** `[batch, height, width, channels]` */
  readonly x: Kind;
  /** `[channels]`, as `offset`. */
  readonly scale: Kind;
  readonly offset: Kind;
}

export interface BatchNormTrainGradInputs<Kind = Tensor> {
  /** Like x. */
  readonly dy: Kind;
  readonly x: Kind;
  readonly scale: Kind;
  /** What `batchNormTrain` gave, as `variance`. */
  readonly mean: Kind;
  readonly variance: Kind;
}

export interface BatchNormAttributes {
  /** Added to the variance, so that a channel without any can be divided by its root. */
  readonly epsilon: number;
}

export interface ReluGradInputs<Kind = Tensor> {
  readonly dy: Kind;
  /** What relu gave. */
  readonly y: Kind;
}

export interface MomentumStepInputs<Kind = Tensor> {
  /** All of one shape. */
  readonly parameter: Kind;
  readonly gradient: Kind;
  readonly velocity: Kind;
}

export interface MomentumStepAttributes {
  /** Learning rate. */
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/**
 * Over the n values of each channel in the batch, images and positions:
 *
 *     y = scale (x - mean) / sqrt(variance + epsilon) + offset,   variance = Σ (x - mean)² / n
 *
 * Differentiable in y; mean and variance count as constants.
 */
export function batchNormTrain(
  inputs: BatchNormTrainInputs,
  attributes: BatchNormAttributes,
): readonly [y: Tensor, mean: Tensor1D, variance: Tensor1D] {
  const [y, mean, variance] = run<[Tensor, Tensor1D, Tensor1D]>(BatchNormTrain, inputs, attributes);
  return [y, mean, variance];
}

/** With s = 1 / sqrt(variance + epsilon), x̂ = (x - mean) s: doffset = Σ dy, dscale = Σ dy x̂, dx = scale s (dy - (doffset + x̂ dscale) / n). */
export function batchNormTrainGrad(
  inputs: BatchNormTrainGradInputs,
  attributes: BatchNormAttributes,
): readonly [dx: Tensor, dscale: Tensor, doffset: Tensor] {
  return run<[Tensor, Tensor, Tensor]>(BatchNormTrainGrad, inputs, attributes);
}

/** dx = dy where y > 0, else 0. */
export function reluGrad(inputs: ReluGradInputs): Tensor {
  return run<Tensor>(ReluGrad, inputs, {});
}

/** g = gradient + weightDecay parameter; velocity' = momentum velocity + g; parameter' = parameter - lr velocity'. */
export function momentumStep(
  inputs: MomentumStepInputs,
  attributes: MomentumStepAttributes,
): readonly [parameter: Tensor, velocity: Tensor] {
  return run<[Tensor, Tensor]>(MomentumStep, inputs, attributes);
}

function run<Outputs extends Tensor | Tensor[]>(name: string, inputs: object, attributes: object): Outputs {
  return tf.engine().runKernel(name, inputs as NamedTensorMap, attributes as NamedAttrMap) as Outputs;
}
