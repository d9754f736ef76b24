/** Gradients of functions of two tensors, either of which may have been broadcast, and of choices between them. */
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { gradient, noGradient, sumToShape } from './gradient.ts';

interface Slopes {
  readonly a: () => Tensor;
  readonly b: () => Tensor;
}

/** `of` gives dy df/da and dy df/db, each as large as dy. */
function pairwise(kernelName: string, of: (dy: Tensor, a: Tensor, b: Tensor) => Slopes): GradConfig {
  return gradient(kernelName, { inputs: ['a', 'b'] }, (dy, [a, b]) => {
    const slopes = of(dy, a!, b!);
    return { a: () => sumToShape(slopes.a(), a!.shape), b: () => sumToShape(slopes.b(), b!.shape) };
  });
}

/** A gradient that goes to `a` where `toA` holds and to `b` elsewhere. */
function toEither(kernelName: string, toA: (a: Tensor, b: Tensor) => Tensor): GradConfig {
  return pairwise(kernelName, (dy, a, b) => ({
    a: () => tf.mul(dy, tf.cast(toA(a, b), 'float32')),
    b: () => tf.mul(dy, tf.cast(tf.logicalNot(toA(a, b)), 'float32')),
  }));
}

/** Comparisons jump: a condition inside `where` carries no gradient to what was compared. */
function comparison(kernelName: string): GradConfig {
  return gradient(kernelName, { inputs: ['a', 'b'] }, (_, [a, b]) => ({
    a: () => noGradient(a!),
    b: () => noGradient(b!),
  }));
}

const comparisons = [
  tf.Equal,
  tf.NotEqual,
  tf.Less,
  tf.LessEqual,
  tf.Greater,
  tf.GreaterEqual,
  tf.LogicalAnd,
  tf.LogicalOr,
];

const power = gradient(tf.Pow, { inputs: ['a', 'b'], output: true }, (dy, [a, b, y]) => ({
  a: () => sumToShape(tf.mul(dy, tf.mul(b!, tf.pow(a!, tf.sub(b!, 1)))), a!.shape),
  // x ln x goes to 0 with x, and a negative base has no logarithm.
  b: () => sumToShape(tf.mul(dy, tf.mul(y!, tf.where(tf.greater(a!, 0), tf.log(a!), tf.zerosLike(a!)))), b!.shape),
}));

const select = gradient(tf.Select, { inputs: ['condition'] }, (dy, [condition]) => ({
  condition: () => noGradient(condition!),
  t: () => tf.where(condition!, dy, tf.zerosLike(dy)),
  e: () => tf.where(condition!, tf.zerosLike(dy), dy),
}));

const sumOfMany: GradConfig = {
  kernelName: tf.AddN,
  saveAllInputs: true,
  gradFunc: (dy, inputs) => Object.fromEntries(inputs.map((_, i) => [i, () => tf.clone(dy as Tensor)])),
};

export const pairwiseGradients: readonly GradConfig[] = [
  pairwise(tf.Add, (dy) => ({ a: () => dy, b: () => dy })),
  pairwise(tf.Sub, (dy) => ({ a: () => dy, b: () => tf.neg(dy) })),
  pairwise(tf.Multiply, (dy, a, b) => ({ a: () => tf.mul(dy, b), b: () => tf.mul(dy, a) })),
  pairwise(tf.RealDiv, (dy, a, b) => ({
    a: () => tf.div(dy, b),
    b: () => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  })),
  pairwise(tf.SquaredDifference, (dy, a, b) => ({
    a: () => tf.mul(dy, tf.mul(tf.sub(a, b), 2)),
    b: () => tf.mul(dy, tf.mul(tf.sub(b, a), 2)),
  })),
  toEither(tf.Maximum, tf.greaterEqual),
  toEither(tf.Minimum, tf.lessEqual),
  power,
  select,
  sumOfMany,
  ...comparisons.map(comparison),
];
