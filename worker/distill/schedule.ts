import type { TrainingDefinition } from '../../core/task.ts';

/** Shares of the training after which `step` divides the rate by 10: 150, 180, 210 of the 240 epochs of the CIFAR recipe. */
const milestones = [0.625, 0.75, 0.875] as const;

/**
 * Learning rate of one step (from 0) of `totalSteps`, as a multiple of the base rate, in (0, 1]. `cosine` falls from 1
 * towards 0 along half a cosine, without restarts; it is updated every step.
 * @see Loshchilov and Hutter, "SGDR", 2017, equation 5
 */
export function rateFactor(schedule: TrainingDefinition['schedule'], step: number, totalSteps: number): number {
  const progress = step / totalSteps;
  switch (schedule) {
    case 'constant':
      return 1;
    case 'cosine':
      return (1 + Math.cos(Math.PI * progress)) / 2;
    case 'step':
      return 0.1 ** milestones.filter((milestone) => progress >= milestone).length;
  }
}
