import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/** A loss of each row of logits, with its gradient in closed form. */
export interface RowLoss {
  /** `[batch]` float32. */
  readonly values: Tensor1D;
  /** Of each row's value with respect to that row's student logits, `[batch, classes]` float32. */
  readonly gradient: Tensor2D;
}

/**
 * The values of `evaluate`, `[batch]`, differentiable once with respect to the logits by the gradient that it gives.
 * Closed forms spare the backward pass through exponentials, where a clamp or a masked infinity becomes NaN.
 */
export function differentiable(logits: Tensor2D, evaluate: (logits: Tensor2D) => RowLoss): Tensor1D {
  const rows = tf.customGrad((input, save) => {
    const { values, gradient } = evaluate(input as Tensor2D);
    // tfjs types what it hands to a custom gradient as a list of arguments, the last being the function that saves.
    (save as tf.GradSaveFunc)([gradient]);
    return {
      value: values,
      gradFunc: (upstream: Tensor, saved: Tensor[]) => tf.mul(saved[0]!, tf.expandDims(upstream, -1)),
    };
  });
  return rows(logits) as Tensor1D;
}

/** A factor of every row: a number, or one for each, `[batch]`, treated as constants. */
export type RowFactor = number | Tensor1D;

/** The loss times a factor. Leaves its intermediate tensors to the caller's tidy scope. */
export function scaleRows({ values, gradient }: RowLoss, factor: RowFactor): RowLoss {
  if (typeof factor === 'number') return { values: tf.mul(values, factor), gradient: tf.mul(gradient, factor) };
  return { values: tf.mul(values, factor), gradient: tf.mul(gradient, tf.expandDims(factor, -1)) };
}

/** The sum of two losses of the same rows. Leaves its intermediate tensors to the caller's tidy scope. */
export function addRows(one: RowLoss, other: RowLoss): RowLoss {
  return { values: tf.add(one.values, other.values), gradient: tf.add(one.gradient, other.gradient) };
}
