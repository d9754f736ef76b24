/** Gradients of sums, means, extremes and softmax. */
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { gradient } from './gradient.ts';

/** What tfjs passes: one axis, several, or none for all. */
type Axes = number | number[] | null | undefined;

/** A reduced tensor with the axes that it lost put back as 1, so that it broadcasts against the input. */
function restoreAxes(reduced: Tensor, axis: Axes, shape: readonly number[]): Tensor {
  const axes = tf.util.parseAxisParam(axis ?? shape.map((_, i) => i), [...shape]);
  return tf.reshape(
    reduced,
    shape.map((extent, i) => (axes.includes(i) ? 1 : extent)),
  );
}

/** Every element that equals the extreme gets the whole gradient, as in tfjs. */
function extreme(kernelName: string): GradConfig {
  return gradient<{ readonly reductionIndices?: Axes; readonly axis?: Axes }>(
    kernelName,
    { inputs: ['x'], output: true },
    (dy, [x, y], attrs) => ({
      x: () => {
        const axis = attrs.reductionIndices ?? attrs.axis;
        const isExtreme = tf.equal(x!, restoreAxes(y!, axis, x!.shape));
        return tf.mul(restoreAxes(dy, axis, x!.shape), tf.cast(isExtreme, 'float32'));
      },
    }),
  );
}

export const reductionGradients: readonly GradConfig[] = [
  gradient<{ readonly axis: Axes }>(tf.Sum, { inputs: ['x'] }, (dy, [x], { axis }) => ({
    x: () => tf.mul(restoreAxes(dy, axis, x!.shape), tf.ones(x!.shape)),
  })),
  gradient<{ readonly axis: Axes }>(tf.Mean, { inputs: ['x'] }, (dy, [x], { axis }) => ({
    x: () => tf.mul(restoreAxes(dy, axis, x!.shape), tf.fill(x!.shape, dy.size / x!.size)),
  })),
  extreme(tf.Max),
  extreme(tf.Min),
  gradient<{ readonly dim: number }>(tf.Softmax, { output: true }, (dy, [y], { dim }) => ({
    logits: () => {
      const weighted = tf.mul(dy, y!);
      return tf.sub(weighted, tf.mul(tf.sum(weighted, dim, true), y!));
    },
  })),
];
