/** Gradients of functions of one element. */
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { reluGrad } from '../training-kernels/kernels.ts';
import { gradient, noGradient } from './gradient.ts';

/** dx = dy f'(x). */
function ofInput(kernelName: string, slope: (x: Tensor, dy: Tensor) => Tensor): GradConfig {
  return gradient(kernelName, { inputs: ['x'] }, (dy, [x]) => ({ x: () => slope(x!, dy) }));
}

/** dx = dy f'(x), with f'(x) cheaper from y = f(x). */
function ofOutput(kernelName: string, slope: (y: Tensor, dy: Tensor) => Tensor): GradConfig {
  return gradient(kernelName, { output: true }, (dy, [y]) => ({ x: () => slope(y!, dy) }));
}

function constant(kernelName: string): GradConfig {
  return gradient(kernelName, {}, (dy) => ({ x: () => noGradient(dy) }));
}

export const elementwiseGradients: readonly GradConfig[] = [
  gradient(tf.Identity, {}, (dy) => ({ x: () => tf.clone(dy) })),
  gradient(tf.Cast, {}, (dy) => ({ x: () => tf.clone(dy) })),
  gradient(tf.Neg, {}, (dy) => ({ x: () => tf.neg(dy) })),
  ofInput(tf.Abs, (x, dy) => tf.mul(dy, tf.sign(x))),
  ofInput(tf.Square, (x, dy) => tf.mul(dy, tf.mul(x, 2))),
  ofInput(tf.Reciprocal, (x, dy) => tf.neg(tf.div(dy, tf.square(x)))),
  ofOutput(tf.Sqrt, (y, dy) => tf.div(dy, tf.mul(y, 2))),
  ofInput(tf.Rsqrt, (x, dy) => tf.neg(tf.div(dy, tf.mul(tf.mul(x, tf.sqrt(x)), 2)))),
  ofOutput(tf.Exp, (y, dy) => tf.mul(dy, y)),
  ofInput(tf.Expm1, (x, dy) => tf.mul(dy, tf.exp(x))),
  ofInput(tf.Log, (x, dy) => tf.div(dy, x)),
  ofInput(tf.Log1p, (x, dy) => tf.div(dy, tf.add(x, 1))),
  ofInput(tf.Sin, (x, dy) => tf.mul(dy, tf.cos(x))),
  ofInput(tf.Cos, (x, dy) => tf.neg(tf.mul(dy, tf.sin(x)))),
  ofOutput(tf.Sigmoid, (y, dy) => tf.mul(dy, tf.mul(y, tf.sub(1, y)))),
  ofOutput(tf.Tanh, (y, dy) => tf.mul(dy, tf.sub(1, tf.square(y)))),
  ofInput(tf.Softplus, (x, dy) => tf.mul(dy, tf.sigmoid(x))),
  ofInput(tf.Erf, (x, dy) => tf.mul(dy, tf.mul(tf.exp(tf.neg(tf.square(x))), 2 / Math.sqrt(Math.PI)))),
  // y is what the next layer keeps anyway; x need not be kept beside it.
  ofOutput(tf.Relu, (y, dy) => reluGrad({ dy, y })),
  ofInput(tf.Relu6, (x, dy) => tf.mul(dy, tf.mul(tf.step(x), tf.cast(tf.lessEqual(x, 6), 'float32')))),
  // For y > 0 the slope is 1, else y + 1.
  ofOutput(tf.Elu, (y, dy) => tf.mul(dy, tf.add(tf.minimum(y, 0), 1))),
  gradient<{ readonly alpha: number }>(tf.LeakyRelu, { inputs: ['x'] }, (dy, [x], { alpha }) => ({
    x: () => tf.where(tf.greater(x!, 0), dy, tf.mul(dy, alpha)),
  })),
  gradient<Bounds>(tf.ClipByValue, { inputs: ['x'] }, (dy, [x], { clipValueMin, clipValueMax }) => ({
    x: () => {
      const inside = tf.logicalAnd(tf.greaterEqual(x!, clipValueMin), tf.lessEqual(x!, clipValueMax));
      return tf.where(inside, dy, tf.zerosLike(dy));
    },
  })),
  ...[tf.Floor, tf.Ceil, tf.Round, tf.Sign, tf.Step, tf.ZerosLike, tf.OnesLike, tf.LogicalNot].map(constant),
];

interface Bounds {
  readonly clipValueMin: number;
  readonly clipValueMax: number;
}
