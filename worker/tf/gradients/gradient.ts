import type { GradConfig, NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

type Attributes = Readonly<Record<string, unknown>>;

interface Saved {
  /** Names of inputs that the gradient reads, in this order. */
  readonly inputs?: readonly string[];
  /** Whether it reads the kernel's output, which follows the inputs. */
  readonly output?: boolean;
}

/** The gradient of a kernel with one output: functions of the upstream gradient, per differentiable input. */
export function gradient<Attrs = Attributes>(
  kernelName: string,
  saved: Saved,
  of: (dy: Tensor, saved: readonly Tensor[], attrs: Attrs) => Record<string, () => Tensor>,
): GradConfig {
  return {
    kernelName,
    inputsToSave: [...(saved.inputs ?? [])],
    outputsToSave: saved.output === true ? [true] : [],
    gradFunc: (dy, tensors, attrs: NamedAttrMap) => of(dy as Tensor, tensors, attrs as unknown as Attrs),
  };
}

/** Sums a gradient over the axes along which an operand of `shape` was broadcast. */
export function sumToShape(upstream: Tensor, shape: readonly number[]): Tensor {
  const axes = tf.broadcast_util.getReductionAxes([...shape], upstream.shape);
  const summed = axes.length > 0 ? tf.sum(upstream, axes) : upstream;
  return tf.reshape(summed, [...shape]);
}

/** A float32 0 for every element: the gradient of what jumps or does not depend on its input. */
export function noGradient(of: Tensor): Tensor {
  return tf.zeros(of.shape, 'float32');
}
