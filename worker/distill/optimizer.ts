import type { NamedTensorMap, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { TrainingDefinition } from '../../core/task.ts';
import { momentumStep } from '../tf/training-kernels/kernels.ts';
import { createAdamW } from './adamw.ts';

export interface Optimizer {
  /**
   * Everything that changes from step to step, each under a name that says which parameter it belongs to by its place:
   * `velocity.0`. Assigning saved values continues exactly where they were saved.
   */
  readonly state: ReadonlyMap<string, Variable>;
  /** Moves every parameter by its gradient, given under the variable's name. Disposes nothing of the caller's. */
  step(gradients: NamedTensorMap, learningRate: number): void;
  dispose(): void;
}

export type OptimizerSettings = Pick<TrainingDefinition, 'optimizer' | 'momentum' | 'weightDecay'>;

/** The optimizer of a training, over parameters in a fixed order. The caller disposes it. */
export function createOptimizer(parameters: readonly Variable[], settings: OptimizerSettings): Optimizer {
  switch (settings.optimizer) {
    case 'sgd':
      return createSgd(parameters, settings);
    case 'adamw':
      return createAdamW(parameters, settings);
  }
}

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
