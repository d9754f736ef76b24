import type { Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { momentumStep } from '../tf/training-kernels/kernels.ts';
import type { Optimizer } from './optimizer.ts';

/**
 * Stochastic gradient descent as PyTorch's `torch.optim.SGD` defines it: g += weightDecay w; v = momentum v + g, from
 * v = g at the first step; w -= learningRate v. Weight decay applies to every parameter, biases included.
 */
export function createSgd(
  parameters: readonly Variable[],
  { momentum, weightDecay }: { readonly momentum: number; readonly weightDecay: number },
): Optimizer {
  const velocities = parameters.map((parameter) => tf.tidy(() => tf.variable(tf.zerosLike(parameter), false)));
  return {
    state: new Map(velocities.map((velocity, index) => [`velocity.${index}`, velocity])),
    step: (gradients, learningRate) =>
      tf.tidy(() => {
        for (const [index, parameter] of parameters.entries()) {
          // From zero, momentum v + g is g at the first step.
          const velocity = velocities[index]!;
          const gradient = gradients[parameter.name]!;
          const [moved, velocityAfter] = momentumStep(
            { parameter, gradient, velocity },
            { lr: learningRate, momentum, weightDecay },
          );
          velocity.assign(velocityAfter);
          parameter.assign(moved);
        }
      }),
    dispose: () => tf.dispose(velocities),
  };
}
