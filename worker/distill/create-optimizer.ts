import type { Variable } from '@tensorflow/tfjs-core';
import type { TrainingDefinition } from '../../core/task.ts';
import { createAdamW } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';
import { createSgd } from './sgd.ts';

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
